"""How Lightning saves and loads its state: as a sealed folder (`affekt.engine.weights.checkpoint`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.plugins import CheckpointIO

from affekt.core.errors import FolderError
from affekt.engine.store.objects import Store
from affekt.engine.weights.checkpoint import read_checkpoint, write_checkpoint


class FolderCheckpointIO(CheckpointIO):
    """Reads and writes checkpoints for the trainer.

    Args:
        assets, files, store: As in `write_checkpoint`.
    """

    def __init__(
        self,
        assets: Mapping[str, bytes] | None = None,
        *,
        files: Mapping[str, str] | None = None,
        store: Store | None = None,
    ) -> None:
        self.assets, self.files, self.store = assets or {}, files or {}, store

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint`; `storage_options` are further entries of the manifest.

        Raises:
            FolderError: The disk is full, or the folder cannot be written; older checkpoints stay.
        """
        write_checkpoint(
            Path(path),
            checkpoint,
            storage_options or {},
            assets=self.assets,
            files=self.files,
            store=self.store,
        )

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint.

        Raises:
            FolderError: It is truncated or altered, or is not a checkpoint of affekt.
        """
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: Any) -> None:
        """Refused: the run folder removes checkpoints, because it knows which ones links point to."""
        raise FolderError(f"{path} is not removed through the trainer")
