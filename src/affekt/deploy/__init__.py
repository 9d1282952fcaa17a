"""Deployment of trained networks: loading, export, prediction."""

import os

# Released builds of ONNX Runtime report their use over the network, and write files about it to the user's
# folders. This variable turns that off; it is read on import. A value that the user has set is kept.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
