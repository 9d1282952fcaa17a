"""`evaluate`: how good a run or a bundle is on one part of a data set, with intervals."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from affekt.core import catalog
from affekt.core.answering import answer_all
from affekt.core.dataset import Corpus
from affekt.core.errors import DataError, UsageError
from affekt.core.prediction import Prediction
from affekt.core.recipe import DataSettings, Recipe, SplitSettings
from affekt.core.sample import Sample, Skipped, Timed
from affekt.data.open import open_dataset
from affekt.deploy.backends.network import Backend, Precision
from affekt.deploy.load import is_bundle, load
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.trained_on import TrainedOn, trained_on_bundle, trained_on_run
from affekt.engine.loading import make_targets
from affekt.engine.run import open_run
from affekt.engine.train import data_path
from affekt.evaluation.evaluated_on import changed_settings, choose
from affekt.evaluation.labels import score_labels
from affekt.evaluation.result import Evaluation
from affekt.evaluation.segments import evaluate_segments
from affekt.metrics.calibration import expected_calibration_error, negative_log_likelihood
from affekt.metrics.classification import confusion_matrix, per_class, scores_of
from affekt.metrics.detection import THRESHOLDS, detection_scores, mean_average_precision
from affekt.metrics.intervals import score_intervals
from affekt.metrics.localization import segments_from_attention
from affekt.metrics.permutation import exchanged_labels
from affekt.metrics.segments import Segments
from affekt.report.figures import draw_confusion, draw_reliability


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
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Evaluate a run or a bundle on one part of a data set.

    On the data of its training, a part is what it was in training. Of other data, a part that they state, or
    all. Samples that the network was trained on are counted wherever they lie: `Evaluation.evaluated_on`.
    Each evaluation of a run is written to the run's record, with its data and part.

    Args:
        data: Another data set; its labels are mapped by name.
        split: train, validation, test in any usual spelling, a name that the data state themselves, or `all`.
        overrides: Changes of the data's options or of the split, such as `data.options.labels=["a", "b"]`.
        folder: Where results go; if not given, a folder for each state of a data set and each part, inside
            the run, or beside the bundle.
        backend: What computes a bundle; ONNX Runtime if not given, so that scores do not hang on timing.
        precision: What it computes in, as in `load`.
        on_batch: Called with how many of how many samples are done.

    Raises:
        DataError: There is no such part, or no label of it is known to the network.
        UsageError: The data set is of another task, or an override of something else.

    Example:
        >>> evaluate("runs/.../0f6cf0c3--0", data_root="data/emotion_gait").scores["uar"]  # doctest: +SKIP
    """
    path = Path(path)
    chosen = backend or ("onnxruntime" if is_bundle(path) else None)
    predictor = load(path, backend=chosen, precision=precision)
    own, splitting = _data_of(path, predictor, data)
    settings, splitting = changed_settings(own, splitting, overrides)
    root = data_path(data_root) if catalog.dataset(settings.name).needs_root else None
    corpus = open_dataset(settings.name, root, settings.options)
    if (corpus.task == "localization") != (predictor.task == "localization"):
        raise UsageError(f"{path} answers to {predictor.task}, {settings.name} asks for {corpus.task}")
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
    place = path / "evaluation" if _is_run(path) else path.with_name(path.name + "-evaluation")
    target = folder or place / selection.folder
    if predictor.task == "localization":
        result = evaluate_segments(predictor, samples, corpus.labels, target, on_batch=on_batch)
    else:
        result = _evaluate_labels(predictor, samples, corpus, settings.name, target, on_batch)
    counted = selection.counted([item.id for item in result.skipped])
    unfinished = open_run(path).unfinished if _is_run(path) else predictor.document.get("unfinished", "")
    result = replace(result, evaluated_on=replace(selection.on, **counted, unfinished=unfinished))
    result.skipped.extend(corpus.skipped)
    result.write()
    if _is_run(path):
        _record(path, result)
    return result


def _evaluate_labels(
    predictor: Predictor,
    samples: list[Sample],
    corpus: Corpus,
    data: str,
    folder: Path,
    on_batch: Callable[[int, int], None],
) -> Evaluation:
    """Score one label, or several at once, of each sample."""
    if corpus.task == "multi_label" and predictor.task != "multi_label":
        raise UsageError(f"{data} has several labels a sample, but this network answers with a single one")
    names = corpus.labels.map_to(predictor.labels)
    known: list[Sample] = []
    skipped: list[Skipped] = []
    for sample in samples:
        strange = [name for name in _targets(sample) if names[name] is None]
        if strange:
            skipped.append(Skipped(sample.id, f"label {strange[0]!r} is not known to the network"))
        else:
            known.append(sample)
    if not known:
        raise DataError(f"no label of {data} is known to the network: {list(predictor.labels.names)}")
    logits, used, broken = answer_all(
        known, predictor.preprocess, predictor.network, predictor.task, on_batch=on_batch
    )
    if not used:
        raise DataError(f"not one of {len(known)} samples could be used, such as {broken[0]}")
    diverged = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(diverged):
        raise DataError(
            f"the network answers {len(diverged)} of {len(used)} samples with numbers that are not finite, "
            f"such as {used[diverged[0]].id}: its training diverged, or its graph is broken"
        )
    truth = make_targets(used, corpus.labels, corpus.task).numpy()
    if predictor.task == "multi_label" and truth.ndim == 1:
        truth = np.eye(len(corpus.labels))[truth]
    result = _score(predictor, logits, used, _mapped(truth, corpus.labels.names, names, predictor), folder)
    result.skipped.extend([*skipped, *broken])
    result.localization.update(localize(predictor, used))
    return result


