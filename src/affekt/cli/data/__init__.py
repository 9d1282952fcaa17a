"""`affekt data`: one file for each command."""
