"""`affekt predict`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from affekt.cli.show import RUNS, RunsFolder
from affekt.core.errors import UsageError
from affekt.deploy.backends.names import Backend, Precision


def command(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle; or a run: its folder, its name (see affekt runs) or latest.")
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files and folders; - for standard input. For a bundle that reads words: files of lines "
            "(.txt, .csv, .tsv, .jsonl, .srt, .vtt), or - for lines, each answered at once. For one of "
            "video: folders of frames (0001.jpg, ...) and animated GIF or WebP."
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
            'installed (pip install "affekt\\[asr]", affekt assets get whisper_tiny_en).',
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File for the predictions: .csv, .json, .jsonl, .parquet, or .html, a page; for one clip or "
            "conversation also .srt subtitles, or .eaf for ELAN."
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
        float | None,
        typer.Option(
            min=0, help="Frames per second of skeleton files and folders of frames that do not state it."
        ),
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
    faces: Annotated[
        Literal["auto", "whole", "detect"],
        typer.Option(
            help="For a bundle of faces: whether pictures are searched for them. auto: photos are, pictures "
            "of the size of a face crop are answered as they are; whole: none is; detect: all are. Each face "
            "is answered with its box."
        ),
    ] = "auto",
    detector: Annotated[
        str,
        typer.Option(
            help="What searches for faces: centerface (affekt assets get centerface), or the path of an "
            ".onnx file."
        ),
    ] = "centerface",
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
    scores: Annotated[
        bool, typer.Option("--scores", help="Print the scores of all labels, not only of the two highest.")
    ] = False,
    runs: RunsFolder = RUNS,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON; with - one object a line, as answers come.")
    ] = False,
) -> None:
    """Predict the emotion of each input; inputs that cannot be read are skipped with the reason.

    Example: affekt predict walks.affekt walk.npz more_walks/ --output answers.csv

    Example: affekt predict compact_face party.jpg --output party.html

    Example: affekt predict words.affekt dialogue.srt

    Example: affekt predict scenes.affekt clip.mp4 --text "I did not expect that"
    """
    from affekt.cli.media.predict import predict_media
    from affekt.cli.results import check_results
    from affekt.cli.words.predict import check_inputs, lines_in, predict_words
    from affekt.core.files.regular import is_regular
    from affekt.deploy.load import load
    from affekt.deploy.runtime.faces import check_faces, named_detector
    from affekt.deploy.runtime.input_types import reads_words
    from affekt.deploy.runtime.output import writer_for
    from affekt.deploy.runtime.samples import StatedSkeleton
    from affekt.deploy.runtime.scene_files import reads_scenes
    from affekt.engine.runs.names import find_run
    from affekt.media.files import walk
    from affekt.media.skeleton import joint_order
    from affekt.media.speech import installed_recognizer

    inputs = inputs or []
    apart = {name: file for name, file in (("audio", audio), ("video", video)) if file}
    from_stdin = check_inputs(inputs, text or [], apart)  # before a large bundle is loaded
    if form and not from_stdin:
        raise UsageError("--format is that of standard input (-); files have it in their names")
    if output:
        writer_for(output)  # which refuses it, before a large bundle is loaded
        check_results(
            [output],
            [path for path in (*inputs, *apart.values()) if is_regular(path)],
            [transcript] if transcript else [],
        )
    # Counted before it is known which files the bundle reads: exact enough to choose a backend.
    expected = sum(lines_in(path) if is_regular(path) else len(walk(path).files) for path in inputs)
    predictor = load(
        find_run(bundle, runs), backend=backend, precision=precision, threads=threads, expected=expected
    )
    check_faces(faces, predictor.preprocess)
    words, scenes = reads_words(predictor.modality), reads_scenes(predictor.modality)
    if words and (joints or up or rate_hz is not None):
        raise UsageError("--joints, --up and --rate-hz state what skeletons are; this bundle reads words")
    stated = StatedSkeleton(joint_order(joints) if joints else None, up, rate_hz)
    if words or form or text or encoding or apart or transcript or recognize or scenes:
        hears = words and scenes and recognize is not False
        recognizer = installed_recognizer(threads) if hears else None
        with _from_stdin(from_stdin and not words, predictor.modality) as stdin:
            predict_words(
                predictor,
                [stdin] if stdin else [] if from_stdin else inputs,
                text or [],
                output=output,
                json=json,
                scores=scores,
                batch_size=batch_size,
                encoding=encoding,
                form=form,
                apart=apart,
                transcript=transcript,
                recognize=recognizer or recognize,
            )
        return
    with _from_stdin(from_stdin, predictor.modality) as stdin:
        given = [stdin] if stdin else inputs
        predict_media(
            predictor,
            given,
            stated,
            output=output,
            json=json,
            scores=scores,
            batch_size=batch_size,
            stdin=stdin,
            faces=faces,
            detector=named_detector(detector, threads),
        )


@contextmanager
def _from_stdin(wanted: bool, modality: str) -> Iterator[Path | None]:
    """A file with the medium of standard input, if it is wanted."""
    from affekt.deploy.runtime.standard_input import kept_in_file

    if not wanted:
        yield None
        return
    with kept_in_file(sys.stdin.buffer, modality) as path:
        yield path
