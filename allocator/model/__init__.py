"""The model: personal kinds decide which trajectories exist and what they owe, shared kinds couple them."""
