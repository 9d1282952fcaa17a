"""Features that a data set ships in place of the media they were computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affekt.core.errors import MediaError


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Feature vectors of one modality of a sample, as a value of `Sample.media`.

    Attributes:
        values: (d,) float32, one vector for the sample, or (t, d) float32, one for each step in time.
        source: What computed them, as far as the data set states it, such as `openSMILE`.
        words: The transcript, where the modality is `text`; empty if there is none.

    Raises:
        MediaError: The values are not finite numbers of one or two axes, or there are none.
    """

    values: np.ndarray
    source: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim not in (1, 2) or not self.values.size:
            raise MediaError(
                f"features have the shape {self.values.shape}: expected (d,) or (t, d), not empty"
            )
        if not np.issubdtype(self.values.dtype, np.floating) or not np.isfinite(self.values).all():
            raise MediaError("features have to be finite floating-point numbers")

    @property
    def width(self) -> int:
        """Size d of a vector."""
        return self.values.shape[-1]


def words_of(medium: object) -> str:
    """The words of a value under `text` in `Sample.media`; empty if it has none."""
    if isinstance(medium, Features):
        return medium.words
    return medium if isinstance(medium, str) else ""