def localize(predictor: Predictor, samples: Sequence[Sample]) -> dict[str, float]:
    """How well temporal attention finds what samples say happens in them; empty where none says so.

    Weakly supervised detection as in CTEN (CVPR 2023): a network that was trained on labels of whole clips
    detects the segments with the most attention. Samples are computed a second time for it.

    Returns:
        Average precision whatever the class by threshold, and its `mean`; where the labels are the network's,
        also `map` and `ap/<label>`, for which a stretch must bear the label that the clip was given.
    """
    stated = [sample for sample in samples if sample.segments]
    if not stated or not isinstance(predictor.preprocess, Timed):
        return {}
    truths = {
        sample.id: Segments(np.array([(event.start_s, event.end_s) for event in sample.segments or ()]))
        for sample in stated
    }
    found: dict[str, Segments] = {}
    said: dict[str, Segments] = {}
    for answer in predictor.predict(stated):
        if isinstance(answer, Prediction):
            attention = np.array([moment.attention for moment in answer.moments])
            spans_s = np.array([(moment.start_s, moment.end_s) for moment in answer.moments])
            spans, scores = segments_from_attention(attention, spans_s)
            found[answer.id] = Segments(spans, scores)
            said[answer.id] = Segments(spans, scores, np.array([answer.label] * len(spans), dtype=object))
    labelled = {sample.id: Segments.of(sample.segments or ()) for sample in stated}
    named = {label for one in labelled.values() if one.labels is not None for label in one.labels}
    by_label = (
        detection_scores(said, labelled, labels=predictor.labels.names, thresholds=THRESHOLDS).to_dict()
        if named <= set(predictor.labels.names)
        else {}
    )
    told = {name: value for name, value in by_label.items() if name == "map" or name.startswith("ap/")}
    return {**mean_average_precision(found, truths), **told}


def _is_run(path: Path) -> bool:
    return (path / "recipe.toml").is_file()


def _data_of(path: Path, predictor: Predictor, data: str | None) -> tuple[DataSettings, SplitSettings]:
    """Which data, divided how: the run's own recipe, what the bundle states, or another set's own parts."""
    if _is_run(path):
        recipe: Recipe = open_run(path).recipe
        own, splitting = recipe.data, recipe.split
    elif "data" not in predictor.document:  # a converted checkpoint, or its bundle
        if data is None:
            raise UsageError(f"{path} knows no data of its own: name a data set with --data NAME")
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
    """What the network was trained on, where that is stated."""
    if _is_run(path):
        return trained_on_run(open_run(path))
    return trained_on_bundle(path, predictor.document) if is_bundle(path) else None


def _targets(sample: Sample) -> list[str]:
    return list(sample.label_weights) if sample.label_weights else [sample.label] if sample.label else []


def _mapped(
    truth: np.ndarray, theirs: tuple[str, ...], names: dict[str, str | None], predictor: Predictor
) -> np.ndarray:
    """Targets of a data set's label set in the order of the network's."""
    place = [predictor.labels.index(name) if (name := names[label]) else -1 for label in theirs]
    if truth.ndim == 1:
        return np.array(place)[truth]
    moved = np.zeros((len(truth), len(predictor.labels)))
    for column, where in enumerate(place):
        if where >= 0:
            moved[:, where] += truth[:, column]
    return moved


def _score(
    predictor: Predictor, logits: np.ndarray, samples: list[Sample], truth: np.ndarray, folder: Path
) -> Evaluation:
    folder.mkdir(parents=True, exist_ok=True)
    if predictor.task == "multi_label":
        return score_labels(predictor, logits, samples, truth, folder)
    names, classes = predictor.labels.names, len(predictor.labels)
    probability = predictor.probability(logits)
    predicted = probability.argmax(axis=1)
    hard = truth.argmax(axis=1) if truth.ndim == 2 else truth
    confusion = confusion_matrix(hard, predicted, classes)
    found = score_intervals(hard, predicted, classes, [sample.subject for sample in samples])
    scores = {name: float(value) for name, value in scores_of(confusion).items()}
    scores["ece"] = expected_calibration_error(probability, hard)
    scores["nll"] = negative_log_likelihood(np.log(np.maximum(probability, 1e-12)), hard)
    rows = [
        {
            "id": sample.id,
            "subject": sample.subject or "",
            "true": names[hard[row]],
            "predicted": names[predicted[row]],
            "confidence": float(probability[row].max()),
            **{name: float(value) for name, value in zip(names, probability[row], strict=True)},
        }
        for row, sample in enumerate(samples)
    ]
    draw_confusion(confusion, names, folder / "confusion.png", title=f"{len(samples)} samples")
    draw_reliability(probability.max(axis=1), predicted == hard, folder / "reliability.png")
    return Evaluation(
        scores,
        found.ranges,
        per_class(confusion, names),
        confusion,
        names,
        rows,
        folder,
        label_hint=exchanged_labels(confusion, names),
        backend=predictor.backend,
        task=predictor.task,
        samples=len(samples),
        interval_over=found.over,
        interval_note=found.note,
    )


def _record(path: Path, result: Evaluation) -> None:
    """One line for each evaluation, so that looks at the test part are not repeated unnoticed."""
    assert result.evaluated_on is not None
    line = {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **result.evaluated_on.to_dict(),
        "folder": str(result.folder),
        "scores": result.scores,
    }
    (path / "evaluation").mkdir(exist_ok=True)
    with (path / "evaluation" / "record.jsonl").open("a") as stream:
        stream.write(json.dumps(line) + "\n")
