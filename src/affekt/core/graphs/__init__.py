"""ONNX graphs as files: checked before any engine reads them, without the `onnx` package."""
