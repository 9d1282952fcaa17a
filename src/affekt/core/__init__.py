"""The vocabulary every floor speaks: errors, labels, specs, samples, recipes, cards, catalogue. No torch."""
