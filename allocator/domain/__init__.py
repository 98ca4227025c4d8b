"""What the problem is: frozen records, without arithmetic."""
