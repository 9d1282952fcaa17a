"""The vocabulary every floor speaks: errors, labels, specs, samples, recipes, cards, the catalogue. No torch."""
