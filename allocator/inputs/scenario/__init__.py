"""Policy and scenario files: layers, overrides, variants."""
