"""The file of a plan, its rows and members, and all checks before anything runs."""
