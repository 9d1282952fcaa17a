"""From a face image to the array of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.faces import FaceCrop
from affekt.media.image import image_of, resize
from affekt.media.image.face_crop import note_if_no_crop
from affekt.media.image.views import erased, mirrored

from .config import PosterV2Config

# Of ImageNet, RGB in [0, 1], as for the published weights.
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
# The places to which faces are aligned for networks such as the pretrained IR-50 branch (ArcFace, Deng et
# al., 2019, in shares of 112 pixels, made symmetric). Faces of RAF-DB are aligned by a similarity as well, to
# places that are not published, and could not be measured, because the data are not free. The sizes are those
# of `compact_face`, whose crop is of the same tightness.
FACE_CROP = FaceCrop(
    points=((0.343, 0.461), (0.657, 0.461), (0.5, 0.6405), (0.370, 0.824), (0.630, 0.824)),
    turned=True,
    least_px=17,
    trusted_px=32,
)


class PosterV2Preprocess:
    """Samples with an `image` that is an aligned face crop.

    Faces are found, aligned and cut before, where `predict` is given photos (`affekt.deploy.runtime.faces`).
    An image whose size or aspect ratio is not that of a crop gets a note.
    """

    face_crop = FACE_CROP

    def __init__(self, config: PosterV2Config, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        side = config.size
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="image",
                    axes="b c h w",
                    shape=(3, side, side),
                    meaning="RGB face crop, stretched to a square; ImageNet mean 0 and deviation 1",
                ),
            )
        )

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: mean and deviation are ImageNet's."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The face, as one view.

        Raises:
            MediaError: The image cannot be read.
        """
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The array of one face; with `rng` a varied training view.

        Raises:
            MediaError: The image cannot be read.
        """
        pixels = image_of(sample)
        note_if_no_crop(pixels, self.config.size)
        face = self.square(pixels)
        if rng is None:
            return {"image": self._sampled(normalised(face))}
        augment = self.config.augment
        if augment.mirror and rng.random() < 0.5:
            face = mirrored(face)
        blanked = erased(
            normalised(face), rng, chance=augment.erase, area=augment.erase_area, ratio=augment.erase_ratio
        )
        return {"image": self._sampled(blanked)}

    def square(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels in the size before sampling: (s, s, 3)."""
        side = self.config.size * (2 if self.config.sampling == "nearest" else 1)
        return pixels if pixels.shape == (side, side, 3) else resize(pixels, side, side)

    def _sampled(self, face: np.ndarray) -> np.ndarray:
        # parity: three of four pixels are not used. The reference does this in both branches of the network.
        return np.ascontiguousarray(face[:, ::2, ::2]) if self.config.sampling == "nearest" else face


def normalised(pixels: np.ndarray) -> np.ndarray:
    """(3, h, w) float32 from (h, w, 3) uint8; the mean colour is zero."""
    scaled = (pixels.astype(np.float32) / 255 - MEAN) / STD
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))
