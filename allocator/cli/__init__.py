"""One module for each command of the command line, and what they share; ``cli`` puts them together."""
