"""From a face image to the array of the network: grey, small, with zero mean and unit deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.faces import FaceCrop
from affekt.media.image import image_of, resize, to_grey
from affekt.media.image.face_crop import note_if_no_crop
from affekt.media.image.views import erased, mirrored, moved

from .config import CompactFaceConfig

# As in FER2013: medians of the landmarks of CenterFace in training faces, made symmetric and 6 % larger. That
# and rotating faces upright were best on validation faces (benchmarks/results/face_crops.md). For a network
# that was trained on other crops, cut the faces of photos like those, and predict with `faces="whole"`.
FACE_CROP = FaceCrop(
    points=((0.313, 0.405), (0.687, 0.405), (0.5, 0.602), (0.348, 0.768), (0.652, 0.768)),
    turned=True,
    least_px=17,
    trusted_px=32,
)
LEAST_CONTRAST = 0.05  # lower limit of the deviation, so that noise is not amplified; grey levels in [0, 1]


class CompactFacePreprocess:
    """Samples with an `image` that is a face crop.

    Faces are found and cut before, where `predict` is given photos (`affekt.deploy.runtime.faces`). An image
    whose size or aspect ratio is not that of a crop gets a note.
    """

    face_crop = FACE_CROP

    def __init__(self, config: CompactFaceConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="image",
                    axes="b c h w",
                    shape=(1, config.size, config.size),
                    meaning="grey face crop; mean 0 and standard deviation 1 over the image",
                ),
            )
        )

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: each image is scaled separately."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The face, and its mirror image if the config says so.

        Raises:
            MediaError: The image cannot be read.
        """
        grey = self._grey(sample)
        faces = [grey, mirrored(grey)] if self.config.mirror_views else [grey]
        return [{"image": _scaled(face)} for face in faces]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The array of one face; with `rng` a varied training view.

        Raises:
            MediaError: The image cannot be read.
        """
        grey = self._grey(sample)
        if rng is None:
            return {"image": _scaled(grey)}
        augment = self.config.augment
        if augment.mirror and rng.random() < 0.5:
            grey = mirrored(grey)
        grey = moved(grey, rng, turn_deg=augment.turn_deg, stretch=augment.stretch, shift=augment.shift)
        contrast, brightness = augment.light * rng.uniform(-1, 1, 2)
        face = _scaled(grey) * np.float32(1 + contrast) + np.float32(brightness)
        return {"image": erased(face, rng, chance=augment.erase, area=augment.erase_area)}

    def _grey(self, sample: Sample) -> np.ndarray:
        pixels, size = image_of(sample), self.config.size
        note_if_no_crop(pixels, size)
        grey = to_grey(pixels)
        return grey if grey.shape == (size, size) else resize(grey, size, size)


def _scaled(grey: np.ndarray) -> np.ndarray:
    """(1, h, w) float32 of mean 0 and deviation 1, from uint8 (h, w)."""
    face = np.ascontiguousarray(grey, np.float32) / 255
    return ((face - face.mean()) / max(float(face.std()), LEAST_CONTRAST))[None]
