"""Attendances to dated sessions."""
