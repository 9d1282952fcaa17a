"""CenterFace (Xu et al., 2020): faces with five landmarks, without anchors.

The network gives a heat map of the centres of faces at a quarter of the picture's size, and for each cell the
size of the face, the offset of its centre, and five landmarks relative to its box.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affekt.assets.places import asset_file
from affekt.core.errors import UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.media.detection.detector import LANDMARKS, Detections, kept
from affekt.media.detection.free_sizes import with_free_sizes
from affekt.media.detection.network import Network
from affekt.media.image import resize

ASSET, FILE = "centerface", "centerface.onnx"
INPUT, OUTPUTS = "input.1", ("537", "538", "539", "540")  # names in the file of the package
STRIDE = 4  # pixels of a cell
MULTIPLE = 32  # of which the sides of the picture are
OVERLAP = 0.3  # published: of boxes that overlap more, one is kept
_VERSION = 1  # of the code here, as far as boxes depend on it


class CenterFace:
    """CenterFace in ONNX Runtime.

    Args:
        confidence: The lowest score of a face.
        longest_px: Larger pictures are reduced to this longer side. Faces of about 22 pixels and more in the
            reduced picture are found.

    Raises:
        MissingAsset: The network is not on this computer.
        AssetError: It is damaged.
    """

    name = "centerface"

    def __init__(self, *, confidence: float = 0.5, longest_px: int = 640, threads: int | None = None) -> None:
        if not (0 < confidence <= 1 and longest_px >= MULTIPLE):
            raise UsageError(
                f"confidence must be above 0 and at most 1, longest_px at least {MULTIPLE}; "
                f"found {confidence} and {longest_px}"
            )
        model = Path(asset_file(ASSET, FILE)).read_bytes()
        self._network = Network(with_free_sizes(model), self.name, threads)
        self._confidence, self._longest_px = confidence, longest_px
        self.digest = fingerprint(self.name, _VERSION, model, confidence, longest_px, OVERLAP)

    def detect(self, frame: np.ndarray) -> Detections:
        height, width = frame.shape[:2]
        scale = min(1.0, self._longest_px / max(height, width))
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        picture = frame if (rows, columns) == (height, width) else resize(frame, rows, columns)
        # The picture keeps its aspect: black is added at the right and at the bottom.
        padded = np.zeros((1, 3, _up(rows), _up(columns)), np.float32)
        padded[0, :, :rows, :columns] = picture.transpose(2, 0, 1)
        heat, size, offset, points = self._network({INPUT: padded}, OUTPUTS)
        boxes, scores, landmarks = _decode(heat[0, 0], size[0], offset[0], points[0], self._confidence)
        back = np.array([width / columns, height / rows], np.float32)
        return kept(
            boxes * np.tile(back, 2),
            scores,
            landmarks * back,
            size=(height, width),
            confidence=self._confidence,
            overlap=OVERLAP,
        )


def _up(pixels: int) -> int:
    return -(-pixels // MULTIPLE) * MULTIPLE


def _decode(
    heat: np.ndarray, size: np.ndarray, offset: np.ndarray, points: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (n, 4), scores (n,) and landmarks (n, 5, 2) of the cells that are sure enough.

    In all maps the value of rows comes before that of columns.
    """
    rows, columns = np.nonzero(heat >= confidence)
    height, width = np.exp(size[:, rows, columns]) * STRIDE
    centre_y = (rows + offset[0, rows, columns] + 0.5) * STRIDE
    centre_x = (columns + offset[1, rows, columns] + 0.5) * STRIDE
    left, top = centre_x - width / 2, centre_y - height / 2
    relative = points[:, rows, columns].reshape(LANDMARKS, 2, -1)
    x = relative[:, 1] * width + left
    y = relative[:, 0] * height + top
    boxes = np.stack([left, top, left + width, top + height], axis=1)
    return boxes, heat[rows, columns], np.stack([x, y], axis=2).transpose(1, 0, 2)
