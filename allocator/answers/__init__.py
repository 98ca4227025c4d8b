"""Questions to one or several finished runs."""
