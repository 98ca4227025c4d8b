"""Whole people: rounding, large neighbourhoods, and exact solution where the problem is small."""
