"""`affekt predict` of words: files of lines, `--text` and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from affekt.cli.words.answer import answer_lines
from affekt.core.errors import UsageError
from affekt.core.sample import Sample, Skipped
from affekt.data.left_out import as_values, summary_of
from affekt.deploy.runtime.conversations import linked, words_samples
from affekt.deploy.runtime.input_types import reads_words
from affekt.deploy.runtime.samples import as_samples, survey
from affekt.media.text import SUFFIXES, read_stream
from affekt.report.timeline.one_clip import check_one_clip

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor

_STDIN, _STREAM = Path("-"), "stdin"
_LINE_BYTES = 64  # of a line of conversation with its name or times, to guess the number of lines


def check_inputs(inputs: Sequence[Path], texts: Sequence[str]) -> bool:
    """Whether standard input is to be read.

    Raises:
        UsageError: Nothing is given, things that do not go together, or a path that does not exist.
    """
    if not inputs and not texts:
        raise UsageError("nothing to predict: give files, folders, --text WORDS, or - for standard input")
    if inputs and texts:
        raise UsageError(f"--text and {inputs[0]} are given: words or files, not both")
    if _STDIN in inputs:
        if len(inputs) > 1:
            raise UsageError("- reads standard input, and is given alone, without files")
        check_stdin()
        return True
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise UsageError(f"{', '.join(missing)} does not exist")
    return False


def check_stdin() -> None:
    """Refuse a standard input that is closed.

    Raises:
        UsageError: It is.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("standard input is closed: give lines by a pipe or a file (< talk.txt)")


def lines_in(path: Path) -> int:
    """A guess of the number of inputs in a file: lines of a file of lines, else 1."""
    return 1 + path.stat().st_size // _LINE_BYTES if path.suffix.lower() in SUFFIXES else 1


def predict_words(
    predictor: Predictor,
    inputs: Sequence[Path],
    texts: Sequence[str],
    *,
    output: Path | None,
    json: bool,
    batch_size: int | None,
    encoding: str | None,
    form: str | None = None,
) -> None:
    """Answer the lines of files, words, or standard input if neither is given.

    Raises:
        UsageError: The bundle does not read words.
        MediaError: There is no answer.
    """
    if not reads_words(predictor.modality):
        raise UsageError(
            f"this bundle takes inputs of modality {predictor.modality}, not words: give files, and neither "
            "--text, --encoding nor -"
        )
    keep = predictor.earlier_turns
    left_out, hidden = [], 0
    samples: Iterator[Sample | Skipped]
    if texts:
        samples = words_samples(texts, "text", keep=keep)
    elif inputs:
        files, left_out, hidden = survey(inputs, predictor.modality)
        samples = as_samples(files, predictor.modality, earlier_turns=keep, encoding=encoding)
        if output:
            check_one_clip(output, inputs=len(files), modality=predictor.modality)
    else:
        lines = read_stream(sys.stdin.buffer, _STREAM, encoding=encoding, form=form)
        samples = linked(lines, _STREAM, keep=keep)
    answer_lines(
        predictor,
        samples,
        output=output,
        json=json,
        live=not inputs and not texts,
        batch_size=batch_size,
        extra={"left_out": as_values(left_out, hidden), "backend": predictor.backend},
        left_out=summary_of(left_out, example=True),
    )
