"""Linear and integer programs and flows: arrays in, solution out."""
