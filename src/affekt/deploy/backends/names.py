"""The names of engines and precisions, as commands and functions take them."""

from __future__ import annotations

from typing import Literal, get_args

Engine = Literal["onnxruntime", "openvino", "jittor"]
Backend = Literal["auto", "onnxruntime", "openvino", "jittor"]
Precision = Literal["f32", "bf16"]

BACKENDS: tuple[str, ...] = get_args(Backend)
PRECISIONS: tuple[str, ...] = get_args(Precision)
