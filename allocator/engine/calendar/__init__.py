"""What the dates allow before anything is chosen."""
