"""Items to rate, for other tools; what these give back names the items by their ids."""
