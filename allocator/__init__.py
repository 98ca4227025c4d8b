"""Quota allocation optimizer: who attends which training and when."""
