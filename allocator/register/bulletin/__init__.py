"""The bulletin: how far units have filled their seats in a year or quarter, and how the policy's indicators stand."""
