"""Trained networks at work: loading, evaluating, exporting, predicting."""

import os

# ONNX Runtime, as its makers build it, tells them over the network how it is used, and writes that down in
# the user's folders first. It asks this variable when it is imported, and a user who set it is obeyed.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
