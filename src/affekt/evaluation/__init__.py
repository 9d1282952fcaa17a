"""Evaluation: scores with intervals, on which samples, and the files that it writes."""
