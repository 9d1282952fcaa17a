"""`affekt project`: one file for each command."""
