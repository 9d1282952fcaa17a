"""`affekt predict` of words and scenes: files of lines, clips, `--text` and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from affekt.cli.words.answer import answer_lines
from affekt.core.errors import UsageError
from affekt.core.sample import Sample, Skipped
from affekt.data.left_out import as_values, summary_of
from affekt.deploy.runtime.clip_words import word_sources
from affekt.deploy.runtime.conversations import linked, words_samples
from affekt.deploy.runtime.input_types import check_any_path, reads_words
from affekt.deploy.runtime.samples import survey
from affekt.deploy.runtime.scenes import apart_samples, check_apart
from affekt.media.text import SUFFIXES, read_stream
from affekt.report.timeline.one_clip import check_one_clip

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor
    from affekt.media.speech import Recognizer

_STDIN, _STREAM = Path("-"), "stdin"
_LINE_BYTES = 64  # of a line of conversation with its name or times, to guess the number of lines


def check_inputs(
    inputs: Sequence[Path], texts: Sequence[str], apart: Mapping[str, Path] | None = None
) -> bool:
    """Whether standard input is to be read.

    Args:
        apart: Files of the sound and picture of one clip.

    Raises:
        UsageError: Nothing is given, things that do not go together, or only paths that do not exist.
    """
    if not inputs and not texts and not apart:
        raise UsageError("nothing to predict: give files, folders, --text WORDS, or - for standard input")
    if inputs and apart:
        raise UsageError(f"--{next(iter(apart))} and {inputs[0]} are given: a clip, or its parts, not both")
    if len(inputs) > 1 and texts:
        raise UsageError(f"--text and {inputs[0]} are given: words or files, not both")
    if _STDIN in inputs:
        if len(inputs) > 1:
            raise UsageError("- reads standard input, and is given alone, without files")
        check_stdin()
        return True
    check_any_path(inputs)
    return False


def check_stdin() -> None:
    """Refuse a standard input that is closed.

    Raises:
        UsageError: It is.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("standard input is closed: give it by a pipe or from a file (< talk.txt)")


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
    scores: bool = False,
    batch_size: int | None,
    encoding: str | None,
    form: str | None = None,
    apart: Mapping[str, Path] | None = None,
    transcript: Path | None = None,
    recognize: bool | Recognizer | None = None,
) -> None:
    """Answer the lines of files, clips, words, or standard input if nothing is given.

    Args:
        scores: Print those of all labels.
        recognize: As in `Predictor.predict`.

    Raises:
        UsageError: The bundle does not read what is given.
        MediaError: There is no answer.
    """
    apart = apart or {}
    worded = bool(texts or encoding or transcript) or not (inputs or apart)
    if not reads_words(predictor.modality) and worded:
        raise UsageError(
            f"this bundle takes inputs of modality {predictor.modality}, not words: give files, and neither "
            "--text, --encoding nor -"
        )
    keep = predictor.earlier_turns
    left_out, hidden = [], 0
    samples: Iterator[Sample | Skipped]
    if len(texts) > 1 and (inputs or apart):
        raise UsageError(f"--text is given {len(texts)} times: the words of a clip are stated once")
    if transcript is not None and not (inputs or apart):
        raise UsageError(f"--transcript {transcript} states the words of one clip, and none is given")
    stated = texts[0] if texts else None
    if inputs:
        files, left_out, hidden = survey(inputs, predictor.modality)
        samples = predictor.samples(
            files, encoding=encoding, text=stated, transcript=transcript, recognize=recognize
        )
        if output:
            check_one_clip(output, inputs=len(files), modality=predictor.modality)
    elif apart:
        check_apart(apart, predictor.modality)
        parts = [next(iter(apart.values()))]  # of one clip
        words = word_sources(
            predictor.modality, parts, text=stated, transcript=transcript, recognize=recognize
        )
        samples = apart_samples(apart, predictor.modality, keep=keep, encoding=encoding, words=words)
    elif texts:
        samples = words_samples(texts, "text", keep=keep)
    else:
        lines = read_stream(sys.stdin.buffer, _STREAM, encoding=encoding, form=form)
        samples = linked(lines, _STREAM, keep=keep)
    answer_lines(
        predictor,
        samples,
        output=output,
        json=json,
        scores=scores,
        live=not (inputs or texts or apart),
        batch_size=batch_size,
        extra={"left_out": as_values(left_out, hidden), "backend": predictor.backend},
        left_out=summary_of(left_out, example=True),
    )
