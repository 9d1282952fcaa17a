"""All operators: reading this module registers them."""

from __future__ import annotations

from . import elementwise, quantized, reductions, shapes, windows
from .registry import OPERATORS as OPERATORS

MODULES = (elementwise, quantized, reductions, shapes, windows)
