"""Comparison of a network's outputs with those of its reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from affekt.core import catalog
from affekt.parity.case import Case


@dataclass(frozen=True)
class Comparison:
    """One output and the reference's.

    With `relative_to_max`, differences are divided by the largest reference value of the array: for outputs
    whose small entries are differences of large ones. An output `for_information` only has to have the shape
    of the reference's: for values that depend on a choice of the reference's numerical library.
    """

    name: str
    actual: np.ndarray
    expected: np.ndarray
    rtol: float = 1e-4
    atol: float = 1e-5
    relative_to_max: bool = False
    for_information: bool = False

    @property
    def same_shape(self) -> bool:
        """Whether the two arrays have the same shape."""
        return np.shape(self.actual) == np.shape(self.expected)

    @cached_property
    def max_abs(self) -> float:
        """Largest absolute difference."""
        if not self.same_shape:
            return float("inf")
        difference = np.abs(np.asarray(self.actual, float) - np.asarray(self.expected, float))
        return float(np.max(difference, initial=0.0))

    @cached_property
    def max_rel(self) -> float:
        """Largest difference relative to the reference value, or to the array's maximum."""
        if not self.same_shape:
            return float("inf")
        expected = np.abs(np.asarray(self.expected, float))
        scale = np.full_like(expected, expected.max(initial=0.0)) if self.relative_to_max else expected
        difference = np.abs(np.asarray(self.actual, float) - np.asarray(self.expected, float))
        return float(np.max(difference / np.maximum(scale, 1e-12), initial=0.0))

    @cached_property
    def ok(self) -> bool:
        """Whether the two agree within tolerance; NaN never agrees."""
        if not self.same_shape or self.for_information:
            return self.same_shape
        if self.relative_to_max:
            return self.max_rel <= self.rtol
        return np.allclose(self.actual, self.expected, rtol=self.rtol, atol=self.atol)


def compare(method: str, case: Path, keys: Path | None = None) -> list[Comparison]:
    """Compare every output of a case with the reference's.

    Args:
        method: Name of the method, or of its folder of cases.
        keys: Names and shapes of the reference weights; by default `keys.json` in the folder of the case.

    Raises:
        UsageError: The method is unknown, or the file is not a case of it.
    """
    return list(catalog.method(method).load("parity")(Case.open(case, keys)))
