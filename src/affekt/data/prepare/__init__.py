"""Preparing: clips of a data set are decoded once, into a store that training reads fast."""
