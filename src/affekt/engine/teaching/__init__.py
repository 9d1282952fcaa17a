"""A trained network that another one learns from, and its answers, which are computed once."""
