"""What a network takes in: named arrays with axes, shapes and units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from affekt.core.errors import AffektError
from affekt.core.settings import Settings


class TensorSpec(Settings):
    """One named array.

    Attributes:
        name: Keyword of the model's `forward`, name of the graph's input, key of the server's JSON.
        axes: Axis letters of the house style, as in `b c t v m`; the first is the batch.
        shape: Sizes of all axes but the batch; None where any size goes.
        meaning: Unit, origin, order: what a person must know to fill it.
        modality: What it is made from, where a method takes several: `video`, `audio`.
    """

    name: str
    axes: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    meaning: str = ""
    modality: str = ""

    def check(self, array: np.ndarray) -> None:
        """Refuse an array (without batch axis) of the wrong size or with values that are not finite.

        Raises:
            AffektError: Naming the array, what was expected and what was found.
        """
        fits = len(array.shape) == len(self.shape) and all(
            want is None or want == size for want, size in zip(self.shape, array.shape, strict=True)
        )
        if not fits:
            axes = " ".join(self.axes.split()[1:])
            raise AffektError(
                f"{self.name} must have shape {self.shape} ({axes}), found {tuple(array.shape)}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise AffektError(f"{self.name} holds NaN or infinite values")


class InputSpec(Settings):
    """The arrays of one item: what the network is called with, and what training needs beside it."""

    inputs: tuple[TensorSpec, ...]
    targets: tuple[TensorSpec, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(spec.name for spec in self.inputs)

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the inputs are made from, where they say so."""
        return tuple(dict.fromkeys(spec.modality for spec in self.inputs if spec.modality))

    def modality(self, card: str) -> str:
        """What a method stands on, such as `video+audio`; what its card says where the inputs do not."""
        return "+".join(self.modalities) or card

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Check one item's inputs.

        Raises:
            AffektError: An input is missing or does not fit.
        """
        for spec in self.inputs:
            if spec.name not in arrays:
                raise AffektError(f"input {spec.name!r} is missing; found {sorted(arrays)}")
            spec.check(arrays[spec.name])
