"""Networks to bundles. Needs torch."""
