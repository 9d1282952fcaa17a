"""`affekt predict` for files and folders of media without words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from affekt.cli.media.table import lines_of_notes, show_table
from affekt.cli.show import as_json, progress, say
from affekt.core.answers.prediction import Prediction
from affekt.core.answers.skip_reasons import skip_lines
from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.core.wording import counted
from affekt.data.left_out import as_values, summary_of
from affekt.deploy.runtime.faces import OpenDetector
from affekt.deploy.runtime.output import to_document, writer_for
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.runtime.samples import StatedSkeleton, survey
from affekt.deploy.runtime.standard_input import named
from affekt.deploy.runtime.streams import SoFar
from affekt.report.timeline.one_clip import check_one_clip


def predict_media(
    predictor: Predictor,
    inputs: Sequence[Path],
    stated: StatedSkeleton,
    *,
    output: Path | None,
    json: bool,
    scores: bool,
    batch_size: int | None,
    stdin: Path | None,
    faces: str = "auto",
    detector: OpenDetector | None = None,
) -> None:
    """Answer files and folders of media without words.

    Args:
        stdin: The input that holds standard input.
        faces, detector: As `Predictor.predict` takes them.

    Raises:
        MediaError: There is no answer.
    """
    write = writer_for(output) if output else None
    files, left_out, hidden = survey(inputs, predictor.modality)
    if output:
        check_one_clip(output, inputs=len(files), modality=predictor.modality)
    predictions: list[Prediction] = []
    skipped: list[Skipped] = []

    def show(**further: bool) -> None:
        """Print what was computed."""
        if json:
            beside = {"left_out": as_values(left_out, hidden), "backend": predictor.backend}
            as_json({**to_document(predictions, skipped), **beside, **further})
        elif predictions and not output:
            show_table(predictor.task, predictions, all_scores=scores)
        for line in lines_of_notes(predictions):
            say(line)
        for line in skip_lines(skipped):
            say(line)

    # Answers so far are kept if the work, or the writing of the file, ends with an error or a signal.
    with SoFar(output) if output else nullcontext() as so_far:
        # Predictions hold warnings as notes.
        with (
            _shown_if_stopped(show, predictions),
            progress("predicting") as step,
            _no_warnings_of("affekt.methods"),
        ):
            step(0, len(files))
            # Progress of one long file is counted in cells, of several files in files.
            on_cells = step if len(files) == 1 else lambda done, total: None
            answers = predictor.predict(
                files,
                batch_size=batch_size,
                on_cells=on_cells,
                faces=faces,
                detector=detector,
                **stated._asdict(),
            )
            for found in answers:
                answer = named(found, stdin) if stdin else found
                if isinstance(answer, Prediction):
                    predictions.append(answer)
                else:
                    skipped.append(answer)
                if so_far:
                    so_far.write(answer)
                # A file of several walks, or a photo of several faces, gives several predictions.
                done = len(predictions) + len(skipped)
                if len(files) > 1 or done > 1:
                    step(done, max(done, len(files)))
        if not predictions and len(skipped) == 1:
            raise MediaError("; ".join([str(skipped[0]), *([summary_of(left_out)] if left_out else [])]))
        if output and write:
            write(output, predictions, skipped)
            say(f"{counted(len(predictions), 'prediction')}: {output}")
    show()
    if skipped:
        say(f"{len(predictions)} predicted, {len(skipped)} skipped")
    if left_out:
        say(summary_of(left_out, example=True))
    if not predictions:
        raise MediaError("none of the inputs could be used")


@contextmanager
def _shown_if_stopped(show: Callable[..., None], predictions: Sequence[Prediction]) -> Iterator[None]:
    """Print what was computed before an error or a signal, such as that of Ctrl-C, ends the work."""
    try:
        yield
    except BaseException:
        if predictions:
            show(unfinished=True)
        raise


@contextmanager
def _no_warnings_of(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
