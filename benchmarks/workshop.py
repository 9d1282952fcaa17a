"""The workshop end to end, on an invented collection whose truth is known.

    python benchmarks/workshop.py [--clips 400] [--folder DIR] [--seeds 0 1 2]

1. Clips, records with wrong labels, copies, broken files are invented, and go through `affekt project run`.
2. Copies and broken files that were found are compared with those that were planted.
3. Confident learning names items whose label is probably wrong: precision and recall against the truth.
4. Three raters, whose confusions are known, rate the named items only. Their labels make the second version.
5. All clips are rated: the estimated confusions of each rater are compared with the planted ones.
6. Probes and CHFEN are trained on both versions and scored on the test part by the true labels.

The tables are written to `benchmarks/results/workshop.md`.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.metrics.agreement.raters import dawid_skene
from affekt.project.baseline.probes import Training, probes
from affekt.project.baseline.vectors import vectors_of
from affekt.project.chain.run import run_chain
from affekt.project.encoding.vectors import item_vectors
from affekt.project.folder import Project
from affekt.project.ratings.agreement.suspects import Suspects, find_suspects
from affekt.project.ratings.labels import final_labels
from affekt.project.ratings.table import rating_table, read_ratings
from affekt.project.ratings.upsert import import_ratings
from affekt.project.versions.release import release
from affekt.testing.collection import CONFUSIONS, LABELS, RATERS, SLIP, Planted, make_collection

OUTPUT = Path(__file__).parent / "results" / "workshop.md"
SETTINGS = """
title = "Invented news"
labels = ["joy", "fear", "sadness", "anger"]
[records]
files = ["../collected/records.csv"]
[records.columns]
id = "clip_id"
account = "account_name"
duration_s = "duration"
label = "emotion"
[media]
folders = ["../collected/media"]
[sound]
stem = "mix"
[encoding]
title = { source = "minilm" }
text = { source = "minilm" }
video = { kind = "thumbnail", size = 6 }
audio = { kind = "log_mel", mels = 40 }
[ratings]
rule = "dawid-skene"
[split]
validation_share = 0.15
test_share = 0.3
[release]
version = "1.0"
"""
WIDTHS = {"title": 384, "text": 384, "video": 108, "audio": 80}
RECIPE: dict[str, Any] = {
    "method": "chfen",
    "data": {"name": "release"},
    "config": {
        "num_classes": len(LABELS), "dim": 64, "heads": 4, "faces": False, "frame_fusion": "none",
        "dropout": 0.3, "widths": WIDTHS,
    },
    "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.05, "decay_all": False},
    "schedule": {"name": "cosine", "warmup_epochs": 2},
    "selection": {"metric": "accuracy"},
    "train": {"epochs": 30, "batch_size": 16, "clip_norm": 1.0, "threads": 1},
}  # fmt: skip


@contextmanager
def printed(name: str) -> Iterator[Any]:
    """Progress of a step: a line when it is done."""
    yield lambda done, total: print(f"{name}: {done} of {total}", flush=True) if done == total else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folder", type=Path, help="kept at the end; a temporary one if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.folder or Path(temporary)
        planted = collected(home, options.clips)
        project = Project.open(home / "news")
        lines = ["# The workshop on an invented collection", ""]
        lines += found_faults(project, planted)
        suspects = suspected(project)
        lines += about_suspects(suspects, planted)
        rate(project, home, {one.item for one in suspects.found})
        release(project, "1.1")
        lines += scored(project, planted, options.seeds, home / "runs")
        lines += about_raters(home, planted)
        OUTPUT.write_text("\n".join(lines) + "\n")
        print("\n".join(lines))


def collected(home: Path, clips: int) -> Planted:
    """The collection, through the chain."""
    for name in ("collected", "news", "runs"):
        shutil.rmtree(home / name, ignore_errors=True)
    accounts = max(12, clips // 6)
    planted = make_collection(home / "collected", clips=clips, accounts=accounts, wrong=0.2, copies=8)
    project = Project.init(home / "news", labels="plutchik-8")
    (project.path / "project.toml").write_text(SETTINGS)
    for line in run_chain(Project.open(project.path), printed):
        print(line, flush=True)
    return planted


def found_faults(project: Project, planted: Planted) -> list[str]:
    """Copies and broken files, against those that were planted."""
    with project.database() as connection:
        pairs = {
            (str(row["cluster"]), str(row["item_id"]))
            for row in connection.execute("SELECT item_id, cluster FROM duplicate WHERE item_id <> cluster")
        }
        faulty = {
            str(row[0])
            for row in connection.execute(
                "SELECT DISTINCT item_id FROM finding WHERE step = 'check' AND level IN ('error', 'warning')"
            )
        }
    real = {(one, other) for one, other in planted.copies}
    return [
        "| what | planted | found | of them right |",
        "| --- | --- | --- | --- |",
        f"| copies | {len(real)} | {len(pairs)} | {len(real & pairs)} |",
        f"| broken, black, silent, missing files | {len(planted.broken)} | {len(faulty)} | "
        f"{len(faulty & planted.broken.keys())} |",
        "",
    ]


def suspected(project: Project) -> Suspects:
    """Items whose label their vectors contradict."""
    with project.database() as connection:
        return find_suspects(
            item_vectors(project, connection),
            final_labels(project, connection),
            project.settings.label_set,
            connection,
        )


def about_suspects(suspects: Suspects, planted: Planted) -> list[str]:
    """Precision and recall of the suspects."""
    named, wrong = {one.item for one in suspects.found}, set(planted.wrong)
    right = len(named & wrong)
    share = len(wrong) / suspects.items
    return [
        "| wrong labels | value |",
        "| --- | --- |",
        f"| planted | {len(wrong)} of {suspects.items} ({share:.1%}) |",
        f"| estimated share | {suspects.noise:.1%} |",
        f"| items named | {len(named)} |",
        f"| precision; of items drawn at random | {right / max(1, len(named)):.2f}; {share:.2f} |",
        f"| recall | {right / len(wrong):.2f} |",
        "",
        "The estimated share also counts items whose vectors do not show their label: it is an upper bound "
        "where the best possible classifier is often wrong.",
        "",
    ]


def rate(project: Project, home: Path, items: set[str]) -> None:
    """Import the three raters' ratings of some items."""
    with (home / "collected" / "ratings.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["item"] in items]
    file = home / "second_look.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_ratings(project, file)


def scored(project: Project, planted: Planted, seeds: Sequence[int], runs: Path) -> list[str]:
    """Accuracy of probes and CHFEN on the test part, by the true labels, for both versions."""
    table: dict[str, dict[str, list[float]]] = {}
    for version in ("1.0", "1.1"):
        folder = project.path / "releases" / version
        scores = probe_scores(folder, planted)
        scores["CHFEN"] = chfen(folder, planted, seeds, runs)
        for name, values in scores.items():
            table.setdefault(name, {})[version] = values
    best = planted.best["title+text+video+audio"]
    return [
        f"Test part, accuracy by the true labels; the best possible one is {best:.3f}, of one modality "
        f"{max(planted.best[name] for name in WIDTHS):.3f}. CHFEN: mean of {len(seeds)} seeds (range).",
        "",
        "| trained on | labels of the records (1.0) | labels after a second look (1.1) |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {_shown(by['1.0'])} | {_shown(by['1.1'])} |"
            for name, by in table.items()
        ),
        "",
    ]  # fmt: skip


