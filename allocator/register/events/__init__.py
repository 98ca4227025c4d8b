"""What happens to a published plan: read, checked, and applied to the inputs."""
