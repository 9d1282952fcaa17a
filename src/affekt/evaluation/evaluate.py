"""`evaluate`: scores of a run or a bundle on one part of a data set, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from affekt.core.files.lock import writing_alone
from affekt.core.files.output import check_folder
from affekt.core.files.whole import write_into
from affekt.core.sample import Sample
from affekt.core.task import OnItem, quiet
from affekt.deploy.backends.names import Backend, Precision
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.runs.looks import record_look
from affekt.engine.runs.names import find_run
from affekt.engine.runs.run import open_run
from affekt.evaluation.groups import check_groups, score_groups
from affekt.evaluation.opened import Opened, is_run, load_scored, open_part
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
    predictor = load_scored(path, backend=backend, precision=precision)
    opened = open_part(path, predictor, data=data, data_root=data_root, split=split, overrides=overrides)
    return score_part(
        opened,
        predictor,
        folder=folder,
        modalities=modalities,
        command=command,
        groups=groups,
        on_batch=on_batch,
    )


def score_part(
    opened: Opened,
    predictor: Predictor,
    *,
    folder: Path | None = None,
    modalities: Sequence[str] | None = None,
    command: str = "affekt.evaluate",
    groups: Sequence[str] = (),
    on_batch: OnItem = quiet,
) -> Evaluation:
    """Score a network on samples that were chosen before; arguments and errors as for `evaluate`.

    Args:
        predictor: The network of `opened`.
    """
    path, corpus, selection = opened.path, opened.corpus, opened.selection
    samples = selection.samples
    check_groups(groups, samples)
    place = path / "evaluation" if is_run(path) else path.with_name(path.name + "-evaluation")
    name = selection.folder
    if modalities is not None:
        samples = _reduced(samples, modalities)
        name = f"{name}-subsets/{'+'.join(modalities)}"
    target = folder or place / name
    check_folder(target)  # before the work
    with writing_alone(target, work="writes an evaluation here"), write_into(target) as work:
        scored = predictor.task.evaluate(predictor, samples, corpus.labels, work, on_item=on_batch)
        counted = selection.counted([item.id for item in scored.skipped])
        unfinished = open_run(path).unfinished if is_run(path) else predictor.document.get("unfinished", "")
        result = Evaluation.of(
            replace(
                scored,
                skipped=[*scored.skipped, *corpus.skipped],
                notes=(*scored.notes, *corpus.notes),
            ),
            folder=target,
            backend=predictor.backend,
            decision=predictor.decision,
            task=opened.task,
            evaluated_on=replace(selection.on, **counted, unfinished=unfinished),
            groups=tuple(
                score_groups(
                    name, {it.id: it for it in samples}, scored.predictions, predictor.task, predictor.labels
                )
                for name in groups
            ),
        )
        result.write(work)
    if is_run(path):
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
