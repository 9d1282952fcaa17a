"""Command lines for the next step, which a command prints: they can be pasted into the same shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any


def line(*words: Any) -> str:
    """A command line of the shell, quoted where needed.

    Example:
        >>> line("affekt", "evaluate", "my runs/a")
        "affekt evaluate 'my runs/a'"
    """
    return shlex.join(str(word) for word in words)


def without(changes: Sequence[str], key: str) -> list[str]:
    """Changes of a recipe but those of one value, which a command line states in another way.

    Example:
        >>> without(["seed=1", "train.epochs=3"], "seed")
        ['train.epochs=3']
    """
    return [text for text in changes if text.partition("=")[0].strip() != key]


def repeated(option: str, value: Any, *, default: Any = None, variable: str = "") -> list[str]:
    """An option with its value or values, as words of a command line; empty if it is the default.

    Args:
        variable: Environment variable that can give the value instead.

    Example:
        >>> repeated("--set", ["seed=1", "train.epochs=3"])
        ['--set', 'seed=1', '--set', 'train.epochs=3']
    """
    if value is None or value == default or (variable and str(value) == os.environ.get(variable)):
        return []
    return [word for one in (value if isinstance(value, list) else [value]) for word in (option, str(one))]
