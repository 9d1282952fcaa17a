"""`evaluate`: scores of a run or a bundle on one part of a data set, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.files.lock import writing_alone
from affekt.core.files.output import check_folder
from affekt.core.files.whole import write_into
from affekt.core.recipe import DataSettings, Recipe, SplitSettings
from affekt.core.sample import Sample
from affekt.core.task import OnItem, quiet
from affekt.data.open import data_path, open_dataset
from affekt.deploy.backends.names import Backend, Precision
from affekt.deploy.load import is_bundle, load
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.trained_on import TrainedOn, trained_on_bundle, trained_on_run
from affekt.engine.runs.looks import record_look
from affekt.engine.runs.names import find_run
from affekt.engine.runs.run import open_run
from affekt.evaluation.evaluated_on import changed_settings, choose
from affekt.evaluation.groups import check_groups, score_groups
from affekt.evaluation.result import Evaluation


def evaluate(
    path: Path | str,
    *,
    data: str | None = None,
    data_root: Path | str | None = None,
    split: str = "test",
    overrides: Sequence[str] = (),
    folder: Path | None = None,
    backend: Backend | None = None,
    precision: Precision = "f32",
    modalities: Sequence[str] | None = None,
    command: str = "affekt.evaluate",
    groups: Sequence[str] = (),
    on_batch: OnItem = quiet,
) -> Evaluation:
    """Evaluate a run or a bundle on one part of a data set.

    On the data of the training, a part has the samples that it had in training. Other data are scored by the
    parts that they state, or as a whole. Samples that the network was trained on are counted in any data: see
    `Evaluation.evaluated_on`. Each evaluation of a run is added to the run's record, with data and part.

    Args:
        data: Another data set; its labels are mapped by name.
        split: train, validation, test in any usual spelling, another part that the data state, or `all`.
        overrides: Changes of the data's options or of the split, such as `data.options.labels=["a", "b"]`.
        folder: Where results go; if not given, a folder for each state of a data set and each part, inside
            the run, or beside the bundle.
        backend: Engine that computes a bundle. Default: ONNX Runtime, so that scores do not depend on timing.
        precision: Precision of the engine, as in `load`.
        modalities: Media of the samples that the network is given; all if not given.
        groups: Facts of the samples, such as `speaker`, by which scores are shown apart
            (`affekt.evaluation.groups`).
        command: What asks for the evaluation, for the run's record.
        on_batch: Called with the number of samples that are done, and of all.

    Raises:
        DataError: There is no such part, or none of its labels is known to the network.
        UsageError: The data set has another task, an override concerns neither data nor split, or the data do
            not state a group; the folder cannot be written, or another process writes an evaluation there.
        AffektError: The disk is full: results of an earlier evaluation stay.

    Example:
        >>> evaluate("latest", data_root="data/emotion_gait").scores["uar"]  # doctest: +SKIP
    """
    if folder is not None:
        check_folder(folder)
    path = find_run(path)
    chosen = backend or ("onnxruntime" if is_bundle(path) else None)
    predictor = load(path, backend=chosen, precision=precision)
    own, splitting = _data_of(path, predictor, data)
    settings, splitting = changed_settings(own, splitting, overrides)
    root = data_path(data_root) if catalog.dataset(settings.name).needs_root else None
    corpus = open_dataset(settings.name, root, settings.options)
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
        is_own=trained is not None and trained.document["data"] == settings.name,
    )
    samples = selection.samples
    check_groups(groups, samples)
    place = path / "evaluation" if _is_run(path) else path.with_name(path.name + "-evaluation")
    name = selection.folder
    if modalities is not None:
        samples = _reduced(samples, modalities)
        name = f"{name}-subsets/{'+'.join(modalities)}"
    target = folder or place / name
    check_folder(target)  # before the work
    with writing_alone(target, work="writes an evaluation here"), write_into(target) as work:
        scored = predictor.task.evaluate(predictor, samples, corpus.labels, work, on_item=on_batch)
        counted = selection.counted([item.id for item in scored.skipped])
        unfinished = open_run(path).unfinished if _is_run(path) else predictor.document.get("unfinished", "")
        result = Evaluation.of(
            replace(
                scored,
                skipped=[*scored.skipped, *corpus.skipped],
                notes=(*scored.notes, *corpus.notes),
            ),
            folder=target,
            backend=predictor.backend,
            decision=predictor.decision,
            task=answered,
            evaluated_on=replace(selection.on, **counted, unfinished=unfinished),
            groups=tuple(
                score_groups(
                    name, {it.id: it for it in samples}, scored.predictions, predictor.task, predictor.labels
                )
                for name in groups
            ),
        )
        result.write(work)
    if _is_run(path):
        document = {
            **result.evaluated_on.to_dict(),
            **({} if modalities is None else {"modalities": list(modalities)}),
            "folder": str(result.folder),
            "scores": result.scores,
        }
        record_look(path, command, document)
    return result


def _reduced(samples: Sequence[Sample], modalities: Sequence[str]) -> list[Sample]:
    """Samples without their other media."""
    return [
        replace(sample, media={name: value for name, value in sample.media.items() if name in modalities})
        for sample in samples
    ]


def _is_run(path: Path) -> bool:
    return (path / "recipe.toml").is_file()


def _data_of(path: Path, predictor: Predictor, data: str | None) -> tuple[DataSettings, SplitSettings]:
    """The data and their split: from the run's recipe, the bundle's manifest, or another data set itself."""
    if _is_run(path):
        recipe: Recipe = open_run(path).recipe
        own, splitting = recipe.data, recipe.split
    elif "data" not in predictor.document:  # a converted checkpoint, or its bundle
        if data is None:
            raise UsageError(f"{path} does not state its data: name a data set with --data NAME")
        return DataSettings(name=catalog.canonical(data)), SplitSettings()
    elif is_bundle(path):
        own = DataSettings.model_validate(predictor.document["data"])
        splitting = SplitSettings.model_validate(predictor.document["split"])
    else:
        raise UsageError(f"{path} is a checkpoint of a run: evaluate the run folder, which states its parts")
    if data is None or catalog.canonical(data) == own.name:
        return own, splitting
    return DataSettings(name=catalog.canonical(data)), SplitSettings()


def _trained_on(path: Path, predictor: Predictor) -> TrainedOn | None:
    """What the network was trained on, if it states that."""
    if _is_run(path):
        return trained_on_run(open_run(path))
    return trained_on_bundle(path, predictor.document) if is_bundle(path) else None
