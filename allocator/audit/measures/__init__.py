"""One measure for each kind of rule, counted over named people."""
