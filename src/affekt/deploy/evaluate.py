"""`evaluate`: how good a run or a bundle is on one part of a data set, with intervals."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from affekt.core import catalog
from affekt.core.answering import answer_all
from affekt.core.errors import DataError, UsageError
from affekt.core.prediction import Prediction
from affekt.core.recipe import DataSettings, Recipe, SplitSettings
from affekt.core.sample import Sample, Skipped, Split, Timed
from affekt.core.sealed import write_text
from affekt.deploy.backends import Backend, Precision
from affekt.deploy.load import is_bundle, load
from affekt.deploy.predictor import Predictor
from affekt.engine.loading import make_targets
from affekt.engine.run import open_run
from affekt.engine.splits import select
from affekt.engine.train import data_path
from affekt.metrics.calibration import expected_calibration_error, negative_log_likelihood
from affekt.metrics.classification import (
    bootstrap_intervals,
    confusion_matrix,
    multi_label_scores,
    per_class,
    scores_of,
)
from affekt.metrics.localization import Segments, mean_average_precision, segments_from_attention
from affekt.metrics.permutation import exchanged_labels
from affekt.report.figures import draw_confusion, draw_reliability


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation gave; the same lies in its folder as `scores.json`, `predictions.csv` and figures.

    Attributes:
        scores: Metrics by name.
        intervals: 95 % bootstrap intervals, by subject where subjects are known.
        predictions: One row a sample: id, true, predicted, confidence, and the score of each label.
        label_hint: A sentence where labels seem to stand in another order than the outputs; usually empty.
        backend: What computed the network, and in which precision.
        localization: Where samples state when something happens (`facts["events"]`) and the network weighs
            segments: class-agnostic average precision of its key segments, by temporal IoU, and their mean.
    """

    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: list[dict[str, Any]]
    confusion: np.ndarray
    labels: tuple[str, ...]
    predictions: list[dict[str, Any]]
    folder: Path
    skipped: list[Skipped] = field(default_factory=list)
    label_hint: str = ""
    backend: str = ""
    localization: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "scores": self.scores,
            "label_hint": self.label_hint,
            "intervals": self.intervals,
            "per_class": self.per_class,
            "confusion": self.confusion.tolist(),
            "labels": list(self.labels),
            "samples": len(self.predictions),
            "skipped": [{"id": item.id, "reason": item.reason} for item in self.skipped],
            "folder": str(self.folder),
            "backend": self.backend,
            "localization": self.localization,
        }


