"""Spreadsheets, CSV and Parquet files to typed columns."""
