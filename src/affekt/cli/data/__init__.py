"""`affekt data`: one file a command."""
