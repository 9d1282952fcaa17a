"""Baselines on encoded modalities: a weak data set is seen before a network is trained."""
