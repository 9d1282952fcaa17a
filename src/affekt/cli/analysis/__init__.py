"""Commands that analyze media, and the models that they use."""
