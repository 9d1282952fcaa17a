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
from affekt.core.files.output import check_file
from affekt.core.files.tables import write_parquet
from affekt.core.files.whole import write_text
from affekt.core.sample import Skipped
from affekt.deploy.runtime.streams import (
    CsvTable,
    JsonLines,
    all_rows,
    columns_of,
    flat_rows,
    skipped_values,
)
from affekt.report.conversation import elan, srt
from affekt.report.conversation.lines import is_conversation
from affekt.report.timeline import elan as timeline_elan
from affekt.report.timeline import srt as timeline_srt
from affekt.report.timeline.one_clip import check_one_clip

Writer = Callable[[Path, Sequence[Prediction], Sequence[Skipped]], None]


def writer_for(path: Path) -> Writer:
    """The writer of a file, by its suffix. Call it before computing, so that no answers are lost by an error.

    Raises:
        UsageError: The suffix is unknown, the folder does not exist, or the file cannot be written.
        MissingExtra: Parquet was asked for without pyarrow.
    """
    writers: dict[str, Writer] = {
        ".json": _write_json,
        ".jsonl": _write_json_lines,
        ".csv": _write_csv,
        ".parquet": _write_parquet,
        ".srt": _write_annotations(srt.write_srt, timeline_srt.write_srt),
        ".eaf": _write_annotations(elan.write_eaf, timeline_elan.write_eaf),
        ".html": _write_html,
    }
    if path.suffix not in writers:
        raise UsageError(
            f"{path}: predictions are written as {', '.join(writers)}, not as {path.suffix or 'nothing'}"
        )
    check_file(path, makes_folders=False)
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
    write_text(path, json.dumps(to_document(predictions, skipped), indent=1) + "\n", error=UsageError)


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
    write_parquet(path, all_rows(predictions, skipped), error=UsageError)


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


def _write_annotations(
    write_lines: Callable[[Path, Sequence[Prediction]], None], write_clip: Callable[[Path, Prediction], None]
) -> Writer:
    """A writer for files that show the lines of a conversation, or one clip."""

    def write(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
        _check_labels(path, predictions)
        if is_conversation(predictions):
            write_lines(path, predictions)
        else:
            modality = predictions[0].modality if predictions else ""
            check_one_clip(path, inputs=len(predictions), modality=modality)
            write_clip(path, predictions[0])

    return write


def _write_html(path: Path, predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> None:
    # Templates, and readers of media: not needed for the other files.
    from affekt.report.conversation.page import write_page
    from affekt.report.timeline.page import write_timeline

    _check_labels(path, predictions)
    if is_conversation(predictions):
        write_page(path, predictions, skipped)
    else:
        write_timeline(path, predictions, skipped)
