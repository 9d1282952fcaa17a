"""Predictions to a file, by its suffix.

JSON and JSON lines hold complete predictions, with their moments. CSV and Parquet have one row per input,
without its moments; for localization one row per segment. SRT (subtitles), EAF (ELAN) and HTML (a page) show
the timeline of a clip, or the lines of a conversation. `streams` writes CSV and JSON lines answer by answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError, require
from affekt.core.sample import Skipped
from affekt.deploy.runtime.streams import (
    CsvTable,
    JsonLines,
    all_rows,
    check_folder,
    columns_of,
    flat_rows,
    skipped_values,
)
from affekt.report.timeline.elan import write_eaf
from affekt.report.timeline.one_clip import check_one_clip
from affekt.report.timeline.srt import write_srt

Writer = Callable[[Path, Sequence[Prediction], Sequence[Skipped]], None]


def writer_for(path: Path) -> Writer:
    """The writer of a file, by its suffix. Call it before computing, so that no answers are lost by an error.

    Raises:
        UsageError: The suffix is unknown, or the folder does not exist.
        MissingExtra: Parquet was asked for without pyarrow.
    """
    writers: dict[str, Writer] = {
        ".json": _write_json,
        ".jsonl": _write_json_lines,
        ".csv": _write_csv,
        ".parquet": _write_parquet,
        ".srt": _write_one(write_srt),
        ".eaf": _write_one(write_eaf),
        ".html": _write_html,
    }
    if path.suffix not in writers:
        raise UsageError(
            f"{path}: predictions are written as {', '.join(writers)}, not as {path.suffix or 'nothing'}"
        )
    check_folder(path)
    if path.suffix == ".parquet":
        require("pyarrow", extra="parquet", needed_by="Parquet output")
    return writers[path.suffix]


def to_document(predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> dict[str, Any]:
    """Predictions and skipped items as plain values."""
    return {
        "predictions": [prediction.to_dict() for prediction in predictions],
        "skipped": [skipped_values(item) for item in skipped],
    }


def _write_json(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    path.write_text(json.dumps(to_document(predictions, skipped), indent=1) + "\n")


def _write_json_lines(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    with JsonLines(path) as out:
        for item in (*predictions, *skipped):
            out.write(item)


def _write_csv(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    columns = columns_of(row for answer in predictions for row in flat_rows(answer))
    with CsvTable(path, columns) as out:
        for item in (*predictions, *skipped):
            out.write(item)


def _write_parquet(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    pyarrow = require("pyarrow", extra="parquet", needed_by="Parquet output")
    parquet = require("pyarrow.parquet", extra="parquet", needed_by="Parquet output")
    parquet.write_table(pyarrow.Table.from_pylist(all_rows(predictions, skipped)), path)


def _check_labels(path: Path, predictions: Sequence[Prediction]) -> None:
    """Refuse a timeline of answers without a label.

    Raises:
        UsageError: Naming the task.
    """
    if bare := [answer for answer in predictions if not answer.label]:
        raise UsageError(
            f"{path}: predictions of {bare[0].task} have no label, so {path.suffix} cannot show them: "
            "write .csv, .parquet, .json or .jsonl"
        )


def _write_one(write: Callable[[Path, Prediction], None]) -> Writer:
    """A writer for files that show one clip."""

    def write_only(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
        _check_labels(path, predictions)
        check_one_clip(path, inputs=len(predictions), modality=predictions[0].modality if predictions else "")
        write(path, predictions[0])

    return write_only


def _write_html(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    from affekt.report.timeline.page import write_timeline  # reads media: not needed for the other files

    _check_labels(path, predictions)
    write_timeline(path, predictions, skipped)
