"""The rooms: a folder a method, all with the same furniture. The catalogue reads the folder names."""
