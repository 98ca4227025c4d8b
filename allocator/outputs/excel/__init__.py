"""The workbook writer that all folders share."""
