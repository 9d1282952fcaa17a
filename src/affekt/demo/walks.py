"""The whole loop in about a minute, offline: invent walkers, train, evaluate, export, predict, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt import __version__
from affekt.core import catalog
from affekt.core.prediction import Prediction
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample, Skipped
from affekt.demo.loop import DemoResult, Loop, choose, run_loop
from affekt.deploy.export.export import Exported
from affekt.deploy.load import load
from affekt.evaluation.evaluate import Evaluation
from affekt.media.skeleton import Skeleton
from affekt.report.run.page import Command, Figure, Page, Walk, write_page

EPOCHS = 12


def demo_recipe(epochs: int = EPOCHS) -> Recipe:
    """BPM-GCN, an eighth as wide as published, on invented walkers."""
    return Recipe.from_values(
        {
            "method": "bpm_gcn",
            "data": {"name": "walkers"},
            "config": {
                "width": 8,
                "clip_frames": 32,  # about one gait cycle
                # Invented walkers are seen straight from the front; tilting them hides the lean that tells.
                "augment": {"tilt_deg": 4.0, "stretch": 0.03, "shift": 0.05, "mirror": True},
            },
            "optimizer": {"name": "adamw", "lr": 5e-3, "weight_decay": 1e-3},
            "schedule": {"name": "cosine", "warmup_epochs": 1},
            # Few validation walks: their accuracy reaches its best early, by luck; their loss does not.
            "selection": {"metric": "loss"},
            # One thread: two that share a busy core wait for each other, and a minute becomes ten.
            "train": {"epochs": epochs, "batch_size": 8, "threads": 1, "accelerator": "cpu"},
        },
        source="demo recipe",
    )


def run_demo(
    folder: Path, *, epochs: int = EPOCHS, progress: bool = True, say: Callable[[str], None] = print
) -> DemoResult:
    """Train, evaluate, export and apply a small network on invented walks, and write `report.html` about it.

    Args:
        folder: Gets `runs/`, `walks/`, `walks.affekt/` and `report.html`; an earlier demo's are replaced.
        progress: Show a progress bar while training.
        say: Told what happens, a line at a time.

    Raises:
        AffektError: A step was refused.
    """
    start = time.perf_counter()
    for old in (folder / "walks").glob("walker-*.npz"):  # a demo's own: others may lie there
        old.unlink()
    loop = run_loop(demo_recipe(epochs), folder, kind="walks", subjects="people", progress=progress, say=say)
    shown = choose(loop)
    walks = tuple(
        write_walk(folder / "walks" / f"{sample.id}.npz", sample.media["skeleton"]) for sample in shown
    )
    predictions = tuple(load(loop.exported.bundle).predict(walks))
    say(f"predicted {len(predictions)} files with the bundle, without PyTorch")
    report = folder / "report.html"
    seconds = time.perf_counter() - start
    write_page(report, _page(loop, shown, predictions, folder, seconds))
    say(f"wrote {report} ({seconds:.0f} s in all)")
    return DemoResult("walks", loop.run, loop.evaluation, loop.exported, walks, predictions, report, seconds)


def write_walk(path: Path, skeleton: Skeleton) -> Path:
    """Save a walk as the npz file that `affekt.media.skeleton` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"positions": skeleton.positions, "joints": np.array(skeleton.joints)}
    facts = {"cycle_frames": skeleton.cycle_frames, "rate_hz": skeleton.rate_hz}
    arrays |= {name: np.array(value) for name, value in facts.items() if value is not None}
    np.savez_compressed(path, **arrays)
    return path


def _page(
    loop: Loop,
    shown: Sequence[Sample],
    predictions: Sequence[Prediction | Skipped],
    folder: Path,
    seconds: float,
) -> Page:
    """All of it as plain records."""
    recipe, run, evaluation, exported = loop.recipe, loop.run, loop.evaluation, loop.exported
    result = run.result or {}
    parts = result["samples"]
    subjects = len({row["subject"] for row in evaluation.predictions})
    document = load(exported.bundle).document
    return Page(
        title="How four emotions walk",
        lead=(
            "A small graph network learned to tell happy, sad, angry and neutral walks apart from the "
            "movement of 16 joints. Nobody was recorded: the walkers are invented by formula, so this page "
            "shows that the whole loop works on this machine, and says nothing about people."
        ),
        labels=evaluation.labels,
        figures=_figures(evaluation, exported, subjects, seconds),
        walks=[
            Walk(sample.id, sample.media["skeleton"], answer.label, answer.scores, sample.label)
            for sample, answer in zip(shown, predictions, strict=True)
            if isinstance(answer, Prediction)
        ],
        epochs=run.metrics(),
        best_epoch=result["best_epoch"],
        confusion=evaluation.confusion,
        per_class=evaluation.per_class,
        predictions=evaluation.predictions,
        samples=(
            f"Counted on {len(evaluation.predictions)} walks of {subjects} walkers whom the network never "
            f"saw; it was trained on {parts['train']} walks of other walkers, and chosen on "
            f"{parts['validation']} of others again."
        ),
        commands=[
            Command(f"affekt train {run.path / 'recipe.toml'} --runs again", "Train the same network again."),
            Command(f"affekt evaluate {run.path}", "Count again how often it is right."),
            Command(f"affekt export {run.path} --output {exported.bundle}", "Write the bundle again."),
            Command(
                f"affekt predict {exported.bundle} {folder / 'walks'}",
                "Ask the bundle about the saved walks.",
            ),
        ],
        facts={
            "method": f"{catalog.card(recipe.method).title}, width {recipe.config['width']} instead of 64",
            "data": f"{catalog.dataset(recipe.data.name).title}, seed {recipe.data.options.get('seed', 0)}",
            "recipe": f"{recipe.digest()[:8]}, seed {recipe.seed}",
            "weights, SHA-256": str(document["weights_sha256"]),
            "export gate": f"largest difference of a logit {exported.max_difference:.1e}, on {exported.gate}",
            "calibration": f"temperature {run.temperature:.2f}, fitted on validation walks",
            "run folder": str(run.path),
            "written by": f"affekt {__version__}",
        },
    )


def _figures(evaluation: Evaluation, exported: Exported, subjects: int, seconds: float) -> list[Figure]:
    low, high = evaluation.intervals["accuracy"]
    return [
        Figure(
            "accuracy on unseen walkers",
            f"{evaluation.scores['accuracy']:.1%}".replace("%", " %"),
            f"95 % interval {100 * low:.0f} to {100 * high:.0f} %, over {subjects} walkers; chance is "
            f"{100 / len(evaluation.labels):.0f} %",
        ),
        Figure(
            "calibration error",
            f"{100 * evaluation.scores['ece']:.1f} points",
            "how far stated confidence is from the share of right answers",
        ),
        Figure(
            "bundle",
            f"{exported.bytes / 1e6:.1f} MB",
            f"answers within {exported.max_difference:.0e} of PyTorch",
        ),
        Figure("the whole loop", f"{seconds:.0f} s", "from inventing the walkers to this page"),
    ]
