"""Types that all packages share: errors, labels, specs, samples, recipes, cards, catalogue. Without torch."""
