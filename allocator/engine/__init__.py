"""Solving: prices by column generation, plans block by block, dates, bounds."""
