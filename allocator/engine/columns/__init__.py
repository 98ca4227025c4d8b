"""Column generation: a master over groups of people, columns by price."""
