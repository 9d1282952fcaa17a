"""Runs: their folders, names, data and records."""
