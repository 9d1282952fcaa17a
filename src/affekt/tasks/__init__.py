"""The tasks: one module each. No torch: what a task knows of losses, it names."""
