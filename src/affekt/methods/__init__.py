"""The methods: one folder each, all with the same files. The catalogue reads the folder names."""
