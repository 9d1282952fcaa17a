"""The document of a trained network, as checkpoints and bundles state it, checked.

The digest of a sealed folder shows damage, not whether its values are possible: anybody can write a manifest
whose digest fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, DataError, FolderError
from affekt.core.files.sealed import MANIFEST
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess
from affekt.core.settings import Settings, validate
from affekt.core.task import TaskDocument, list_tasks, read_task


class DocumentPart(BaseModel):
    """Values of the stated types; more are allowed, so that older and newer documents can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


def _known_task(document: TaskDocument) -> TaskDocument:
    if isinstance(document, str) and document not in list_tasks():
        raise ValueError(f"{document!r} is not a task; known are {', '.join(list_tasks())}")
    try:
        read_task(document)
    except AffektError as error:
        raise ValueError(str(error)) from None
    return document


class EncoderDocument(DocumentPart):
    """The fields that a network is made from, whatever it answers.

    Attributes:
        method: Name of the method that makes and reads the network.
        config: The method's config, complete.
        preprocessing: What preprocessing measured on the training part, as the method's `fit` returns it.
    """

    method: str
    config: dict[str, Any]
    preprocessing: dict[str, Any]


class NetworkDocument(EncoderDocument):
    """The fields of any trained network.

    Attributes:
        labels: Labels in the order of the outputs.
        task: What an answer is: the name of a task, or a document for a network with several heads.
    """

    labels: LabelSet
    task: Annotated[TaskDocument, AfterValidator(_known_task)]

    @model_validator(mode="after")
    def _enough_labels(self) -> NetworkDocument:
        try:
            read_task(self.task).check_labels(self.labels)
        except DataError as error:
            raise ValueError(str(error)) from None
        return self


class WeightFiles(DocumentPart):
    """The files of the parts of a network's weights, and the hash of all weights."""

    sha256: str
    parts: tuple[str, ...]


class CheckpointDocument(NetworkDocument):
    """The manifest of a checkpoint."""

    epoch: int = Field(default=0, ge=0)
    weights: WeightFiles | None = None


class WeightsDocument(DocumentPart):
    """The manifest of weights to start from: of a checkpoint, or of a converted part of a network."""

    method: str
    config: dict[str, Any] = Field(default_factory=dict)
    labels: LabelSet | None = None
    weights: WeightFiles | None = None


Document = TypeVar("Document", bound=BaseModel)


def read_document(model: type[Document], document: Mapping[str, Any], path: Path) -> Document:
    """The document of the sealed folder at `path`, or of the file itself.

    Raises:
        FolderError: Listing all values that are missing or impossible.
    """
    found, problems = validate(model, document)
    if found is None:
        name = path if path.suffix == ".json" else f"{path}: {MANIFEST}"
        raise FolderError("\n  ".join([f"{name} cannot be used", *problems]))
    return found


def config_of(document: EncoderDocument, path: Path) -> Settings:
    """The config of the method that a document states.

    Raises:
        FolderError: The method is not installed, or does not take the config.
    """
    if document.method not in catalog.list_methods():
        raise FolderError(f"{path} needs the method {document.method!r}, which this affekt does not have")
    try:
        return catalog.method(document.method).make_config(document.config)
    except ConfigError as error:
        raise FolderError(f"{path}: {error}") from None


def preprocess_of(document: NetworkDocument, assets: Mapping[str, bytes], path: Path) -> Preprocess:
    """The method's preprocessing with the config and state of a document, and the folder's assets.

    Raises:
        FolderError: The method is not installed, or takes no such config, state or assets.
    """
    config = config_of(document, path)
    try:
        return catalog.method(document.method).make_preprocess(config, document.preprocessing, assets)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
        raise FolderError(
            f"{path}: {document.method} cannot use this preprocessing ({type(error).__name__}: {error})"
        ) from None
