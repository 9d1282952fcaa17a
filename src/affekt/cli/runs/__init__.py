"""`affekt runs`: the runs in a folder, and how two of them differ."""
