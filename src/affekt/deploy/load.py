"""`load`: a predictor from whatever holds a trained network."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import UsageError, require
from affekt.deploy.predictor import Predictor


def load(path: Path | str, *, threads: int | None = None) -> Predictor:
    """A predictor from a bundle (no torch needed), a run folder or a checkpoint.

    Args:
        threads: Processor cores a bundle may use for one answer.

    Raises:
        FolderError: What lies there is incomplete or altered.
        UsageError: Nothing lies there.

    Example:
        >>> predictor = load("runs/.../0f6cf0c3--0")  # doctest: +SKIP
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{path} does not exist; a bundle, a run folder or a checkpoint was expected")
    if is_bundle(path):
        return Predictor.open(path, threads=threads)
    require("torch", extra="train", needed_by=f"{path}, which is no bundle but a run or checkpoint,")
    from affekt.deploy.eager import open_eager

    return open_eager(path)


def is_bundle(path: Path) -> bool:
    """Whether a path should be read as a bundle: it is neither a run folder nor a checkpoint."""
    return not any((path / name).is_file() for name in ("recipe.toml", "model.safetensors"))
