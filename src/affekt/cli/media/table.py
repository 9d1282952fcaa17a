"""Answers to media as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from affekt.cli.tables import as_table
from affekt.cli.words.table import other_scores
from affekt.core.answers.prediction import Prediction
from affekt.core.claims.invented import NOTE
from affekt.core.task import Task


def show_table(task: Task, predictions: Sequence[Prediction], *, all_scores: bool) -> None:
    """A table with a row for each prediction."""
    shown = [task.shown(p) for p in predictions]
    names = list(predictions[0].scores)
    rest: dict[str, list[object]] = {}
    if len(names) > 1 and not all_scores:
        rest["runner-up"] = [other_scores(p, most=1) for p in predictions]
    if any(p.box for p in predictions):
        rest["box"] = [_box(p) for p in predictions]
    if any(p.moments for p in predictions):
        rest["when"] = [_when(p) for p in predictions]
    if any(NOTE in p.notes for p in predictions):
        rest["trained on"] = ["invented data" if NOTE in p.notes else "" for p in predictions]
    if all_scores:
        rest |= {name: [p.scores[name] for p in predictions] for name in names}
    as_table(
        ("input", *shown[0], *rest),
        [
            (p.id, *columns.values(), *cells)
            for p, columns, *cells in zip(predictions, shown, *rest.values(), strict=True)
        ],
        whole=("input",),
    )


def _box(prediction: Prediction) -> str:
    """Size and place of the face in pixels; empty where the whole picture was answered."""
    if prediction.box is None:
        return ""
    left, top, right, bottom = (round(value) for value in prediction.box)
    return f"{right - left} x {bottom - top} at {left}, {top}"


def _when(prediction: Prediction) -> str:
    """The segment with the highest confidence or attention; empty if there is none."""
    from affekt.report.timeline.moments import clock, key_spans

    spans, counts = key_spans(prediction)
    if not len(spans):
        return ""
    best = int(counts.argmax())
    start_s, end_s = spans[best].tolist()
    places = 0 if end_s - start_s >= 2 else 1
    # A clip can hold several labels: that of the segment may differ from that of the clip.
    label = f" {prediction.segments[best].label}" if prediction.segments else ""
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}{label}"


def lines_of_notes(predictions: list[Prediction]) -> list[str]:
    """Limitations of the inputs, one line for each note; equal notes are printed once."""
    sharing: dict[str, list[str]] = {}
    for prediction in predictions:
        for note in prediction.notes:
            sharing.setdefault(note, []).append(prediction.id)
    return [
        f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {note}"
        for note, names in sharing.items()
    ]
