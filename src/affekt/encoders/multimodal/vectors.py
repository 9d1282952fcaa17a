"""Vectors that a data set ships in place of media, standardised by the training part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from affekt.core.claims.measured import measured_vector
from affekt.core.errors import DataError, MediaError
from affekt.core.sample import Sample
from affekt.core.spec import TensorSpec
from affekt.encoders.multimodal.encodings import FeaturesEncoder
from affekt.media.features import Features

_LEAST = 1e-6  # of a standard deviation: a value that never changes is only shifted


class VectorsInput:
    """One vector of a modality.

    Args:
        modality: Its name in `Sample.media`.
        width: Values of a vector.
        state: `mean` and `deviation` of each value; None before they are measured.
    """

    def __init__(
        self,
        encoder: FeaturesEncoder,
        modality: str,
        width: int,
        state: Mapping[str, Any] | None = None,
        *,
        optional: bool = False,
    ) -> None:
        self.encoder, self.modality, self.width = encoder, modality, width
        self._mean = (measured_vector(state, "mean", width) if state else np.zeros(width)).astype(np.float32)
        self._deviation = (measured_vector(state, "deviation", width) if state else np.ones(width)).astype(
            np.float32
        )
        self.spec = TensorSpec(
            name=f"{modality}_vector",
            axes="b d",
            shape=(width,),
            meaning=f"features of {modality} ({encoder.pooling} over time), mean 0, variance 1 in training",
            modality=modality,
            optional=optional,
        )

    def has(self, sample: Sample) -> bool:
        """Whether a sample has features of the modality."""
        return isinstance(sample.media.get(self.modality), Features)

    def fit(self, samples: Sequence[Sample]) -> dict[str, list[float]]:
        """Mean and standard deviation of each value.

        Raises:
            DataError: No training sample has these features, or they have another width.
        """
        vectors = [self._pooled(sample) for sample in samples if self.has(sample)]
        if not vectors:
            raise DataError(
                f"none of {len(samples)} training samples has features of {self.modality}: leave it out "
                "of config.encoders, or take data that ship them"
            )
        widths = sorted({len(vector) for vector in vectors})
        if widths != [self.width]:
            raise DataError(
                f"features of {self.modality} have {', '.join(map(str, widths))} values, the config says "
                f"{self.width}: set config.features"
            )
        stacked = np.stack(vectors).astype(np.float64)
        deviation = stacked.std(axis=0)
        deviation = np.where(deviation < _LEAST, 1.0, deviation)
        return {"mean": stacked.mean(axis=0).tolist(), "deviation": deviation.tolist()}

    def __call__(self, sample: Sample) -> np.ndarray:
        """The standardised vector of a sample that has it.

        Raises:
            MediaError: It has none, or one of another width.
        """
        vector = self._pooled(sample)
        if len(vector) != self.width:
            raise MediaError(
                f"{sample.id}: features of {self.modality} have {len(vector)} values, not {self.width}"
            )
        return ((vector - self._mean) / self._deviation).astype(np.float32)

    def _pooled(self, sample: Sample) -> np.ndarray:
        found = sample.media.get(self.modality)
        if not isinstance(found, Features):
            given = "none" if found is None else f"a {type(found).__name__}"
            raise MediaError(
                f"{sample.id}: the network reads feature vectors of {self.modality}, and there is {given}"
            )
        values = found.values
        if values.ndim == 1:
            return values
        return values[-1] if self.encoder.pooling == "last" else values.mean(axis=0)
