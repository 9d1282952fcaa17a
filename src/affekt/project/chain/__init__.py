"""The whole chain: which steps a project asks for, how far they are, and all of them in order."""
