"""The table on the card of bpm_gcn: cross-validation on Emotion-Gait, with random forests on the same folds.

    python benchmarks/gait_table.py --data-root DIR [--jobs 2] [--runs runs]

Folds are disjoint by subject. In each fold, the last epoch of the network is used, and its confidence is
calibrated on validation walks of other subjects from the training split. Forests are trained on training and
validation walks. A score of the network is the mean over seeds, each computed on all folds together. Finished
runs are kept, so the command can be stopped and started again.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from rich.progress import Progress
from sklearn.ensemble import RandomForestClassifier

from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.engine.splits import part
from affekt.media.skeleton import JOINT_ORDERS
from affekt.methods.bpm_gcn.features import movement
from affekt.metrics.classification import group_confusions, scores_of
from affekt.metrics.intervals import confusion_differences, confusion_intervals

RECIPE = catalog.method("bpm_gcn").folder / "recipes" / "emotion_gait.toml"
Features = Callable[[Sample], np.ndarray]
FOLDS, SEEDS, TREES = 5, (0, 1, 2), 500
SHOWN = ("accuracy", "uar", "macro_f1")
OUTPUT = Path(__file__).parent / "results"


def recipe(fold: int, seed: int) -> Recipe:
    """The recipe of one run."""
    return Recipe.load([RECIPE], [f"split={{scheme='k_fold', folds={FOLDS}, fold={fold}}}", f"seed={seed}"])


def network(fold: int, seed: int, data_root: Path, runs: Path) -> list[dict[str, str]]:
    """Predictions of the network trained on the other folds."""
    from affekt.engine.train import train
    from affekt.evaluation.evaluate import evaluate

    run = train(recipe(fold, seed), data_root=data_root, runs=runs, resume=True, progress=False)
    file = run.evaluation("test") / "predictions.csv"
    if not file.is_file():
        file = evaluate(run.path, data_root=data_root).folder / file.name
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def forest(
    fold: int, seed: int, samples: list[Sample], features: Features, class_weight: str | None
) -> list[dict[str, str]]:
    """Predictions of a random forest on hand-made features of each walk."""
    parts = part(samples, recipe(fold, seed).split)
    known = [*parts.train, *parts.validation]
    model = RandomForestClassifier(TREES, random_state=seed, class_weight=class_weight, n_jobs=1)
    model.fit(np.stack([features(s) for s in known]), [s.label for s in known])
    said = model.predict(np.stack([features(s) for s in parts.test]))
    return [
        {"subject": str(s.subject), "true": str(s.label), "predicted": str(label), "id": s.id}
        for s, label in zip(parts.test, said, strict=True)
    ]


def pose(sample: Sample) -> np.ndarray:
    """Mean and deviation of each coordinate over the cycle: 96 numbers."""
    cycle = one_cycle(sample)
    return np.concatenate([cycle.mean(axis=0).ravel(), cycle.std(axis=0).ravel()])


def speed(sample: Sample) -> np.ndarray:
    """Mean speed and acceleration of each joint over the cycle, and its length: 33 numbers."""
    cycle = one_cycle(sample)
    moves = movement(np.concatenate([cycle] * 3))[len(cycle) : 2 * len(cycle)]
    return np.concatenate([moves[..., 3].mean(axis=0), moves[..., 7].mean(axis=0), [len(cycle)]])


def one_cycle(sample: Sample) -> np.ndarray:
    """Positions (t, 16, 3) of one gait cycle."""
    skeleton = sample.media["skeleton"]
    return skeleton.in_order(JOINT_ORDERS["emotion_gait"])[: skeleton.cycle_frames]


def confusions(seeds: list[list[dict[str, str]]], labels: tuple[str, ...]) -> np.ndarray:
    """(seeds, subjects, k, k), all folds pooled."""

    def one(rows: list[dict[str, str]]) -> np.ndarray:
        truth, said = (np.array([labels.index(row[key]) for row in rows]) for key in ("true", "predicted"))
        return group_confusions(truth, said, len(labels), np.array([row["subject"] for row in rows]))

    return np.stack([one(rows) for rows in seeds])


def seed_ranges(units: np.ndarray) -> dict[str, tuple[float, float]]:
    """Lowest and highest score among the seeds, from (seeds, subjects, k, k)."""
    return {name: (float(v.min()), float(v.max())) for name, v in scores_of(units.sum(axis=1)).items()}


def summary(units: np.ndarray) -> dict[str, tuple[float, tuple[float, float]]]:
    """Score over all walks, mean over seeds, and its interval over subjects."""
    whole, ranges = scores_of(units.sum(axis=1)), confusion_intervals(units)
    return {name: (float(whole[name].mean()), ranges[name]) for name in SHOWN}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True, help="folder with gaits.npz")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args()
    corpus = open_dataset("emotion_gait", options.data_root)
    labels = corpus.labels.names
    trained: dict[int, list[dict[str, str]]] = {seed: [] for seed in SEEDS}
    # Separate processes: each run sets the threads and random generators of torch.
    pool = ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn"))
    with pool, Progress() as progress:
        task = progress.add_task("runs", total=FOLDS * len(SEEDS))
        jobs = {
            pool.submit(network, fold, seed, options.data_root, options.runs): seed
            for seed in SEEDS
            for fold in range(FOLDS)
        }
        for job in as_completed(jobs):
            trained[jobs[job]] += job.result()
            progress.advance(task)
    rows = {"bpm_gcn": confusions(list(trained.values()), labels)}
    baselines: tuple[tuple[str, Features, str | None], ...] = (
        ("forest on poses", pose, None),
        ("forest on poses, balanced", pose, "balanced"),
        ("forest on speeds", speed, None),
        ("forest on speeds, balanced", speed, "balanced"),
    )
    for name, features, weight in baselines:
        said = [
            [row for fold in range(FOLDS) for row in forest(fold, seed, corpus.samples, features, weight)]
            for seed in SEEDS
        ]
        rows[name] = confusions(said, labels)
    scores = {name: summary(units) for name, units in rows.items()}
    write(scores, rows, labels)


def write(scores: dict, rows: dict[str, np.ndarray], labels: tuple[str, ...]) -> None:
    """Write the table as Markdown and JSON, and print it."""
    walks = int(next(iter(rows.values()))[0].sum())
    lines = [
        f"Emotion-Gait, {walks} walks, {FOLDS} folds by subject. Each cell: mean of {len(SEEDS)} seeds of "
        "training, each scored on all folds together (95 % interval over subjects); lowest and highest seed. "
        "Differences are paired.",
        "",
        "| model | accuracy | UAR | macro F1 | recall " + ", ".join(labels) + " |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, entry in scores.items():
        ranges = seed_ranges(rows[name])
        cells = [
            f"{value:.3f} ({low:.3f} to {high:.3f}); seeds {ranges[key][0]:.3f} to {ranges[key][1]:.3f}"
            for key, (value, (low, high)) in entry.items()
        ]
        matrix = rows[name].sum(axis=(0, 1))
        recall = ", ".join(f"{hits:.2f}" for hits in np.diagonal(matrix) / matrix.sum(axis=1))
        lines.append(f"| {name} | {' | '.join(cells)} | {recall} |")
    for name in [name for name in scores if name != "bpm_gcn"]:
        cells = []
        ranges = confusion_differences(rows["bpm_gcn"], rows[name])
        for metric, (value, _) in scores["bpm_gcn"].items():
            low, high = ranges[metric]
            cells.append(f"{value - scores[name][metric][0]:+.3f} ({low:+.3f} to {high:+.3f})")
        lines.append(f"| bpm_gcn minus {name} | {' | '.join(cells)} | |")
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "gait_table.md").write_text("\n".join(lines) + "\n")
    values = {
        name: {
            metric: {"value": value, "interval": span, "seeds": seed_ranges(rows[name])[metric]}
            for metric, (value, span) in entry.items()
        }
        for name, entry in scores.items()
    }
    (OUTPUT / "gait_table.json").write_text(json.dumps(values, indent=1) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
