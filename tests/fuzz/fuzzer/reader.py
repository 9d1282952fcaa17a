"""What a reader is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reader:
    """How a reader reads a path, and what is loaded before its first case."""

    read: Callable[[Path], Any]
    prepare: Callable[[], Any] = lambda: None
