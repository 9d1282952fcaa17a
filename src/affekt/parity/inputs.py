"""The inputs of a case, drawn from their seeds as tensors."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from affekt.core.errors import UsageError
from affekt.parity.case import Case, draw_integers, draw_normal

NUMBER = r"([-+]?\d*\.?\d+(?:e[-+]?\d+)?)"


class DrawnInputs:
    """Inputs by name; a name that the case lacks is an error."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.entries = {entry["name"]: entry for entry in case.meta["inputs"]}

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self.entries:
            raise UsageError(f"{self.case.path} has no input {name!r}; it has {sorted(self.entries)}")
        return self.entries[name]

    def normal(self, name: str, shape: tuple[int, ...] | None = None) -> Tensor:
        """Normal values.

        Args:
            shape: In place of the case's, where that has sizes by name.
        """
        if self[name]["kind"] != "normal":
            raise UsageError(f"{self.case.path}: {name} of the kind {self[name]['kind']!r} cannot be drawn")
        return torch.from_numpy(draw_normal(self[name]["seed"], shape or tuple(self[name]["shape"])))

    def integers(self, name: str, **sizes: int) -> Tensor:
        """Whole numbers; limits by name, as in `[0,C)`, are given."""
        entry = self[name]
        kind = re.sub(r"[A-Za-z]\w*", lambda found: str(sizes.get(found[0], found[0])), entry["kind"])
        limits = re.search(r"\[(-?\d+), ?(-?\d+)\)", kind)
        if limits is None:
            raise UsageError(f"{self.case.path}: {name} of the kind {entry['kind']!r} cannot be drawn")
        low, high = int(limits[1]), int(limits[2])
        return torch.from_numpy(draw_integers(entry["seed"], low, high, tuple(entry["shape"])))

    def stated(self, pattern: str) -> float:
        """A number that the case's note states."""
        value = stated_number(pattern, self.case.meta["note"])
        if value is None:
            raise UsageError(f"{self.case.path}: its note does not state a number as in {pattern!r}")
        return value


def stated_number(pattern: str, text: str) -> float | None:
    """The number in the first group of a pattern; None where the text does not have it."""
    match = re.search(pattern, text)
    return float(match[1]) if match else None
