"""Trained networks at work: loading, evaluating, exporting, predicting."""
