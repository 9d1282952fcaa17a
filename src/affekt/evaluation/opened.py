"""A network's data and the part that is scored, opened and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import UsageError
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import DataSettings, Recipe, SplitSettings
from affekt.data.open import data_path, open_dataset
from affekt.deploy.backends.names import Backend, Precision
from affekt.deploy.load import is_bundle, load
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.trained_on import TrainedOn, trained_on_bundle, trained_on_run
from affekt.engine.runs.run import open_run
from affekt.evaluation.evaluated_on import Given, Selection, changed_settings, choose

Corpora = dict[str, Corpus]


@dataclass(frozen=True)
class Opened:
    """The samples that a network is to be scored on; the network itself is not kept.

    Attributes:
        path: The run, bundle or checkpoint.
        task: Name of the network's task.
        labels: The network's labels.
        data: The data set, with its options.
    """

    path: Path
    task: str
    labels: tuple[str, ...]
    data: DataSettings
    corpus: Corpus
    selection: Selection

    @property
    def items(self) -> frozenset[str]:
        """Ids of the samples."""
        return frozenset(sample.id for sample in self.selection.samples)


def is_run(path: Path) -> bool:
    """Whether a path is that of a run."""
    return (path / "recipe.toml").is_file()


def load_scored(path: Path, *, backend: Backend | None = None, precision: Precision = "f32") -> Predictor:
    """A network as evaluations compute it: a bundle by ONNX Runtime, so that timing changes no score."""
    chosen = backend or ("onnxruntime" if is_bundle(path) else None)
    return load(path, backend=chosen, precision=precision)


def own_data(path: Path) -> str:
    """The data set of a network; empty if it states none.

    Raises:
        FolderError: The run or bundle cannot be read.
    """
    if is_run(path):
        return open_run(path).recipe.data.name
    document = read_sealed(path, kind="bundle").document if is_bundle(path) else {}
    return DataSettings.model_validate(document["data"]).name if "data" in document else ""


def open_part(
    path: Path,
    predictor: Predictor,
    *,
    data: str | None = None,
    data_root: Path | str | None = None,
    split: str = "test",
    overrides: Sequence[str] = (),
    like: Sequence[Opened] = (),
    corpora: Corpora | None = None,
) -> Opened:
    """Read the data of an evaluation and choose their part.

    Args:
        data, data_root, split, overrides: As `affekt.evaluation.evaluate.evaluate` takes them.
        like: Other networks whose samples are taken, with the options of their data, in place of a part that
            this network knows.
        corpora: Data that were read before, by their settings; more are added.

    Raises:
        DataError: There is no such part, or the folder holds other files.
        UsageError: The data set has another task, or an override concerns neither data nor split.
    """
    own, splitting, is_own = _data_of(path, predictor, data)
    if like:
        own = like[0].data
    settings, splitting = changed_settings(own, splitting, overrides)
    root = data_path(data_root) if catalog.dataset(settings.name).needs_root else None
    key = f"{root} {settings.model_dump_json()}"
    corpora = {} if corpora is None else corpora
    if key not in corpora:
        corpora[key] = open_dataset(settings.name, root, settings.options)
    corpus = corpora[key]
    answered = predictor.task.name
    if not predictor.task.can_score(corpus.task):
        raise UsageError(f"{path} answers with {answered}, but {settings.name} asks for {corpus.task.name}")
    trained = _trained_on(path, predictor)
    selection = choose(
        corpus,
        settings,
        splitting,
        split,
        root=root,
        trained=trained,
        overrides=overrides,
        is_own=is_own if trained is None else trained.document["data"] == settings.name,
        given=Given.of({one.path: one.items for one in like}) if like else None,
    )
    return Opened(path, answered, predictor.labels.names, settings, corpus, selection)


def _data_of(path: Path, predictor: Predictor, data: str | None) -> tuple[DataSettings, SplitSettings, bool]:
    """The data, their split, and whether the run's recipe or the bundle's manifest states them."""
    if is_run(path):
        recipe: Recipe = open_run(path).recipe
        own, splitting = recipe.data, recipe.split
    elif "data" not in predictor.document:  # a converted checkpoint, or its bundle
        if data is None:
            raise UsageError(f"{path} does not state its data: name a data set with --data NAME")
        return DataSettings(name=catalog.canonical(data)), SplitSettings(), False
    elif is_bundle(path):
        own = DataSettings.model_validate(predictor.document["data"])
        splitting = SplitSettings.model_validate(predictor.document["split"])
    else:
        raise UsageError(f"{path} is a checkpoint of a run: evaluate the run folder, which states its parts")
    if data is None or catalog.canonical(data) == own.name:
        return own, splitting, True
    return DataSettings(name=catalog.canonical(data)), SplitSettings(), False


def _trained_on(path: Path, predictor: Predictor) -> TrainedOn | None:
    """What the network was trained on, if it states that."""
    if is_run(path):
        return trained_on_run(open_run(path))
    return trained_on_bundle(path, predictor.document) if is_bundle(path) else None
