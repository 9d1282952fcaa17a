"""A table of answers to words, printed row by row."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from affekt.cli.tables import WIDTH
from affekt.core.answers.prediction import Prediction
from affekt.core.claims.invented import NOTE
from affekt.core.sample import Skipped
from affekt.report.timeline.moments import clock

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor

# Widths of columns; words have what is left, between two limits.
_TURN, _SPEAKER, _TIME, _LEAST_WORDS, _MOST_WORDS, _OTHER = 5, 12, 7, 16, 60, 24
_GAP, _INDENT = "  ", "    "


class Table:
    """Rows on standard output, as they come: columns have a fixed width.

    Columns of speakers and times are there if the first line of a dialogue has them. Answers that have no
    room beside the words are printed below them.

    Args:
        scores: Print the scores of all labels below each line, not only the second highest one.
    """

    def __init__(self, predictor: Predictor, *, live: bool, scores: bool = False) -> None:
        self._task, self._live, self._all = predictor.task, live, scores
        self._several = "+" in predictor.modality
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        self._label = max(5, *(cell_len(name) for name in predictor.labels.names))
        self._dialogue: str | None = None
        self._columns: dict[str, int] = {}
        self._below = False

    def add(self, answer: Prediction | Skipped) -> None:
        if isinstance(answer, Skipped):
            return
        shown = self._task.shown(answer)
        if len(answer.scores) > 1 and not self._all:
            shown = {**shown, "runner-up": other_scores(answer, most=1)}
        if NOTE in answer.notes:
            shown = {**shown, "trained on": "invented data"}
        if self._several:
            shown = {**shown, "based on": answer.modality}
        if not self._columns or answer.dialogue != self._dialogue:
            columns = self._make_columns(answer, shown)
            if columns != self._columns:
                self._columns = columns
                self._print({name: name for name in columns}, shown)
        if answer.dialogue != self._dialogue:
            self._dialogue = answer.dialogue
            write_line(f"-- {plain(answer.dialogue or '')}")
        words, speaker = plain(answer.text or ""), plain(answer.speaker or "")
        cells = {
            "turn": "" if answer.turn is None else str(answer.turn),
            "speaker": speaker,
            "time": clock(answer.span_s[0]) if answer.span_s else "",
            "words": f"{speaker}: {words}" if speaker and "speaker" not in self._columns else words,
        }
        answers = {
            name: f"{value:.3f}" if isinstance(value, float) else str(value) for name, value in shown.items()
        }
        self._print(cells | answers, shown)
        if self._all:
            for line in textwrap.wrap(other_scores(answer), self._width - len(_INDENT)):
                write_line(_INDENT + line, flush=self._live)

    def stop(self) -> None:
        pass  # each row is printed already

    def finish(self) -> None:
        pass

    def _make_columns(self, first: Prediction, shown: dict[str, Any]) -> dict[str, int]:
        """Width of each column by its name."""
        answers = {name: max(len(name), self._width_of(name, value)) for name, value in shown.items()}
        columns = {"turn": _TURN}
        columns |= {"speaker": _SPEAKER} if first.speaker else {}
        columns |= {"time": _TIME} if first.span_s else {}
        left = self._width - _needed(columns) - len(_GAP)
        words = left - _needed(answers) - len(_GAP)
        self._below = words < _LEAST_WORDS
        return columns | {"words": max(1, min(_MOST_WORDS, left if self._below else words))} | answers

    def _width_of(self, name: str, value: Any) -> int:
        if isinstance(value, float):
            return 5
        if name == "runner-up":
            return self._label + len(" 0.00")
        if name == "trained on":
            return len(str(value))
        return self._label if name == "label" else _OTHER

    def _print(self, cells: dict[str, str], shown: dict[str, Any]) -> None:
        fitted = {name: shortened(cells[name], width) for name, width in self._columns.items()}
        beside = [text for name, text in fitted.items() if not (self._below and name in shown)]
        write_line(_GAP.join(beside).rstrip(), flush=self._live)
        if not self._below:
            return
        lines = [""]
        for name in shown:
            if lines[-1] and cell_len(lines[-1] + fitted[name]) + len(_INDENT) > self._width:
                lines.append("")
            lines[-1] += fitted[name] + _GAP
        for line in lines:
            write_line((_INDENT + line).rstrip(), flush=self._live)


def _needed(columns: dict[str, int]) -> int:
    return sum(columns.values()) + len(_GAP) * (len(columns) - 1)


def other_scores(prediction: Prediction, *, most: int | None = None) -> str:
    """Scores of the labels after the predicted one, the highest first."""
    ranked = sorted(prediction.scores.items(), key=lambda pair: -pair[1])
    others = [(name, value) for name, value in ranked if name != prediction.label]
    return ", ".join(f"{name} {value:.2f}" for name, value in others[:most])


def shortened(text: str, width: int) -> str:
    """Text in exactly this number of terminal columns."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "\N{HORIZONTAL ELLIPSIS}"
    return set_cell_size(text, width)


def plain(text: str) -> str:
    """Text without characters that a terminal would obey."""
    # The zero-width joiner is part of emoji.
    return "".join(one if one.isprintable() or one == "\u200d" else " " for one in text)


def write_line(text: str, *, flush: bool = False) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")
    if flush:
        sys.stdout.flush()
