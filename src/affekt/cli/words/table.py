"""A table of answers to words, printed row by row."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Skipped
from affekt.report.timeline.moments import clock

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor

_PIPE_WIDTH = 200  # columns where there is no terminal, as in `show.as_table`
# Widths of columns; words have what is left, between two limits.
_TURN, _SPEAKER, _TIME, _LEAST_WORDS, _MOST_WORDS, _OTHER = 5, 12, 7, 16, 60, 24


class Table:
    """Rows on standard output, as they come: columns have a fixed width."""

    def __init__(self, predictor: Predictor, *, live: bool) -> None:
        self._task, self._live = predictor.task, live
        self._several = "+" in predictor.modality
        is_terminal = sys.stdout.isatty()
        self._width = shutil.get_terminal_size().columns if is_terminal else _PIPE_WIDTH
        self._label = max(5, *(cell_len(name) for name in predictor.labels.names))
        self._dialogue: str | None = None
        self._columns: list[tuple[str, int]] = []

    def add(self, answer: Prediction | Skipped) -> None:
        if isinstance(answer, Skipped):
            return
        shown = self._task.shown(answer)
        if self._several:
            shown = {**shown, "based on": answer.modality}
        if not self._columns:
            self._columns = self._make_columns(shown)
            self._print([name for name, _ in self._columns], "other scores")
        if answer.dialogue != self._dialogue:
            self._dialogue = answer.dialogue
            write_line(f"-- {plain(answer.dialogue or '')}")
        fixed = [
            "" if answer.turn is None else str(answer.turn),
            plain(answer.speaker or ""),
            clock(answer.span_s[0]) if answer.span_s else "",
            plain(answer.text or ""),
        ]
        cells = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in shown.values()]
        self._print([*fixed, *cells], other_scores(answer))

    def stop(self) -> None:
        pass

    def finish(self) -> None:
        pass

    def _make_columns(self, shown: dict[str, Any]) -> list[tuple[str, int]]:
        answers = [(name, max(len(name), self._width_of(name, value))) for name, value in shown.items()]
        fixed = _TURN + _SPEAKER + _TIME + sum(width for _, width in answers) + 2 * (3 + len(answers))
        words = max(_LEAST_WORDS, min(_MOST_WORDS, self._width - fixed - 2 - _OTHER))
        return [("turn", _TURN), ("speaker", _SPEAKER), ("time", _TIME), ("words", words), *answers]

    def _width_of(self, name: str, value: Any) -> int:
        return 5 if isinstance(value, float) else self._label if name == "label" else _OTHER

    def _print(self, cells: list[str], rest: str) -> None:
        fitted = [shortened(cell, width) for cell, (_, width) in zip(cells, self._columns, strict=True)]
        line = "  ".join([*fitted, rest])
        if sys.stdout.isatty():
            line = set_cell_size(line, self._width) if cell_len(line) > self._width else line
        write_line(line.rstrip(), flush=self._live)


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
