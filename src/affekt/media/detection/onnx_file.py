"""Any detector in an ONNX file that follows this convention.

Input, one: the picture in RGB, values 0 to 255, as (1, 3, h, w) float32 or (1, h, w, 3) uint8. The first
size is 1 or free; h and w are numbers, or both are free. A picture is scaled to fit and keeps its aspect;
black is added at the right and at the bottom.

Outputs, by name; a first axis of size 1 is allowed:

- `boxes` (n, 4) float32: left, top, right, bottom in pixels of the input;
- `scores` (n,) float32: 0 to 1;
- `labels` (n,) integer, if it has several classes: the settings then state the one that is kept (`label`);
- `landmarks` (n, 5, 2) float32, optional: eyes, nose, corners of the mouth in pixels of the input.

The file holds all of its values and uses operators of the ONNX standard only (opset 7 or later), and no loops
(`affekt.core.graphs.check`).

Boxes may overlap: those of one thing are joined. Detectors of torchvision are exported in this form, apart
from their values of 0 to 1; other networks need a few operators at their ends.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.media.detection.detector import LANDMARKS, Detections, kept
from affekt.media.detection.network import Network, Port
from affekt.media.image import resize

MULTIPLE = 32  # of which the sides are, where the network takes any size
OVERLAP = 0.5  # of boxes that overlap more, one is kept
MAX_BYTES = 2**30  # of a file
_VERSION = 1  # of the code here, as far as boxes depend on it
_CONVENTION = (
    "one input (1, 3, h, w) float32 or (1, h, w, 3) uint8; outputs boxes (n, 4), scores (n,), if there are "
    "classes labels (n,), optional landmarks (n, 5, 2): docs/project.md, Detectors"
)


class OnnxDetector:
    """A detector in an ONNX file.

    Raises:
        UsageError: There is no such file, or `label` is missing or superfluous.
        FolderError: It is not an ONNX network, refers to something outside of it, or does not follow the
            convention.
    """

    def __init__(
        self,
        path: Path,
        *,
        confidence: float = 0.5,
        longest_px: int = 640,
        label: int | None = None,
        threads: int | None = None,
    ) -> None:
        if not path.is_file():
            raise UsageError(f"the detector {path} does not exist")
        if path.stat().st_size > MAX_BYTES:
            raise FolderError(f"{path} has more than {MAX_BYTES / 2**20:.0f} MB: a detector?")
        model = path.read_bytes()
        self.name = path.name
        self._network = Network(model, str(path), threads)
        self._input, self._channels_last, self._size = _check_input(self._network, path)
        self._outputs = _check_outputs(self._network, path)
        if ("labels" in self._outputs) != (label is not None):
            has = "several classes" if label is None else "no output `labels`"
            next_step = "state the one that is kept: label = ..." if label is None else "leave label out"
            raise UsageError(f"the detector {path} has {has}: {next_step}")
        self._confidence, self._longest_px, self._label = confidence, longest_px, label
        self.digest = fingerprint(_VERSION, model, confidence, longest_px, label, OVERLAP)

    def detect(self, frame: np.ndarray) -> Detections:
        height, width = frame.shape[:2]
        if self._size is None:
            scale = min(1.0, self._longest_px / max(height, width))
        else:
            scale = min(self._size[0] / height, self._size[1] / width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        padded_size = self._size or (_up(rows), _up(columns))
        rows, columns = min(rows, padded_size[0]), min(columns, padded_size[1])
        padded = np.zeros((*padded_size, 3), np.uint8)
        padded[:rows, :columns] = (
            frame if (rows, columns) == (height, width) else resize(frame, rows, columns)
        )
        values = padded[None] if self._channels_last else padded.transpose(2, 0, 1)[None].astype(np.float32)
        answer = self._network({self._input: values}, self._outputs)
        found = {name: _squeezed(name, value) for name, value in zip(self._outputs, answer, strict=True)}
        self._check_shapes(found)
        if self._label is not None:
            chosen = found["labels"] == self._label
            found = {name: value[chosen] for name, value in found.items()}
        back = np.array([width / columns, height / rows], np.float32)
        landmarks = found.get("landmarks")
        return kept(
            found["boxes"] * np.tile(back, 2),
            found["scores"],
            None if landmarks is None else landmarks * back,
            size=(height, width),
            confidence=self._confidence,
            overlap=OVERLAP,
        )

    def _check_shapes(self, found: dict[str, np.ndarray]) -> None:
        count = len(found["scores"])
        for name, value in found.items():
            expected = (count, *_SHAPES[name][1:])
            if value.shape != expected:
                raise FolderError(
                    f"{self._network.name} gave {name} of shape {value.shape}, expected {expected}: "
                    f"{_CONVENTION}"
                )


_SHAPES = {"boxes": (0, 4), "scores": (0,), "labels": (0,), "landmarks": (0, LANDMARKS, 2)}


def _check_input(network: Network, path: Path) -> tuple[str, bool, tuple[int, int] | None]:
    """Name of the input, whether its colours are last, and its height and width if they are fixed."""
    if len(network.inputs) != 1:
        raise FolderError(f"{path} has the inputs {_shown(network.inputs)}; expected is {_CONVENTION}")
    port = network.inputs[0]
    last = port.type == "uint8"
    shape = port.shape
    fits = len(shape) == 4 and shape[0] in (None, 1) and shape[3 if last else 1] in (None, 3)
    if port.type not in ("uint8", "float") or not fits:
        raise FolderError(f"{path} has the input {_shown([port])}; expected is {_CONVENTION}")
    height, width = (shape[1], shape[2]) if last else (shape[2], shape[3])
    if (height is None) != (width is None):
        raise FolderError(f"{path} has the input {_shown([port])}: fix both height and width, or neither")
    return port.name, last, None if height is None or width is None else (height, width)


def _check_outputs(network: Network, path: Path) -> list[str]:
    named = {port.name: port for port in network.outputs}
    missing = [name for name in ("boxes", "scores") if name not in named]
    if missing:
        raise FolderError(
            f"{path} has the outputs {_shown(network.outputs)}, and no {' and no '.join(missing)}; "
            f"expected is {_CONVENTION}"
        )
    return [name for name in _SHAPES if name in named]


def _shown(ports: list[Port]) -> str:
    return ", ".join(
        f"{it.name} ({', '.join('?' if size is None else str(size) for size in it.shape)}) {it.type}"
        for it in ports
    )


def _squeezed(name: str, value: np.ndarray) -> np.ndarray:
    """Without a first axis of size 1 for the batch."""
    return value[0] if value.ndim == len(_SHAPES[name]) + 1 and len(value) == 1 else value


def _up(pixels: int) -> int:
    return -(-pixels // MULTIPLE) * MULTIPLE
