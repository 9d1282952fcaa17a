"""Members of a study as jobs of processes."""