def evaluate(
    path: Path | str,
    *,
    data: str | None = None,
    data_root: Path | str | None = None,
    split: Split | Literal["all"] = "test",
    folder: Path | None = None,
    backend: Backend | None = None,
    precision: Precision = "f32",
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Evaluate a run or a bundle on one part of a data set: its own as its recipe parts it, or another one.

    Each evaluation on a run's test part is written to the run's record, so that nobody can look twice
    unnoticed.

    Args:
        data: Another data set; its labels are mapped by name.
        split: `all` is for data of your own that the network was not trained on.
        folder: Where results go; inside the run, or beside the bundle, if not given.
        backend: What computes a bundle; ONNX Runtime if not given, so that scores do not hang on timing.
        precision: What it computes in, as in `load`.
        on_batch: Told how many of how many samples are done.

    Raises:
        DataError: The part is empty, or no label of it is known to the network.

    Example:
        >>> evaluate("runs/.../0f6cf0c3--0", data_root="data/emotion_gait").scores["uar"]  # doctest: +SKIP
    """
    path = Path(path)
    chosen = backend or ("onnxruntime" if is_bundle(path) else None)
    predictor = load(path, backend=chosen, precision=precision)
    settings, parting = _data_of(path, predictor, data)
    corpus = catalog.dataset(settings.name).open(data_path(data_root), settings.options)
    samples = select(corpus.samples, parting, split)
    if not samples:
        raise DataError(f"{settings.name} has no {split} part")
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
        raise DataError(
            f"no label of {settings.name} is known to the network: {list(predictor.labels.names)}"
        )
    logits, used, broken = answer_all(
        known, predictor.preprocess, predictor.network, predictor.task, on_batch=on_batch
    )
    if not used:
        raise DataError(f"not one of {len(known)} samples could be used, such as {broken[0]}")
    truth = make_targets(used, corpus.labels, corpus.task).numpy()
    target = (
        folder
        or (path / "evaluation" if _is_run(path) else path.with_name(path.name + "-evaluation")) / split
    )
    result = _score(predictor, logits, used, _mapped(truth, corpus.labels.names, names, predictor), target)
    result.skipped.extend([*skipped, *broken, *corpus.skipped])
    result.localization.update(localize(predictor, used))
    _write(result)
    if _is_run(path):
        _record(path, settings.name, split, result)
    return result


def localize(predictor: Predictor, samples: Sequence[Sample]) -> dict[str, float]:
    """How well temporal attention finds what samples say happens in them; empty where none says so.

    Weakly supervised detection as in CTEN (CVPR 2023): a network that was trained on labels of whole clips
    detects the segments with the most attention. Samples are computed a second time for it.
    """
    stated = [sample for sample in samples if sample.facts.get("events")]
    if not stated or not isinstance(predictor.preprocess, Timed):
        return {}
    truths = {
        sample.id: Segments(
            np.array([(event["start_s"], event["end_s"]) for event in sample.facts["events"]])
        )
        for sample in stated
    }
    found: dict[str, Segments] = {}
    for answer in predictor.predict(stated):
        if isinstance(answer, Prediction):
            attention = np.array([moment.attention for moment in answer.moments])
            spans_s = np.array([(moment.start_s, moment.end_s) for moment in answer.moments])
            found[answer.id] = Segments(*segments_from_attention(attention, spans_s))
    return mean_average_precision(found, truths)


def _is_run(path: Path) -> bool:
    return (path / "recipe.toml").is_file()


def _data_of(path: Path, predictor: Predictor, data: str | None) -> tuple[DataSettings, SplitSettings]:
    """Which data, parted how: the run's own recipe, the bundle's memory of it, or another set's own parts."""
    if _is_run(path):
        recipe: Recipe = open_run(path).recipe
        own, parting = recipe.data, recipe.split
    elif "data" not in predictor.document:  # a converted checkpoint, or its bundle
        if data is None:
            raise UsageError(f"{path} knows no data of its own: name a data set with --data NAME")
        return DataSettings(name=catalog.canonical(data)), SplitSettings()
    elif is_bundle(path):
        own = DataSettings.model_validate(predictor.document["data"])
        parting = SplitSettings.model_validate(predictor.document["split"])
    else:
        raise UsageError(
            f"{path} is a checkpoint of a run: evaluate the run folder, which knows how the data was parted"
        )
    if data is None or catalog.canonical(data) == own.name:
        return own, parting
    return DataSettings(name=catalog.canonical(data)), SplitSettings()


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
    names, classes = predictor.labels.names, len(predictor.labels)
    probability = predictor.probability(logits)
    predicted = probability.argmax(axis=1)
    hard = truth.argmax(axis=1) if truth.ndim == 2 else truth
    confusion = confusion_matrix(hard, predicted, classes)
    intervals: dict[str, tuple[float, float]] = {}
    if predictor.task == "multi_label":
        scores = multi_label_scores(truth, probability)
    else:
        subjects = np.array([sample.subject or f"sample {sample.id}" for sample in samples])
        intervals = bootstrap_intervals(hard, predicted, classes, groups=subjects)
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
    folder.mkdir(parents=True, exist_ok=True)
    if predictor.task == "single_label":
        draw_confusion(confusion, names, folder / "confusion.png", title=f"{len(samples)} samples")
        draw_reliability(probability, hard, folder / "reliability.png")
    hint = exchanged_labels(confusion, names) if predictor.task == "single_label" else ""
    return Evaluation(
        scores,
        intervals,
        per_class(confusion, names),
        confusion,
        names,
        rows,
        folder,
        label_hint=hint,
        backend=predictor.backend,
    )


def _write(result: Evaluation) -> None:
    write_text(result.folder / "scores.json", json.dumps(result.to_dict(), indent=1) + "\n")
    with (result.folder / "predictions.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(result.predictions[0]))
        writer.writeheader()
        writer.writerows(result.predictions)
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(result.predictions), result.folder / "predictions.parquet"
    )


def _record(path: Path, data: str, split: str, result: Evaluation) -> None:
    """One line for each look at the data."""
    line = {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "data": data,
        "split": split,
        "samples": len(result.predictions),
        "scores": result.scores,
    }
    (path / "evaluation").mkdir(exist_ok=True)
    with (path / "evaluation" / "record.jsonl").open("a") as stream:
        stream.write(json.dumps(line) + "\n")
