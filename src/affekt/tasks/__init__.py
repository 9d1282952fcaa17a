"""The tasks, one module each. They do not import torch: a task gives its loss by name."""
