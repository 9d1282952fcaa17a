"""Detectors by name, or by the path of an ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.media.detection.centerface import CenterFace
from affekt.media.detection.detector import Detector
from affekt.media.detection.onnx_file import OnnxDetector

DETECTORS: dict[str, Callable[..., Detector]] = {"centerface": CenterFace}


def open_detector(
    name: str,
    *,
    confidence: float = 0.5,
    longest_px: int = 640,
    label: int | None = None,
    folder: Path = Path(),
    threads: int | None = None,
) -> Detector:
    """A detector.

    Args:
        name: One of `DETECTORS`, or the path of an ONNX file (`affekt.media.detection.onnx_file`).
        label: The class that is kept, for ONNX files with several.
        folder: That relative paths start from.

    Raises:
        UsageError: There is no such detector, or a setting does not fit it.
        AffektError: Its network is missing, damaged, or does not follow the convention.
    """
    if not name.endswith(".onnx"):
        if name not in DETECTORS:
            raise UsageError(
                f"no detector is called {name!r}; {suggest(name, sorted(DETECTORS))}; a network of your own "
                "is given as the path of an .onnx file"
            )
        if label is not None:
            raise UsageError(f"the detector {name} has no classes: leave label out")
        return DETECTORS[name](confidence=confidence, longest_px=longest_px, threads=threads)
    return OnnxDetector(
        folder / name, confidence=confidence, longest_px=longest_px, label=label, threads=threads
    )
