"""`affekt project ratings`: one file for each command."""
