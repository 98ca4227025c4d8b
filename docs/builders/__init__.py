"""What the generated pages of the handbook count; run by the scripts beside this folder."""
