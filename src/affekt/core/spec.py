"""The inputs of a network: named arrays with axes, shapes and units, and how rows become a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from affekt.core.errors import AffektError, MediaError
from affekt.core.settings import Settings


class TensorSpec(Settings):
    """One named array.

    Attributes:
        name: Keyword of the model's `forward`, name of the graph's input, key of the server's JSON.
        axes: Axis letters of the style guide, as in `b c t v m`; the first is the batch.
        shape: Sizes of all axes but the batch; None where any size is allowed.
        meaning: Unit, origin, order: what is needed to fill the array.
        modality: What the array is made from, if a method takes several: `video`, `audio`.
        padding: Value that fills rows up to the longest of a batch; None if all rows must have one size.
        pad_side: Side on which padding is added.
        high: Integers lie in [0, high), as the ids of a vocabulary do.
        optional: Whether it may be missing with its modality; it is then filled with `padding` or 0.
        mask: Whether it marks the positions that are real (1); example batches then hold ones.
    """

    name: str
    axes: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    meaning: str = ""
    modality: str = ""
    padding: float | None = None
    pad_side: Literal["right", "left"] = "right"
    high: int | None = None
    optional: bool = False
    mask: bool = False

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
        if self.high is not None and array.size and not 0 <= array.min() <= array.max() < self.high:
            raise AffektError(
                f"{self.name} must lie in 0 to {self.high - 1}, found {array.min()} to {array.max()}"
            )

    def stack(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Rows as a batch; open axes are padded to the longest row.

        Raises:
            AffektError: Rows differ in size and the spec has no padding for them.
        """
        if all(row.shape == rows[0].shape for row in rows):
            return np.stack(rows)
        if self.padding is None:
            sizes = sorted({row.shape for row in rows})
            raise AffektError(
                f"{self.name} has rows of different sizes ({sizes[0]} and {sizes[-1]}), and no padding: "
                "set `padding` in its TensorSpec, or use batches of one sample (train.batch_size = 1)"
            )
        longest = tuple(max(sizes) for sizes in zip(*(row.shape for row in rows), strict=True))
        batch = np.full((len(rows), *longest), self.padding, rows[0].dtype)
        for place, row in zip(batch, rows, strict=True):
            place[tuple(self._kept(size, whole) for size, whole in zip(row.shape, longest, strict=True))] = (
                row
            )
        return batch

    def example(self, rng: np.random.Generator, rows: int, open_size: int | Mapping[str, int]) -> np.ndarray:
        """A batch of random values: ids below `high`, ones for masks, otherwise normally distributed.

        Args:
            open_size: Size of axes of any size; or one for each letter of such an axis.
        """
        letters = self.axes.split()[1:]
        shape = (
            rows,
            *(
                size or (open_size if isinstance(open_size, int) else open_size[letter])
                for size, letter in zip(self.shape, letters, strict=True)
            ),
        )
        if self.mask:
            return np.ones(shape, self.dtype)
        if np.dtype(self.dtype).kind in "iu":
            return rng.integers(0, self.high or 2, shape).astype(self.dtype)
        return rng.standard_normal(shape).astype(self.dtype)

    def absent(self) -> np.ndarray:
        """Stand-in for a missing modality; open axes have size 1."""
        return np.full([size or 1 for size in self.shape], self.padding or 0, self.dtype)

    def _kept(self, size: int, whole: int) -> slice:
        return slice(0, size) if self.pad_side == "right" else slice(whole - size, whole)


class InputSpec(Settings):
    """The arrays of one item: inputs of the network, and further targets for training.

    Attributes:
        presence: Name of an input (m,) that says which of `modalities` an item has, 1 or 0 each, in their
            order; empty where items have all of them.
    """

    inputs: tuple[TensorSpec, ...]
    targets: tuple[TensorSpec, ...] = ()
    presence: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(spec.name for spec in self.inputs)

    @property
    def takes_subsets(self) -> bool:
        """Whether an item may lack modalities."""
        return any(spec.optional for spec in self.inputs)

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities of the inputs, each once."""
        return tuple(dict.fromkeys(spec.modality for spec in self.inputs if spec.modality))

    def modality(self, card: str) -> str:
        """The modalities of a method, such as `video+audio`; `card` if its inputs state none."""
        return "+".join(self.modalities) or card

    def given(self, arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
        """Modalities of which one item has inputs, before `complete`."""
        there = {spec.modality for spec in self.inputs if spec.name in arrays}
        return tuple(name for name in self.modalities if name in there)

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Check one item's inputs.

        Raises:
            AffektError: An input is missing or does not fit.
        """
        for spec in self.inputs:
            if spec.name not in arrays:
                raise AffektError(f"input {spec.name!r} is missing; found {sorted(arrays)}")
            spec.check(arrays[spec.name])

    def complete(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One item with stand-ins for missing modalities, and the input that says which are present.

        An item that is complete already stays as it is.

        Raises:
            MediaError: Every modality is missing.
        """
        if not self.takes_subsets or (self.presence and self.presence in arrays):
            return dict(arrays)
        there = self.given(arrays)
        if not there:
            raise MediaError(f"none of {', '.join(self.modalities)} is present")
        missing = {
            spec.name: spec.absent() for spec in self.inputs if spec.optional and spec.name not in arrays
        }
        if self.presence:
            flags = [float(name in there) for name in self.modalities]
            missing[self.presence] = np.array(flags, np.float32)
        return {**arrays, **missing}

    def example(
        self, rng: np.random.Generator, rows: int, open_size: int | Mapping[str, int]
    ) -> dict[str, np.ndarray]:
        """A batch of random inputs (`TensorSpec.example`).

        The first item has all modalities, further ones have random subsets.
        """
        batch = {spec.name: spec.example(rng, rows, open_size) for spec in self.inputs}
        if self.presence:
            flags = batch[self.presence]
            flags[:] = rng.integers(0, 2, flags.shape)
            flags[np.arange(rows), rng.integers(0, flags.shape[1], rows)] = 1  # at least one
            flags[0] = 1
        return batch

    def stack(self, rows: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Stack items as a batch: the inputs, and the targets that all items have.

        Raises:
            AffektError: Rows differ in size where the spec has no padding.
        """
        targets = [spec for spec in self.targets if all(spec.name in row for row in rows)]
        return {spec.name: spec.stack([row[spec.name] for row in rows]) for spec in (*self.inputs, *targets)}
