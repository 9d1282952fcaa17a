"""Import of collected records and of the media that belong to them."""
