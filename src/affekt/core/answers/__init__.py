"""From samples to predictions: batches, networks as functions of arrays, calibration."""
