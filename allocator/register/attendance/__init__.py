"""Attendance: the name list that comes back from the host, what it makes of each seat, and what can be made up."""
