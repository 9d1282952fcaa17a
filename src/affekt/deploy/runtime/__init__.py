"""The torch-free runtime: bundles to predictions."""
