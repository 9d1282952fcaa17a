"""Seeds and folds as a command line states them."""

from __future__ import annotations

import re

from affekt.core.errors import UsageError

ALL_FOLDS = "all"
MOST_SEEDS = 1000
_SEEDS = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?")


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds that are separated by commas; `0-4` is a range, its ends included.

    Raises:
        UsageError: It is something else, a seed is given twice, or there are more than 1000.

    Example:
        >>> read_seeds("0,1,2"), read_seeds("0-2,7")
        ((0, 1, 2), (0, 1, 2, 7))
    """
    found: list[int] = []
    for part in text.split(","):
        match = _SEEDS.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last >= 2**32 or last - first >= MOST_SEEDS:
            raise UsageError(f"--seeds {text}: write seeds as in 0,1,2 or 0-4")
        found += range(first, last + 1)
    if repeated := sorted({seed for seed in found if found.count(seed) > 1}):
        raise UsageError(f"--seeds {text}: {repeated[0]} is given twice")
    if len(found) > MOST_SEEDS:
        raise UsageError(f"--seeds {text}: {len(found)} seeds, at most {MOST_SEEDS} are trained at a time")
    return tuple(found)


def read_folds(text: str, *, usual: int) -> int:
    """The number of folds, each of which is trained: `all` of those that the recipe states, or a number.

    Args:
        usual: `split.folds` of the recipe.

    Raises:
        UsageError: It is neither.

    Example:
        >>> read_folds("all", usual=5), read_folds("3", usual=5)
        (5, 3)
    """
    if text == ALL_FOLDS:
        return usual
    if not text.isascii() or not text.isdigit() or int(text) < 2:
        raise UsageError(
            f"--folds {text}: write all, for the {usual} that split.folds states, or a number from 2"
        )
    return int(text)
