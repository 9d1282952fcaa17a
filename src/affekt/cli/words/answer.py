"""An answer for each line, printed or written as it is computed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from affekt.cli.show import as_json, progress, say
from affekt.cli.words.report import Report
from affekt.cli.words.table import Table, write_line
from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.output import to_document, writer_for
from affekt.deploy.runtime.streams import STREAMED, json_line, stream_writer
from affekt.report.wording import counted

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor


class Sink(Protocol):
    """Where answers go."""

    def add(self, answer: Prediction | Skipped) -> None:
        """Take the next answer."""
        ...

    def finish(self) -> None:
        """Called when all answers were taken and there is at least one."""
        ...


def answer_lines(
    predictor: Predictor,
    samples: Iterable[Sample | Skipped],
    *,
    output: Path | None,
    json: bool,
    scores: bool = False,
    live: bool,
    batch_size: int | None,
    extra: dict[str, Any],
    left_out: str,
) -> None:
    """Answer lines and report what was left out.

    Args:
        scores: Print those of all labels.
        live: Lines come one by one, and each answer is printed at once; with `json` one JSON object a line.
        extra: Further entries of the JSON document.
        left_out: A summary of files that were left out; may be empty.

    If it is stopped by Ctrl-C or SIGTERM, a .csv or .jsonl file holds the answers so far.

    Raises:
        MediaError: There is no answer.
    """
    report = Report(live=live)
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if output:
            sinks.append(_Streamed(stack, output) if output.suffix in STREAMED else _Whole(output))
        if json:
            sinks.append(_JsonLines() if live else _Document(extra))
        elif not output:
            sinks.append(Table(predictor, live=live, scores=scores))
        # A bar on standard error and lines on standard output would overwrite each other.
        step = stack.enter_context(progress("predicting")) if output or (json and not live) else None
        answers = predictor.answers(samples, batch_size=batch_size or (1 if live else None))
        done = 0
        try:
            for done, answer in enumerate(answers, start=1):
                report.add(answer)
                for sink in sinks:
                    sink.add(answer)
                if step:
                    step(done, None)
        except (KeyboardInterrupt, SystemExit):  # Ctrl-C, SIGTERM: complete rows are not lost
            _say_stopped([sink.keep() for sink in sinks if isinstance(sink, _Streamed)], output, done)
            raise
        report.check(left_out)
        for sink in sinks:
            sink.finish()
    if output:
        say(f"{counted(report.predicted, 'prediction')}: {output}")
    for text in report.lines():
        say(text)
    if left_out:
        say(left_out)


def _say_stopped(kept: list[int], output: Path | None, done: int) -> None:
    if kept and kept[0]:
        say(f"stopped after {counted(kept[0], 'line')}, before the end: {output} holds their answers")
    elif output:
        say(f"stopped after {counted(done, 'line')}: {output} is not written")


class _Streamed:
    """A file of answers in their order."""

    def __init__(self, stack: ExitStack, path: Path) -> None:
        self._writer = stack.enter_context(stream_writer(path))
        self._count = 0

    def add(self, answer: Prediction | Skipped) -> None:
        self._writer.write(answer)
        self._count += 1

    def keep(self) -> int:
        """Complete the file with what was added, unless it is nothing. Returns the number of answers."""
        if self._count:
            self._writer.close()
        return self._count

    def finish(self) -> None:
        pass  # the stack closes it


class _Collected:
    """All answers in memory, for what can only be written as a whole."""

    def __init__(self) -> None:
        self.predictions: list[Prediction] = []
        self.skipped: list[Skipped] = []

    def add(self, answer: Prediction | Skipped) -> None:
        if isinstance(answer, Prediction):
            self.predictions.append(answer)
        else:
            self.skipped.append(answer)


class _Whole(_Collected):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._write = path, writer_for(path)

    def finish(self) -> None:
        self._write(self._path, self.predictions, self.skipped)


class _Document(_Collected):
    def __init__(self, extra: dict[str, Any]) -> None:
        super().__init__()
        self._extra = extra

    def finish(self) -> None:
        as_json({**to_document(self.predictions, self.skipped), **self._extra})


class _JsonLines:
    def add(self, answer: Prediction | Skipped) -> None:
        write_line(json_line(answer), flush=True)

    def finish(self) -> None:
        pass
