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
from affekt.core.wording import counted
from affekt.deploy.runtime.output import to_document, writer_for
from affekt.deploy.runtime.streams import STREAMED, SoFar, json_line, stream_writer

if TYPE_CHECKING:
    from affekt.deploy.runtime.predictor import Predictor


class Sink(Protocol):
    """Where answers go."""

    def add(self, answer: Prediction | Skipped) -> None:
        """Take the next answer."""
        ...

    def stop(self) -> None:
        """Called when an error or a signal ends the work before all answers were taken."""
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

    If it is stopped by Ctrl-C or SIGTERM, the answers so far are printed, or in a file that is named. Lines
    that come one by one have no other end: their .csv or .jsonl file is then complete.

    Raises:
        MediaError: There is no answer.
    """
    report = Report(live=live)
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if output:
            kind = _Streamed if output.suffix in STREAMED else _Whole
            sinks.append(kind(stack, output, live=live))
        if json:
            sinks.append(_JsonLines() if live else _Document(extra))
        elif not output:
            sinks.append(Table(predictor, live=live, scores=scores))
        # A bar on standard error and lines on standard output would overwrite each other.
        step = stack.enter_context(progress("predicting")) if output or (json and not live) else None
        answers = predictor.answers(samples, batch_size=batch_size or (1 if live else None))
        try:
            for done, answer in enumerate(answers, start=1):
                report.add(answer)
                for sink in sinks:
                    sink.add(answer)
                if step:
                    step(done, None)
        except BaseException:  # Ctrl-C and SIGTERM as well: what was computed is not lost
            for sink in sinks:
                sink.stop()
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


class _Streamed:
    """A file of answers in their order."""

    def __init__(self, stack: ExitStack, path: Path, *, live: bool) -> None:
        self._writer = stack.enter_context(stream_writer(path))
        self._live, self._count = live, 0

    def add(self, answer: Prediction | Skipped) -> None:
        self._writer.write(answer)
        self._count += 1

    def stop(self) -> None:
        if self._live and self._count:
            self._writer.close()
            say(f"stopped after {counted(self._count, 'line')}: {self._writer.path} holds their answers")

    def finish(self) -> None:
        pass  # the stack closes it, or keeps what it holds


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
    def __init__(self, stack: ExitStack, path: Path, *, live: bool) -> None:
        super().__init__()
        self._path, self._write = path, writer_for(path)
        self._so_far = stack.enter_context(SoFar(path))

    def add(self, answer: Prediction | Skipped) -> None:
        super().add(answer)
        self._so_far.write(answer)

    def stop(self) -> None:
        pass  # the stack keeps the answers so far

    def finish(self) -> None:
        self._write(self._path, self.predictions, self.skipped)


class _Document(_Collected):
    def __init__(self, extra: dict[str, Any]) -> None:
        super().__init__()
        self._extra = extra

    def stop(self) -> None:
        if self.predictions:
            as_json({**to_document(self.predictions, self.skipped), **self._extra, "unfinished": True})

    def finish(self) -> None:
        as_json({**to_document(self.predictions, self.skipped), **self._extra})


class _JsonLines:
    def add(self, answer: Prediction | Skipped) -> None:
        write_line(json_line(answer), flush=True)

    def stop(self) -> None:
        pass  # each line is printed already

    def finish(self) -> None:
        pass
