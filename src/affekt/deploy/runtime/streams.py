"""Answers written one by one, as CSV or JSON lines: a file of any length needs the memory of one answer.

The file appears under its name when it is complete, or when the caller closes it early and says so. What an
error, Ctrl-C or a full disk leaves is kept under another name, `answers.unfinished.csv`, because half a table
looks like a whole one. After SIGKILL it lies beside the place as `.answers.csv.<digits>.partial`.
"""

from __future__ import annotations

import csv
import json
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, TextIO

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import AffektError, UsageError
from affekt.core.files.cells import safe_row
from affekt.core.files.output import check_file
from affekt.core.files.whole import is_partial, partial_of, put_whole
from affekt.core.sample import Skipped
from affekt.core.task import table_rows

log = logging.getLogger(__name__)

STREAMED = (".csv", ".jsonl")
_OPEN: set[Path] = set()  # files of this process that are being written
_SIDES = ("left", "top", "right", "bottom")  # of the box of a face, in pixels
# Columns of a table in which no input has an answer.
_UNANSWERED = ("id", "label", "confidence", "notes", "skipped")


class StreamWriter(ABC):
    """Writes answers in the order in which they come; a context manager.

    Each answer is in the file beside the place when `write` returns, so that a kill loses none.

    Attributes:
        count: Answers that it holds.
        suffix: Of its format.

    Example:
        >>> with stream_writer(Path("answers.jsonl")) as out:  # doctest: +SKIP
        ...     for answer in predictor.predict(samples):
        ...         out.write(answer)
    """

    suffix: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._whole = 0  # bytes of its complete lines
        for older in _left_beside(path):
            log.warning("%s holds the answers of a run that was killed, or that is not done", older)
        self._partial = partial_of(path).absolute()
        try:
            # Names of files may hold bytes that are not UTF-8: they are written as \udcff, so that no
            # answers are lost.
            self._stream: TextIO = self._partial.open(
                "x", newline="", encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            raise self._unwritable(error) from None
        _OPEN.add(self._partial)

    @abstractmethod
    def _write(self, item: Prediction | Skipped) -> None: ...

    @abstractmethod
    def _finish(self) -> None:
        """Write what is left."""

    def write(self, item: Prediction | Skipped) -> None:
        """Add an answer, or an input without one.

        Raises:
            UsageError: The disk is full, or the table has no column for a value.
        """
        try:
            self._write(item)
            self._stream.flush()
            self._whole = os.fstat(self._stream.fileno()).st_size
        except OSError as error:
            raise self._unwritable(error) from None
        self.count += isinstance(item, Prediction)

    def close(self) -> None:
        """Complete the file. Does nothing if it is complete.

        Raises:
            UsageError: The disk is full, or the place cannot be written.
        """
        if self._stream.closed:
            return
        try:
            self._finish()
            self._stream.close()
        except OSError as error:
            raise self._unwritable(error) from None
        _OPEN.discard(self._partial)
        put_whole(self._partial, self.path, error=UsageError)

    def discard(self) -> None:
        """Remove what was written. Does nothing if the file is complete."""
        if not self._stream.closed:
            self._end_stream()
            self._partial.unlink(missing_ok=True)

    def keep(self) -> Path | None:
        """Give what was written a name that says that it is not complete, as in `answers.unfinished.csv`.

        Returns:
            The file; None if it is complete, or has no answer.
        """
        if not self._partial.exists():
            return None
        if not self.count:
            self.discard()
            self._partial.unlink(missing_ok=True)
            return None
        self._end_stream()
        with suppress(OSError):
            os.truncate(self._partial, self._whole)  # the disk had no room for the rest of a line
        kept = _free_name(self.path.with_suffix(self.suffix))
        self._partial.rename(kept)
        return kept

    def __enter__(self) -> StreamWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Complete the file; after an error, also that of Ctrl-C, keep what it holds and log where."""
        try:
            if kind is None:
                self.close()
                return
        except AffektError:
            self._keep_and_say()
            raise
        self._keep_and_say()

    def _keep_and_say(self) -> None:
        if kept := self.keep():
            log.warning("%s is not complete: %s holds the %d answers so far", self.path, kept, self.count)

    def _end_stream(self) -> None:
        _OPEN.discard(self._partial)
        with suppress(OSError):  # a full disk: what is left in memory cannot be written
            self._stream.close()

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"{self.path} cannot be written: {error.strerror or error}")


class JsonLines(StreamWriter):
    """One JSON object a line: a complete prediction, or the id and reason of a skipped input."""

    suffix = ".jsonl"

    def _write(self, item: Prediction | Skipped) -> None:
        self._stream.write(json_line(item) + "\n")

    def _finish(self) -> None:
        pass  # each line is complete


class SoFar(JsonLines):
    """The answers so far, beside a file that is written when all are there: kept if it is not written.

    Example:
        >>> with SoFar(Path("answers.parquet")) as so_far:  # doctest: +SKIP
        ...     for answer in answers:
        ...         so_far.write(answer)
        ...     write(Path("answers.parquet"), answers, [])
    """

    def close(self) -> None:
        """Remove them."""
        self.discard()


class CsvTable(StreamWriter):
    """One row per answer, or per detected segment. The columns are those of the first answer.

    Args:
        columns: Names of the columns, if they are known before the first answer.
    """

    suffix = ".csv"

    def __init__(self, path: Path, columns: Sequence[str] = ()) -> None:
        super().__init__(path)
        # Skipped inputs that come before the first answer wait for its columns.
        self._waiting: list[Skipped] = []
        self._table = self._begin(columns) if columns else None

    def _write(self, item: Prediction | Skipped) -> None:
        if isinstance(item, Skipped):
            if self._table is None:
                self._waiting.append(item)
            else:
                self._table.writerow(safe_row(_unanswered(item)))
            return
        rows = flat_rows(item)
        if self._table is None:
            self._table = self._begin(list(rows[0]))
        columns = self._table.fieldnames
        if more := [name for name in rows[0] if name not in columns]:
            raise UsageError(
                f"{self.path}: the answer to {item.id} has {', '.join(more)}, for which this table has no "
                "column, because the first answer has none: write .jsonl"
            )
        self._table.writerows(map(safe_row, rows))

    def _finish(self) -> None:
        if self._table is None:
            self._table = self._begin(_UNANSWERED)

    def _begin(self, columns: Sequence[str]) -> csv.DictWriter[str]:
        table = csv.DictWriter(self._stream, fieldnames=columns)
        table.writeheader()
        table.writerows(safe_row(_unanswered(item)) for item in self._waiting)
        self._waiting.clear()
        return table


def stream_writer(path: Path) -> StreamWriter:
    """A writer of single answers, for `.csv` and `.jsonl`. Other files need all answers: `writer_for`.

    Raises:
        UsageError: Another suffix, the folder does not exist, or the place cannot be written.
    """
    writers: dict[str, type[StreamWriter]] = {".csv": CsvTable, ".jsonl": JsonLines}
    if path.suffix not in writers:
        raise UsageError(
            f"{path}: answers are written one by one as {' or '.join(STREAMED)}, not as "
            f"{path.suffix or 'a file without suffix'}"
        )
    check_file(path, makes_folders=False)
    return writers[path.suffix](path)


def _left_beside(path: Path) -> list[Path]:
    """Unfinished files of a place that no open writer of this process has: a kill left them."""
    start = f".{path.name}."
    found = (one for one in path.parent.iterdir() if one.name.startswith(start) and is_partial(one))
    return sorted(one for one in found if one.absolute() not in _OPEN)


def _free_name(path: Path) -> Path:
    """A name for what is not complete, which no other file has."""
    names = (f"-{number}" if number > 1 else "" for number in count(1))
    places = (path.with_name(f"{path.stem}.unfinished{name}{path.suffix}") for name in names)
    return next(place for place in places if not os.path.lexists(place))


def json_line(item: Prediction | Skipped) -> str:
    """A prediction or a skipped input as one line of JSON, without line end."""
    return json.dumps(item.to_dict() if isinstance(item, Prediction) else skipped_values(item))


def skipped_values(item: Skipped) -> dict[str, str]:
    """Id and reason, for JSON."""
    return {"id": item.id, "reason": item.reason}


def flat_rows(answer: Prediction) -> list[dict[str, Any]]:
    """A prediction as rows of a table: one, or one per detected segment.

    An answer to words has columns for them before its label; one to a picture has columns for the box of a
    face, empty where the whole picture was answered.
    """
    return [
        {
            "id": answer.id,
            **_words(answer),
            **_box(answer),
            **values,
            "method": answer.provenance.method,
            "weights_sha256": answer.provenance.weights_sha256,
            "notes": "; ".join(answer.notes) or None,
            "skipped": None,
        }
        for values in table_rows(answer)
    ]


def all_rows(predictions: Sequence[Prediction], skipped: Sequence[Skipped]) -> list[dict[str, Any]]:
    """Rows of predictions, then of skipped inputs, which have a reason and no label. All have all columns."""
    rows = [row for answer in predictions for row in flat_rows(answer)]
    empty = dict.fromkeys(columns_of(rows))
    return [{**empty, **row} for row in [*rows, *map(_unanswered, skipped)]]


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of all columns, in the order in which they appear."""
    # Most rows have the same columns: equal ones are looked at once.
    kinds = dict.fromkeys(tuple(row) for row in rows) or {_UNANSWERED: None}
    return list(dict.fromkeys(name for names in kinds for name in names))


def _words(answer: Prediction) -> dict[str, Any]:
    if answer.text is None:
        return {}
    start_s, end_s = answer.span_s or (None, None)
    return {
        "dialogue": answer.dialogue,
        "turn": answer.turn,
        "speaker": answer.speaker,
        "start_s": start_s,
        "end_s": end_s,
        "text": answer.text,
    }


def _box(answer: Prediction) -> dict[str, Any]:
    """Of all pictures, so that the columns of a table do not depend on its first picture."""
    if answer.modality != "image":
        return {}
    return dict(zip(_SIDES, answer.box or (None,) * 4, strict=True))


def _unanswered(item: Skipped) -> dict[str, Any]:
    return {"id": item.id, "skipped": item.reason}
