"""What no plan can beat, goal by goal."""
