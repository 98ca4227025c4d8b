"""Tests of what the dates allow before anything is chosen."""
