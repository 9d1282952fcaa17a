"""Costs of the workshop: encoding, the size of its vectors, epochs from them, and memory with 10,000 items.

    python benchmarks/workshop_costs.py [--clips 60] [--items 1000 10000]

Encoding and epochs: invented clips of 4 s, encoded by MiniLM, thumbnails and log-mel statistics. Memory:
items with vectors of 8 values; each size runs in a process of its own. Written to
`benchmarks/results/workshop_costs.md`.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from timing import machine, write_report
from workshop import RECIPE, SETTINGS

from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.engine.train import train
from affekt.project.baseline.run import run_baseline
from affekt.project.chain.run import run_chain
from affekt.project.encoding.size import predicted_bytes, stored_bytes
from affekt.project.encoding.step import encode
from affekt.project.encoding.stored import store
from affekt.project.folder import Project
from affekt.project.records.upsert import import_records
from affekt.project.versions.release import release
from affekt.project.versions.split import make_split
from affekt.testing.collection import make_collection

OUTPUT = Path(__file__).parent / "results" / "workshop_costs.md"
EPOCHS = (2, 12)  # of two trainings, whose difference is that of the epochs alone
TINY = """
labels = "plutchik-8"
[encoding]
video = { kind = "thumbnail", size = 1 }
[split]
group_by = ["account"]
[release]
media = "leave out"
"""


@contextmanager
def silent(name: str) -> Iterator[Any]:
    """No progress."""
    yield lambda done, total: None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--items", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        many(options.one)
        return
    lines = ["# Costs of the workshop", "", machine(), "", *encoding(options.clips)]
    lines += ["| items | import | split | release | size of it | baseline | peak resident memory |"]
    lines += ["| --- " * 7 + "|"]
    for items in options.items:
        command = [sys.executable, __file__, "--one", str(items)]
        lines.append(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
        print(lines[-1], flush=True)
    write_report(OUTPUT, lines)


def encoding(clips: int) -> list[str]:
    """Encoding of clips, and an epoch of CHFEN from the vectors."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        make_collection(home / "collected", clips=clips, copies=0)
        project = Project.init(home / "news", labels="plutchik-8")
        (project.path / "project.toml").write_text(SETTINGS)
        project = Project.open(project.path)
        list(run_chain(project, silent))
        with project.database() as connection:
            connection.execute("DELETE FROM encoded")
            connection.execute("DELETE FROM done WHERE step = 'encode'")
        expected, begun = predicted_bytes(project), time.perf_counter()
        ran = encode(project, lambda done, total: None)
        encoded_s = time.perf_counter() - begun
        folder = project.path / "releases" / "1.0"
        seconds = [timed_training(epochs, folder, home / f"runs-{epochs}") for epochs in EPOCHS]
        epoch_s = (seconds[1] - seconds[0]) / (EPOCHS[1] - EPOCHS[0])
        samples = len(open_dataset("release", folder).samples)
        per_item, real = encoded_s / ran.computed, stored_bytes(project)
        return [
            "| what | value |",
            "| --- | --- |",
            f"| clips of 4 s encoded each second | {1 / per_item:.1f} |",
            f"| size of the vectors, predicted and real | {expected / 1e6:.2f} MB, {real / 1e6:.2f} MB |",
            f"| epoch of CHFEN from the vectors, {samples} items in all parts | {epoch_s:.2f} s |",
            f"| encoding the same items in each epoch | {per_item * samples:.1f} s, "
            f"{per_item * samples / epoch_s:.0f}x |",
            "",
        ]  # fmt: skip


def timed_training(epochs: int, folder: Path, runs: Path) -> float:
    """Seconds of a training of CHFEN."""
    recipe = Recipe.from_values({**RECIPE, "train": {**RECIPE["train"], "epochs": epochs}})
    begun = time.perf_counter()
    train(recipe, data_root=folder, runs=runs, progress=False)
    return time.perf_counter() - begun


def many(items: int) -> None:
    """One size: prints a row of the table."""
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - begun

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        project = Project.init(home / "many", labels="plutchik-8")
        (project.path / "project.toml").write_text(TINY)
        project = Project.open(project.path)
        names = project.settings.label_set.names
        rng = np.random.default_rng(0)
        labels = rng.integers(len(names), size=items)
        with (home / "records.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("id", "account", "label"))
            rows.writerows((f"{n:06d}", f"channel {n % 50}", names[labels[n]]) for n in range(items))
        with timed("import"):
            import_records(project, home / "records.csv")
        with project.database() as connection:
            connection.execute("BEGIN")
            for number in range(items):
                values = rng.normal(size=(5, 8)).astype(np.float32)
                values[:, labels[number]] += 1
                made = store(project, {"video": values})
                connection.execute(
                    "INSERT INTO encoded (item_id, path, sha256, bytes, names) VALUES (?, ?, ?, ?, 'video')",
                    (
                        f"{number:06d}",
                        made.path.relative_to(project.path).as_posix(),
                        made.sha256,
                        made.bytes,
                    ),
                )
            connection.execute("COMMIT")
        with timed("split"):
            make_split(project, "default")
        with timed("release"):
            folder = release(project, "1.0").folder
        size = sum(file.stat().st_size for file in folder.glob("*.json*"))
        with timed("baseline"):
            run_baseline(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = [str(items), *(f"{seconds[name]:.1f} s" for name in ("import", "split", "release"))]
    cells += [f"{size / 1e6:.1f} MB", f"{seconds['baseline']:.1f} s", f"{peak:.0f} MB"]
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
