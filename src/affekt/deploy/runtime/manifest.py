"""The manifest of a bundle, checked: its digest shows damage, not whether its values are valid."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from affekt.core import catalog
from affekt.core.answers.calibration import Calibration
from affekt.core.claims.network import DocumentPart, NetworkDocument
from affekt.core.errors import FolderError
from affekt.core.sample import Preprocess
from affekt.core.task import read_task


class StatedInput(DocumentPart):
    """An input as the manifest states it.

    Attributes:
        name: Name of the graph's input.
        shape: Shape of one row; an axis without a size is `null`.
        dtype: Type of the numbers.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


class Encoder(DocumentPart):
    """A frozen encoder that is applied to each cell of time.

    Attributes:
        input: Name of the input that it reads.
    """

    input: str


class BundleManifest(NetworkDocument):
    """The fields of a manifest that a predictor needs.

    Attributes:
        modality: What an input is, such as `image` or `skeleton`.
        calibration: Values that were fitted on the validation part.
        weights_sha256: SHA-256 of the weights in training, before any quantization.
        inputs: Inputs of the graph; those that the method prepares.
        encoder: A frozen encoder in a graph of its own, if there is one.
        precision: Of the weights: `f32`, or what is in 8 bits, as in `int8 (convolutions)`.
        kind: Always `bundle`: the sealed folder is no checkpoint.
    """

    modality: str
    calibration: Calibration
    weights_sha256: str
    inputs: tuple[StatedInput, ...] | None = None
    encoder: Encoder | None = None
    precision: str = "f32"
    kind: Literal["bundle"]


def check_preprocess(manifest: BundleManifest, preprocess: Preprocess, path: Path) -> None:
    """Compare what the manifest states with what its method prepares.

    Raises:
        FolderError: The inputs, the task or the encoder do not fit the method.
    """
    specs = preprocess.spec.inputs
    if manifest.inputs is not None:
        stated = [(one.name, one.dtype, one.shape) for one in manifest.inputs]
        prepared = [(spec.name, spec.dtype, spec.shape) for spec in specs]
        if stated != prepared:
            raise FolderError(
                f"{path}: {manifest.method} with its config prepares the inputs {_listed(prepared)}; "
                f"the manifest states {_listed(stated)}"
            )
    task, served = read_task(manifest.task), catalog.method(manifest.method).tasks
    if not task.is_served(served) or not task.fits(preprocess):
        raise FolderError(f"{path}: the task {task.name!r} does not fit the method {manifest.method}")
    if manifest.encoder is not None and manifest.encoder.input not in preprocess.spec.names:
        raise FolderError(
            f"{path}: the encoder's input {manifest.encoder.input!r} is not in {list(preprocess.spec.names)}"
        )


def _listed(inputs: list[tuple[str, str, tuple[int | None, ...]]]) -> str:
    return ", ".join(f"{name} {dtype} {shape}" for name, dtype, shape in inputs)
