"""The whole loop for video with sound, offline: invent clips, train, evaluate, export, predict, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from affekt.core import catalog
from affekt.core.prediction import Prediction
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.demo.loop import DemoResult, Loop, choose, run_loop
from affekt.deploy.load import load
from affekt.media.video.write import write_clip
from affekt.report.timeline.elan import write_eaf
from affekt.report.timeline.page import write_timeline
from affekt.report.timeline.srt import write_srt

EPOCHS = 4
CLIPS = 360
PIXELS = 192  # of the clips that are saved: the network learns from small ones, people look at these


def video_demo_recipe(epochs: int = EPOCHS, clips: int = CLIPS) -> Recipe:
    """VAANet's recipe for moving shapes, with smaller pictures, and in finer steps of time."""
    return Recipe.load(
        ["vaanet/moving_shapes"],
        [
            f"data.options={{clips={clips}, pixels=32}}",
            "config.visual.size=32",
            # A third of a second each: where an event begins and ends can be told that finely.
            "config.visual.segments=16",
            "config.visual.snippet_frames=4",
            # Steps are what short training lacks.
            "train.batch_size=8",
            f"train.epochs={epochs}",
            "train.accelerator=cpu",
        ],
    )


def run_video_demo(
    folder: Path,
    *,
    epochs: int = EPOCHS,
    clips: int = CLIPS,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> DemoResult:
    """Train, evaluate, export and apply a small network on invented clips, and write `report.html` about it.

    Args:
        folder: Gets `runs/`, `clips/`, `clips.affekt/` and `report.html`; an earlier demo's are replaced. The
            first clip has its subtitles and an ELAN document beside it.
        clips: In all, at least 24; four of each six troupes are trained on, one is tested.
        progress: Show a progress bar while training.
        say: Told what happens, a line at a time.

    Raises:
        AffektError: A step was refused.
    """
    start = time.perf_counter()
    recipe = video_demo_recipe(epochs, clips)
    for old in (folder / "clips").glob("troupe-*.*"):  # a demo's own: others may lie there
        old.unlink()
    loop = run_loop(recipe, folder, kind="clips", subjects="troupes", progress=progress, say=say)
    shown = [_save(folder / "clips", sample) for sample in _enlarged(loop, choose(loop))]
    files = tuple(Path(sample.id) for sample in shown)
    predictions = tuple(load(loop.exported.bundle).predict(files))
    say(f"predicted {len(predictions)} files with the bundle, without PyTorch")
    answers = [answer for answer in predictions if isinstance(answer, Prediction)]
    for answer in answers[:1]:
        write_srt(Path(answer.id).with_suffix(".srt"), answer)
        write_eaf(Path(answer.id).with_suffix(".eaf"), answer)
    report = folder / "report.html"
    write_timeline(
        report,
        answers,
        [answer for answer in predictions if isinstance(answer, Skipped)],
        samples={sample.id: sample for sample in shown},
        title="How four emotions look and sound",
        lead=_lead(loop),
        events="planted",
    )
    seconds = time.perf_counter() - start
    say(f"wrote {report} ({seconds:.0f} s in all)")
    return DemoResult("clips", loop.run, loop.evaluation, loop.exported, files, predictions, report, seconds)


def _enlarged(loop: Loop, samples: Sequence[Sample]) -> list[Sample]:
    """The same performances in larger pictures."""
    data = loop.recipe.data
    corpus = open_dataset(data.name, None, {**data.options, "pixels": PIXELS})
    by_id = {sample.id: sample for sample in corpus.samples}
    return [by_id[sample.id] for sample in samples]


def _save(folder: Path, sample: Sample) -> Sample:
    """Write a clip, and refer to its file as answers do."""
    path = write_clip(folder / f"{sample.id}.mp4", sample.media["video"], sample.media["audio"])
    return replace(sample, id=str(path), media={"video": path, "audio": path})


def _lead(loop: Loop) -> str:
    evaluation = loop.evaluation
    low, high = (100 * bound for bound in evaluation.intervals["accuracy"])
    troupes = len({sample.subject for sample in loop.unseen})
    met = evaluation.localization.get("mean")
    when = "" if met is None else f"; mean average precision of the marked stretches is {met:.2f}"
    return (
        "Nobody was filmed or recorded: shapes and voices are invented by formula, so this page shows that "
        "the whole loop works on this machine, and says nothing about people. For about a third of a clip "
        "something happens. The picture tells whether it is pleasant (warm, open, swaying) or not (cold, "
        "sinking, huddled), the sound whether it is excited (high, fast, rough) or calm (low, slow, soft): "
        "whoever only sees or only hears is right half of the time.\n\n"
        f"A small {catalog.card(loop.recipe.method).title} learned from labels of whole clips alone. Of "
        f"{len(loop.unseen)} clips of {troupes} troupes it never saw it got "
        f"{100 * evaluation.scores['accuracy']:.0f} % right (95 % interval {low:.0f} to {high:.0f} %; chance "
        f"is {100 / len(evaluation.labels):.0f} %). When the event was planted, which it was never told, "
        f"stands above its attention{when}. A few of these clips follow, those it got wrong last; they are "
        "drawn larger and compressed, which may change an answer."
    )
