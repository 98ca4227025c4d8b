"""Forms for users: the workbook to fill in, the files beside it, and schemas for editors."""
