"""All operators: reading this module registers them."""

from __future__ import annotations

from . import draws, elementwise, quantized, reductions, sequences, shapes, windows
from .registry import OPERATORS as OPERATORS

MODULES = (draws, elementwise, quantized, reductions, sequences, shapes, windows)
