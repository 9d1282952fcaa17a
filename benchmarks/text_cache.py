"""Lines through a frozen text encoder, with and without the feature cache: `make text-cache-benchmarks`.

all-MiniLM-L6-v2 as in the recipe `encoders/T-frozen`, on lines of MELD or, without its folder, on generated
ones.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cache import REQUIRED, epoch_of, first_clips, seconds_of
from timing import as_table, in_turns, machine, write_report

from affekt.core.recipe import Recipe
from affekt.engine.experiment import Experiment, open_corpus
from affekt.engine.features.backbone import FeatureNetwork
from affekt.engine.features.filling import CachedDataset, Filled, cached
from affekt.engine.loading import SampleDataset
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.engine.splits import part
from affekt.engine.weights.initial import start_from

OUTPUT = Path(__file__).parent / "results" / "text_cache.md"
REPEATS = 3
WORDS = ("well", "what", "did", "you", "say", "about", "this", "morning", "nobody", "told", "me", "we", "are")
TURNS = 10


@dataclass(frozen=True)
class Case:
    """A network and the same lines, as words and as cached vectors."""

    recipe: Recipe
    model: Any
    objective: torch.nn.Module
    plain: SampleDataset
    kept: CachedDataset
    filled: Filled
    fill_s: float


def write_talks(folder: Path, lines: int) -> None:
    """Generated dialogues of ten turns, of 3 to 15 words each."""
    rng = np.random.default_rng(0)
    rows = ["dialogue,turn,speaker,text,label,split"]
    for talk in range(2 * lines // TURNS):
        for turn in range(TURNS):
            words = " ".join(rng.choice(WORDS, rng.integers(3, 16)))
            label = ("joy", "sadness", "neutral")[rng.integers(3)]
            named = "train" if talk % 2 else "validation"
            rows.append(f"{talk},{turn},{'Ann' if turn % 2 else 'Ben'},{words},{label},{named}")
    (folder / "talks.csv").write_text("\n".join(rows) + "\n")


def case_of(data_root: Path | None, lines: int, folder: Path) -> Case:
    """A case with a filled cache."""
    if data_root is None:
        write_talks(folder, lines)
        data = ["data.name=dialogues", "config.num_classes=3"]
    else:
        data = ["data.name=meld", "config.num_classes=7"]
    recipe = Recipe.load(["encoders/T-frozen"], data)
    corpus = open_corpus(recipe, data_root or folder)
    experiment = Experiment.of(recipe, corpus, part(corpus.usable, recipe.split))
    plain = first_clips(experiment.datasets()["train"], lines)
    model: Any = experiment.network()
    start_from(model, (), experiment.method)
    start = time.process_time()
    kept, filled = cached(experiment, {"train": plain}, model, root=folder / "cache")
    spent = time.process_time() - start
    model.train()
    criterion = WeightedLoss(recipe.loss, corpus.task, None, corpus.labels)
    objective = experiment.method.load("objective")(experiment.config, criterion)
    return Case(recipe, model, objective, plain, kept["train"], filled, spent)


def measure(data_root: Path | None, lines: int, folder: Path) -> list[str]:
    """Lines of the report."""
    case = case_of(data_root, lines, folder)
    model, count = case.model, len(case.plain)

    def computed() -> None:
        for index in range(count):
            arrays = case.plain.arrays(index, 0)
            with torch.no_grad():
                model.features(
                    torch.from_numpy(arrays["text"])[None], own=torch.from_numpy(arrays["own"])[None]
                )

    def read() -> None:
        for index in range(count):
            case.kept.arrays(index, 0)

    first_read = seconds_of(read)
    features = in_turns({"computed": computed, "read": read}, REPEATS, clock=time.process_time)
    epochs = in_turns(
        {
            "without": epoch_of(model, case.plain, case.objective, case.recipe),
            "with": epoch_of(FeatureNetwork(model), case.kept, case.objective, case.recipe),
        },
        REPEATS,
        clock=time.process_time,
    )
    rows = [
        (f"vectors of {count} lines, computed one by one or read", features["computed"], features["read"]),
        (f"an epoch of {count} lines", epochs["without"], epochs["with"]),
    ]
    source = "MELD" if data_root else "generated dialogues"
    met = all(row[2].ratio >= REQUIRED for row in rows)
    return [
        machine(),
        "",
        f"all-MiniLM-L6-v2, frozen, as in the recipe encoders/T-frozen, {count} training lines of {source}, "
        f"{torch.get_num_threads()} thread(s). Medians of {REPEATS} rounds in processor time; the load of "
        f"the machine was {os.getloadavg()[0]:.1f}. An epoch computes batches, loss and gradients and takes "
        "optimizer steps. Vectors that were read once are held in memory.",
        "",
        *as_table(
            ("", "without the cache", "with it", "ratio"),
            [(what, a.milliseconds, b.milliseconds, f"{b.ratio:.0f}x") for what, a, b in rows],
        ),
        "",
        f"The required speed-up is {REQUIRED}x: {'reached' if met else 'MISSED'}. Filling the cache took "
        f"{1e3 * case.fill_s / count:.1f} ms of processor time and "
        f"{1e3 * case.filled.seconds / count:.1f} ms of elapsed time a line; the first reading of all files "
        f"took {1e3 * first_read / count:.2f} ms a line.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, help="folder of MELD")
    parser.add_argument("--lines", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        write_report(OUTPUT, measure(given.data_root, given.lines, Path(folder)))


if __name__ == "__main__":
    main()
