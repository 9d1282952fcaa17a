"""`affekt analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affekt.cli.show import RUNS, RunsFolder, any_progress, say
from affekt.core.errors import AffektError, UsageError

if TYPE_CHECKING:  # read when the command runs: `affekt --help` needs neither
    from affekt.analysis.stages import OnStage
    from affekt.core.timeline import Timeline


def command(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Photos, clips, films, folders of frames, recordings, subtitles; or a folder of these."
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="A bundle, a run, or the name of a starter (affekt models); may be repeated. Default: "
            "starters for faces, voices and words. Bundles of whole clips, such as VAANet, CTEN and TSL-Net, "
            "and of walks run if they are given.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Look for this alone: face, voice, words, clip or gait; may be repeated.",
        ),
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="The words with their times: .srt, .vtt, .csv, .jsonl. Default: those of the same name "
            "beside the medium, or within it.",
        ),
    ] = None,
    recognize: Annotated[
        bool | None,
        typer.Option(
            "--recognize/--no-recognize",
            help="Recognise words where there are none, in English. Default: if it is installed "
            '(pip install "affekt\\[asr]", affekt assets get whisper_tiny_en).',
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            help="A file for the timeline: .html, a page; .json, .csv, .parquet, .srt, .vtt, .eaf; may be "
            "repeated. Subtitles beside the medium are named NAME.affekt.srt: NAME.srt is its words. For "
            "several inputs: a folder, in which each gets a page and a .json.",
        ),
    ] = None,
    video: Annotated[
        Path | None, typer.Option(help="An annotated .mp4; of a photo .png or .jpg. The page then shows it.")
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Blur faces in the video, and keep no picture of anyone in other files."
        ),
    ] = False,
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Open a connection: get missing parts, such as the detector of faces."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an analysis of the same input was stopped.")
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of a stage, as in --set faces.step_s=0.5; may be repeated."),
    ] = None,
    rate_hz: Annotated[
        float | None, typer.Option(min=0, help="Frames per second of folders of frames.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor cores that a network may use.")
    ] = None,
    runs: RunsFolder = RUNS,
    json: Annotated[bool, typer.Option("--json", help="Print the timelines as JSON, one a line.")] = False,
) -> None:
    """Find the people in a medium, and tell what their faces, voices and words express over time.

    Nothing leaves this computer. Answers say what observers would see in a recording, not what people feel.

    Example: affekt analyze clip.mp4 --fetch --output clip.html

    Example: affekt analyze interview.mkv --subtitles interview.srt --output when.eaf --video marked.mp4

    Example: affekt analyze party.jpg --only face --output party.html
    """
    from affekt.analysis.analyze import ASKED, analyze, asked
    from affekt.analysis.settings import AnalysisSettings
    from affekt.cli.analysis.places import media_of, places_of
    from affekt.cli.analysis.summary import print_story
    from affekt.core.errors import ConfigError
    from affekt.core.recipe import options_from
    from affekt.core.settings import validate
    from affekt.engine.runs.names import find_run
    from affekt.report.story.write import write_story

    settings, problems = validate(AnalysisSettings, options_from(changes or []))
    if settings is None:
        raise ConfigError("--set", problems)
    media, left_out = media_of(inputs)
    several = media != inputs or len(media) > 1
    if several and (subtitles or video):
        raise UsageError("--subtitles and --video are for one input")
    places = places_of(media, output or [], video, several=several, subtitles=subtitles, rate_hz=rate_hz)
    models = [find_run(name, runs) for name in model or ()]
    for reason in left_out:
        say(f"left out: {reason}")
    failed: list[str] = []
    for medium in media:
        try:
            with any_progress(medium.name) as on_stage:
                timeline = analyze(
                    medium,
                    models=models,
                    modalities=asked(only or ASKED),
                    subtitles=subtitles,
                    recognize=recognize,
                    settings=settings,
                    rate_hz=rate_hz,
                    threads=threads,
                    fetch=fetch,
                    resume=resume,
                    on_stage=on_stage,
                )
                shown, problem = _annotated(timeline, medium, video, redact=redact, on_stage=on_stage)
            for place in places[medium]:
                write_story(timeline, place, redact=redact, video=shown)
        except KeyboardInterrupt:
            say(f"{medium}: stopped; with --resume it goes on after the stages that are complete")
            raise
        except AffektError as error:
            if not several:
                raise
            failed.append(f"{medium}: {error}")
            say(failed[-1])
            continue
        if json:
            typer.echo(timeline.to_json())
        else:
            print_story(timeline, [*places[medium], *([shown] if shown else [])])
        if problem:
            failed.append(problem)
        if not any(track.spans for track in timeline.tracks):
            failed.append(f"{medium}: nobody was seen, heard or read")
    if failed:
        raise AffektError(failed[0] if len(failed) == 1 else f"{len(failed)} of {len(media)} have no answer")


def _annotated(
    timeline: Timeline, medium: Path, video: Path | None, *, redact: bool, on_stage: OnStage
) -> tuple[Path | None, str]:
    """The annotated video, if it could be written; why not. Other files are written all the same."""
    if video is None:
        return None, ""
    from affekt.report.story.video import write_annotated

    duration_s = timeline.medium.duration_s
    try:
        notes = write_annotated(
            timeline,
            medium,
            video,
            redact=redact,
            on_progress=lambda done_s: on_stage("video", done_s, duration_s),
        )
    except AffektError as error:
        return None, f"{video} was not written: {error}"
    for text in notes:
        say(f"{video}: {text}")
    return video, ""
