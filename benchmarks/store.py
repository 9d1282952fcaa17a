"""Ten runs on one frozen encoder, on disk with and without the store: `make store-benchmarks`.

A BERT with random weights, or a pretrained encoder, and generated dialogues; the method is that of the
recipe `encoders/T-frozen`, with another seed in each run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from text_cache import write_talks
from timing import as_table, machine, write_report

from affekt.core.recipe import Recipe
from affekt.engine.runs.names import run_folders
from affekt.engine.store.check import check_store
from affekt.engine.store.detach import detach
from affekt.engine.store.links import links_below
from affekt.engine.store.objects import Store
from affekt.engine.store.usage import Usage, measure
from affekt.engine.train import train
from affekt.testing.encoders import save_tiny_encoder

OUTPUT = Path(__file__).parent / "results" / "store.md"
REQUIRED = 8.0
RUNS = 10
ENCODER: dict[str, Any] = {
    "hidden_size": 256,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
}

RANDOM = f"BERT with random weights ({ENCODER['num_hidden_layers']} layers, width {ENCODER['hidden_size']})"


def train_all(folder: Path, runs: Path, lines: int, encoder: str) -> None:
    """Ten runs of one epoch that differ in their seed."""
    source = encoder or save_tiny_encoder(folder / "encoder", **ENCODER)
    write_talks(folder, lines)
    for seed in range(RUNS):
        changes = [
            "data.name=dialogues",
            "config.num_classes=3",
            f"config.encoders.T.source={source}",
            "config.encoders.T.layers=last",
            "config.encoders.T.pooling=mean",
            "config.context.tokens=32",
            "config.context.context_tokens=16",
            "train.epochs=1",
            f"seed={seed}",
        ]
        recipe = Recipe.load(["encoders/T-frozen"], changes)
        train(recipe, data_root=folder, runs=runs, progress=False)


def usage_of(runs: Path) -> Usage:
    """Bytes of all runs."""
    return measure(Store(runs), run_folders(runs))


def rows_of(usage: Usage) -> dict[str, float]:
    """MB of the parts of a usage."""
    return {
        "runs and store on disk": usage.disk_bytes / 1e6,
        "objects of the store": usage.object_bytes / 1e6,
        "a run by itself": usage.alone_bytes / len(usage.runs) / 1e6,
    }


def measured(folder: Path, lines: int, encoder: str) -> list[str]:
    """Lines of the report."""
    runs = folder / "runs"
    train_all(folder, runs, lines, encoder)
    store = Store(runs)
    after = usage_of(runs)
    start = time.perf_counter()
    needed = {link.object for link in links_below(runs, without=store.path)}
    search_ms = 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    problems = check_store(store)
    check_ms = 1e3 * (time.perf_counter() - start)
    for run in run_folders(runs):
        detach(run)
    store.clean()
    before = usage_of(runs)
    ratio = before.disk_bytes / after.disk_bytes
    was, now = rows_of(before), rows_of(after)
    return [
        machine(),
        "",
        f"{RUNS} runs of one epoch on {lines} generated lines, on one frozen "
        f"{encoder or RANDOM}, which differ in their "
        "seed. MB of files, counted by `affekt store du`. Without the store: the same runs after "
        "`affekt store detach` and `affekt store gc`, which leaves the files that checkpoints would hold.",
        "",
        *as_table(
            ("MB", "without the store", "with it", "ratio"),
            [
                (
                    name,
                    f"{was[name]:.2f}",
                    f"{now[name]:.2f}",
                    f"{was[name] / now[name]:.1f}x" if now[name] else "",
                )
                for name in was
            ],
        ),
        "",
        f"The required ratio is {REQUIRED:.0f}x on disk: {'reached' if ratio >= REQUIRED else 'MISSED'}. "
        f"{after.objects} objects, of which {len(needed)} are linked and {len(problems)} are damaged. "
        f"Searching the links of all runs, as after each epoch, took {search_ms:.1f} ms; reading all "
        f"objects and checking them took {check_ms:.0f} ms.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument(
        "--encoder", default="", help="such as minilm; a BERT with random weights if not given"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_report(OUTPUT, measured(Path(folder), given.lines, given.encoder))


if __name__ == "__main__":
    main()
