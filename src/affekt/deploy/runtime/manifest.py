"""The manifest of a bundle, checked: its digest shows damage, not whether its values are valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from affekt.core import catalog
from affekt.core.answers.calibration import Calibration
from affekt.core.errors import AffektError, DataError, FolderError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess
from affekt.core.settings import validate
from affekt.core.task import TaskDocument, list_tasks, read_task


class _Part(BaseModel):
    """Values of the stated types; more are allowed, so that older and newer manifests can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class StatedInput(_Part):
    """An input as the manifest states it."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


class Encoder(_Part):
    """A frozen encoder that is applied to each cell of time."""

    input: str


def _known_task(document: TaskDocument) -> TaskDocument:
    if isinstance(document, str) and document not in list_tasks():
        raise ValueError(f"{document!r} is not a task; known are {', '.join(list_tasks())}")
    try:
        read_task(document)
    except AffektError as error:
        raise ValueError(str(error)) from None
    return document


class BundleManifest(_Part):
    """The fields of a manifest that a predictor needs."""

    method: str
    config: dict[str, Any]
    labels: LabelSet
    task: Annotated[TaskDocument, AfterValidator(_known_task)]
    modality: str
    preprocessing: dict[str, Any]
    calibration: Calibration
    weights_sha256: str
    inputs: tuple[StatedInput, ...] | None = None
    encoder: Encoder | None = None
    precision: str = "f32"
    kind: Literal["bundle"]

    @model_validator(mode="after")
    def _enough_labels(self) -> BundleManifest:
        try:
            read_task(self.task).check_labels(self.labels)
        except DataError as error:
            raise ValueError(str(error)) from None
        return self


def read_manifest(document: Mapping[str, Any], path: Path) -> BundleManifest:
    """The manifest of the bundle at `path`.

    Raises:
        FolderError: Listing all values that are missing or impossible.
    """
    manifest, problems = validate(BundleManifest, document)
    if manifest is None:
        raise FolderError("\n  ".join([f"{path}: affekt.json cannot be used", *problems]))
    return manifest


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
