"""Papers: what a version of the plan needs to be told, to whom, and what of it was told before."""