def probe_scores(folder: Path, planted: Planted) -> dict[str, list[float]]:
    """Probes of the baseline."""
    samples = open_dataset("release", folder).samples
    vectors = vectors_of(samples)
    parts = np.array([sample.split for sample in samples])
    known = np.array([sample.id in planted.labels for sample in samples])
    train_at, test_at = np.flatnonzero(parts == "train"), np.flatnonzero((parts == "test") & known)
    labels, subjects = ([getattr(one, name) for one in samples] for name in ("label", "subject"))
    everything = Training(vectors, np.array(labels), np.array(subjects))
    truth = np.array([planted.labels[samples[place].id] for place in test_at])
    said = probes(everything.at(train_at), {name: values[test_at] for name, values in vectors.items()})
    return {f"probe: {name}": [float((labels == truth).mean())] for name, labels in said.items()}


def chfen(folder: Path, planted: Planted, seeds: Sequence[int], runs: Path) -> list[float]:
    """CHFEN, trained on a version."""
    scores = []
    for seed in seeds:
        run = train(Recipe.from_values({**RECIPE, "seed": seed}), data_root=folder, runs=runs / folder.name)
        answers = evaluate(run.path, data_root=folder).folder / "predictions.csv"
        with answers.open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["id"] in planted.labels]
        scores.append(float(np.mean([row["predicted"] == planted.labels[row["id"]] for row in rows])))
        print(f"CHFEN, {folder.name}, seed {seed}: {scores[-1]:.3f}", flush=True)
    return scores


def about_raters(home: Path, planted: Planted) -> list[str]:
    """Confusions of the raters as Dawid and Skene's model estimates them, once all clips are rated."""
    project = Project.open(home / "news")
    with project.database() as connection:
        connection.execute("DELETE FROM rating")
        connection.execute("DELETE FROM source WHERE purpose = 'ratings'")
    import_ratings(project, home / "collected" / "ratings.csv")
    with project.database() as connection:
        table = rating_table(read_ratings(connection, project.settings), project.settings)
        final = final_labels(project, connection)
    model = dawid_skene(table.ratings, len(LABELS))
    lines = ["| rater | true label | given instead | planted | estimated |", "| --- " * 5 + "|"]
    for rater in RATERS:
        place = table.raters.index(rater)
        for (true, given), share in CONFUSIONS[rater].items():
            expected = share * (1 - SLIP) + (1 - share) * SLIP / (len(LABELS) - 1)
            found = model.confusions[place][LABELS.index(true), LABELS.index(given)]
            lines.append(f"| {rater} | {true} | {given} | {expected:.2f} | {found:.2f} |")
    right = np.mean([final[item].label == label for item, label in planted.labels.items()])
    return [*lines, "", f"Labels of all three raters, by Dawid and Skene's model: {right:.1%} are true.", ""]


def _shown(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.3f}"
    return f"{mean} ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else mean


if __name__ == "__main__":
    main()
