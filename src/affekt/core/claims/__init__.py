"""What files state of a trained network: claims, checked before they are used."""
