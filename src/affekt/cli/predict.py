"""`affekt predict`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from affekt.cli.show import RUNS, RunsFolder, as_json, as_table, progress, say
from affekt.core.errors import MediaError, UsageError
from affekt.deploy.backends.names import Backend, Precision

if TYPE_CHECKING:
    from affekt.core.answers.prediction import Prediction
    from affekt.core.sample import Skipped
    from affekt.core.task import Task


def command(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle; or a run: its folder, its name (see affekt runs) or latest.")
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files and folders; for a bundle that reads words: files of lines (.txt, .csv, .tsv, "
            ".jsonl, .srt, .vtt), or - for lines of standard input, each answered at once."
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Words in place of files; may be repeated: the turns of one dialogue. `Name: words` states "
            "the speaker. For a bundle that also reads sound or picture: the words of the clip."
        ),
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="Sound of one clip that lies in a file of its own.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="Picture of that clip.")] = None,
    transcript: Annotated[
        Path | None,
        typer.Option(
            help="Words of one clip as a file of lines; with times (.srt, .vtt) each line is answered by its "
            "part of the clip. Default: subtitles of the clip's name beside it."
        ),
    ] = None,
    recognize: Annotated[
        bool | None,
        typer.Option(
            "--recognize/--no-recognize",
            help="Recognise the words of clips that have none in their sound, in English. Default: if it is "
            'installed (pip install "affekt[asr]", affekt assets get whisper_tiny_en).',
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File for the predictions: .csv, .json, .jsonl or .parquet; for clips and conversations "
            "also .html, a page; for one of them also .srt subtitles, or .eaf for ELAN."
        ),
    ] = None,
    joints: Annotated[
        str | None, typer.Option(help="Joint order of files that do not state it: a name or a list.")
    ] = None,
    up: Annotated[
        Literal["x", "-x", "y", "-y", "z", "-z"] | None,
        typer.Option(help="Up axis of skeleton files that do not state it."),
    ] = None,
    rate_hz: Annotated[
        float | None, typer.Option(min=0, help="Frames per second of skeleton files that do not state it.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of files of lines, such as big5. Default: found.")
    ] = None,
    form: Annotated[
        Literal["txt", "csv", "tsv", "jsonl", "srt", "vtt"] | None,
        typer.Option(
            "--format",
            help="Format of standard input (-). Default: plain lines, refused if the first ones look like "
            "another format. A name before a colon is a speaker if its line shows one, as in `Ann: hi`; "
            "in a .txt file, if at least 80 % of the lines have one.",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Inputs in one batch. Default: small enough for a few GB of memory."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Number of processor cores.")] = None,
    backend: Annotated[
        Backend,
        typer.Option(
            help="Engine that computes a bundle; auto: ONNX Runtime, or OpenVINO if it is faster, measured "
            "if there are many inputs; jittor: see affekt doctor jittor."
        ),
    ] = "auto",
    precision: Annotated[
        Precision, typer.Option(help="bf16 is faster and less exact; openvino only.")
    ] = "f32",
    runs: RunsFolder = RUNS,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON; with - one object a line, as answers come.")
    ] = False,
) -> None:
    """Predict the emotion of each input; inputs that cannot be read are skipped with the reason.

    Example: affekt predict walks.affekt walk.npz more_walks/ --output answers.csv

    Example: affekt predict words.affekt dialogue.srt

    Example: affekt predict scenes.affekt clip.mp4 --text "I did not expect that"
    """
    from affekt.cli.words.predict import check_inputs, lines_in, predict_words
    from affekt.core.answers.prediction import Prediction
    from affekt.data.left_out import as_values, summary_of
    from affekt.deploy.load import load
    from affekt.deploy.runtime.input_types import reads_words
    from affekt.deploy.runtime.output import to_document, writer_for
    from affekt.deploy.runtime.samples import survey
    from affekt.deploy.runtime.scene_files import reads_scenes
    from affekt.deploy.runtime.streams import SoFar
    from affekt.engine.runs.names import find_run
    from affekt.media.files import walk
    from affekt.media.skeleton import joint_order
    from affekt.media.speech import installed_recognizer
    from affekt.report.timeline.one_clip import check_one_clip

    inputs = inputs or []
    apart = {name: file for name, file in (("audio", audio), ("video", video)) if file}
    from_stdin = check_inputs(inputs, text or [], apart)  # before a large bundle is loaded
    if form and not from_stdin:
        raise UsageError("--format is that of standard input (-); files have it in their names")
    write = writer_for(output) if output else None
    # Counted before it is known which files the bundle reads: exact enough to choose a backend.
    expected = sum(lines_in(path) if path.is_file() else len(walk(path).files) for path in inputs)
    predictor = load(
        find_run(bundle, runs), backend=backend, precision=precision, threads=threads, expected=expected
    )
    words = reads_words(predictor.modality)
    if words and (joints or up or rate_hz is not None):
        raise UsageError("--joints, --up and --rate-hz state what skeletons are; this bundle reads words")
    states_words = from_stdin or text or encoding or apart or transcript or recognize
    if words or reads_scenes(predictor.modality) or states_words:
        hears = words and reads_scenes(predictor.modality) and recognize is not False
        recognizer = installed_recognizer(threads) if hears else None
        predict_words(
            predictor,
            [] if from_stdin else inputs,
            text or [],
            output=output,
            json=json,
            batch_size=batch_size,
            encoding=encoding,
            form=form,
            apart=apart,
            transcript=transcript,
            recognize=recognizer or recognize,
        )
        return
    order = joint_order(joints) if joints else None
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
            _show(predictor.task, predictions)
        for line in _notes(predictions):
            say(line)
        for item in skipped:
            say(f"skipped {item}")

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
            for answer in predictor.predict(
                files, batch_size=batch_size, joints=order, up=up, rate_hz=rate_hz, on_cells=on_cells
            ):
                if isinstance(answer, Prediction):
                    predictions.append(answer)
                else:
                    skipped.append(answer)
                if so_far:
                    so_far.write(answer)
                # A file of several walks gives several predictions.
                done = len(predictions) + len(skipped)
                if len(files) > 1 or done > 1:
                    step(done, max(done, len(files)))
        if not predictions and len(skipped) == 1:
            raise MediaError("; ".join([str(skipped[0]), *([summary_of(left_out)] if left_out else [])]))
        if output and write:
            write(output, predictions, skipped)
            say(f"{len(predictions)} predictions: {output}")
    show()
    if skipped:
        say(f"{len(predictions)} predicted, {len(skipped)} skipped")
    if left_out:
        say(summary_of(left_out, example=True))
    if not predictions:
        raise MediaError("none of the inputs could be used")


def _show(task: Task, predictions: Sequence[Prediction]) -> None:
    """A table with a row for each prediction."""
    when = {"when": [_when(p) for p in predictions]} if any(p.moments for p in predictions) else {}
    shown = [task.shown(p) for p in predictions]
    as_table(
        ("input", *shown[0], *when, *predictions[0].scores),
        [
            (p.id, *columns.values(), *cells, *p.scores.values())
            for p, columns, *cells in zip(predictions, shown, *when.values(), strict=True)
        ],
    )


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


def _when(prediction: Prediction) -> str:
    """The segment with the highest confidence or attention; empty if there is none."""
    from affekt.report.timeline.moments import clock, key_spans

    spans, counts = key_spans(prediction)
    if not len(spans):
        return ""
    best = int(counts.argmax())
    start_s, end_s = spans[best].tolist()
    places = 0 if end_s - start_s >= 2 else 1
    # A clip can hold several labels: that of the segment may differ from that of the clip.
    label = f" {prediction.segments[best].label}" if prediction.segments else ""
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}{label}"


def _notes(predictions: list[Prediction]) -> list[str]:
    """Limitations of the inputs, one line for each note; equal notes are printed once."""
    sharing: dict[str, list[str]] = {}
    for prediction in predictions:
        for note in prediction.notes:
            sharing.setdefault(note, []).append(prediction.id)
    return [
        f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {note}"
        for note, names in sharing.items()
    ]
