"""Closing a year: what was attended becomes history, what was missed falls due, and the years that follow are ready to be planned."""
