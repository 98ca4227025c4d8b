"""Planning again from a published plan, with as few changes as can be."""
