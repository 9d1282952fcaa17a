"""What `project.toml` states: a module for each table of the file."""
