"""`affekt assets`: one file for each command."""
