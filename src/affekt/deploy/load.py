"""`load`: a predictor from a bundle, a run or a checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from affekt.core.errors import UsageError, require
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.runs.names import find_run
from affekt.engine.weights.files import holds_weights

if TYPE_CHECKING:
    from affekt.deploy.backends.names import Backend, Precision

log = logging.getLogger(__name__)


def load(
    path: Path | str,
    *,
    backend: Backend | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
    expected: int | None = None,
) -> Predictor:
    """A predictor from a bundle (no torch needed), a run or a checkpoint.

    Args:
        path: Its folder or file; of a run also its name, or `latest`, as `affekt runs` lists them.
        backend: Engine that computes a bundle: `onnxruntime`, `openvino`, `jittor` (see `affekt doctor
            jittor`) or `auto`, which is the default: the faster one of the first two on this machine, ONNX
            Runtime if OpenVINO is not installed.
        precision: `bf16` is faster if the processor has it, less exact, and computed by OpenVINO only.
        threads: Processor cores a bundle may use for one answer.
        expected: Number of inputs, if known: for a few, `auto` does not try OpenVINO.

    Raises:
        FolderError: The bundle, run or checkpoint is incomplete or altered.
        UsageError: The path does not exist, or the backend or precision cannot be used.

    Example:
        >>> predictor = load("latest")  # doctest: +SKIP
    """
    path = find_run(path)
    if is_bundle(path):
        predictor = Predictor.open(
            path, backend=backend or "auto", precision=precision, threads=threads, expected=expected
        )
        if unfinished := predictor.document.get("unfinished"):
            log.warning("%s was exported from an unfinished run: %s", path, unfinished)
        return predictor
    if backend not in (None, "auto") or precision != "f32":
        raise UsageError(
            f"{path} is not a bundle: a run or checkpoint is computed by PyTorch in f32; "
            f"for another backend or precision export it as a bundle: affekt export {path}"
        )
    require("torch", extra="train", needed_by=f"{path}, which is a run or checkpoint and not a bundle,")
    from affekt.deploy.eager import open_eager

    return open_eager(path)


def is_bundle(path: Path) -> bool:
    """Whether a path should be read as a bundle: it is neither a run folder nor a checkpoint."""
    return not (path / "recipe.toml").is_file() and not holds_weights(path)
