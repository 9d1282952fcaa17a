"""Tables of emotion recognition in conversation: networks of text, and a baseline of word counts.

    python benchmarks/dialogue_table.py meld --data-root DIR [--runs runs] [--rows NAME ...]

Epochs are selected on the data's own validation part; the test part is scored once for each row and seed.
Scores are means over seeds; intervals are over dialogues. Finished runs are kept, so the command can be
stopped and started again; the confusions of each run are kept in the repository (results/NAME.json), so that
the seeds of a row may be trained on several machines. A run of which neither is there is trained unless
`--finished` is given. Rows that are not asked for, or of which nothing is kept, stay in the results file as
they are.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from kept import Kept
from tables import kept_rows
from words import fit_words, predictions

from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.engine.runs.folder import find_folder
from affekt.engine.runs.run import Run
from affekt.engine.splits import part
from affekt.engine.weights.initial import name_weights, read_weights
from affekt.metrics.classification import group_confusions, scores_of
from affekt.metrics.intervals import confusion_intervals

OUTPUT = Path(__file__).parent / "results"
SHOWN = ("weighted_f1", "accuracy", "macro_f1")
SEEDS = (0, 1, 2)
T, LORA, FROZEN = "encoders/T.toml", "encoders/T-lora.toml", "encoders/T-frozen.toml"
CE, SPCL, APCL = "losses/cross-entropy.toml", "losses/spcl.toml", "losses/apcl.toml"


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        parts: Of the recipe, after the data set.
        start: Changes of the recipe on GoEmotions whose network this one starts from; None: not tuned before.
    """

    name: str
    parts: tuple[str, ...]
    changes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = SEEDS
    start: tuple[str, ...] | None = None


ALONE = ("config.context.turns=0",)
RANK_4 = ("config.encoders.T.lora.rank=4", "config.encoders.T.lora.alpha=8.0")
TUNED = ("config.context.turns=0", "train.epochs=2")
LAST_LAYER = str(Path(__file__).parent / "plans" / "T-last-layer.toml")
ROWS = {
    "meld": (
        Row("frozen, classifier", (FROZEN, CE)),
        Row("frozen, classifier, without context", (FROZEN, CE), ALONE),
        Row("frozen, SPCL", (FROZEN, SPCL)),
        Row("frozen, APCL", (FROZEN, APCL)),
        Row("LoRA, rank 16", (LORA, CE)),
        Row("LoRA, rank 4", (LORA, CE), RANK_4, (0,)),
        Row("fully tuned", (T, CE)),
        Row("fully tuned, GoEmotions before", (T, CE), start=TUNED),
        Row("fully tuned, last layer alone", (LAST_LAYER, CE), (), (0,)),
        Row("fully tuned, without context", (T, CE), ALONE),
        Row("fully tuned, SPCL", (T, SPCL), (), (0,)),
    ),
    "emorynlp": (Row("frozen, classifier", (FROZEN, CE)),),
}  # fmt: skip
DATA = {
    "meld": ("dataset/meld-emotion.toml", {"label": "emotion"}),
    "emorynlp": ("dataset/emorynlp.toml", {}),
}
PUBLISHED = {
    "meld": (
        ("published: RoBERTa-large, line alone", "62.0"),
        ("published: COSMIC, RoBERTa-large with knowledge", "65.2"),
        ("published: SPCL, RoBERTa-large with context", "67.3; run again by others 66.1, 66.4"),
    ),
    "emorynlp": (
        ("published: RoBERTa-large, line alone (another edition)", "37.3"),
        ("published: SPCL, RoBERTa-large (another edition)", "40.9"),
    ),
}


def tuned_before(row: Row, folder: Path | None, runs: Path) -> list[Path] | None:
    """The run on GoEmotions that a row starts from, of seed 0; trained if its data are given, else None."""
    if row.start is None:
        return []
    recipe = Recipe.load(["dataset/goemotions.toml", *row.parts], row.start)
    run = finished(recipe, runs)
    if run is None:
        if folder is None:
            return None
        from affekt.engine.train import train

        run = train(recipe, data_root=folder, runs=runs, resume=True)
    return [run.path]


def finished(recipe: Recipe, runs: Path) -> Run | None:
    """The finished run of a recipe."""
    folder = find_folder(runs, recipe)
    run = Run(folder) if folder else None
    return run if run and run.result is not None else None


def test_rows(run: Run, data_root: Path) -> list[dict[str, str]]:
    """Predictions for the test part."""
    from affekt.evaluation.evaluate import evaluate

    file = run.evaluation("test") / "predictions.csv"
    if not file.is_file():
        file = evaluate(run.path, data_root=data_root).folder / file.name
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def units_of(
    truth: Sequence[str], said: Sequence[str], groups: Sequence[str], names: Sequence[str]
) -> np.ndarray:
    """Confusions (groups, k, k)."""
    place = {name: number for number, name in enumerate(names)}
    return group_confusions(
        np.array([place[it] for it in truth]),
        np.array([place[it] for it in said]),
        len(names),
        np.array(groups),
    )


def cells(units: np.ndarray) -> list[str]:
    """Mean, interval and range over seeds of each score, from (seeds, groups, k, k)."""
    whole, ranges = scores_of(units.sum(axis=1)), confusion_intervals(units)
    found = []
    for name in SHOWN:
        low, high = ranges[name]
        text = f"{whole[name].mean():.3f} ({low:.3f} to {high:.3f})"
        if len(units) > 1:
            text += f"; {whole[name].min():.3f} to {whole[name].max():.3f}"
        found.append(text)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=list(ROWS))
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument(
        "--goemotions", type=Path, help="its folder: rows that start from its network need it"
    )
    parser.add_argument("--rows", nargs="*", help="names of rows; all if not given")
    parser.add_argument("--finished", action="store_true", help="train nothing, show rows that are finished")
    options = parser.parse_args()
    dataset, values = DATA[options.data]
    corpus = open_dataset(options.data, options.data_root, values)
    names = corpus.labels.names
    file = OUTPUT / f"{options.data}.md"
    before, kept = kept_rows(file), Kept.read(file.with_suffix(".json"))
    lines = [
        f"| {options.data} | seeds | validation, weighted F1 | " + " | ".join(SHOWN) + " |",
        "| --- " * (len(SHOWN) + 3) + "|",
    ]
    parts = part(corpus.usable, Recipe.load([dataset, T, CE]).split)
    groups = sorted({str(it.subject) for it in parts.test})
    shape = (len(groups), len(names), len(names))
    for context, name in ((False, "TF-IDF, the line alone"), (True, "TF-IDF, with context")):
        if options.rows and name not in options.rows:
            lines += [before[it] for it in before if it.startswith(name)]
            continue
        model, vectors, chosen = fit_words(parts.train, parts.validation, context=context)
        said = predictions(model, vectors, parts.test)
        units = units_of(
            [str(it.label) for it in parts.test], list(said), [str(it.subject) for it in parts.test], names
        )[None]
        lines.append(
            f"| {name}, logistic regression | 1 | {chosen['validation']:.3f} | "
            + " | ".join(cells(units))
            + " |"
        )
        print(lines[-1], flush=True)
    for row in ROWS[options.data]:
        if options.rows and row.name not in options.rows:
            lines += [before[row.name]] if row.name in before else []
            continue
        start = tuned_before(row, options.goemotions, options.runs)
        for seed in row.seeds:
            if start is None:
                continue
            recipe = Recipe.load([dataset, *row.parts], [*row.changes, f"seed={seed}"])
            recipe = name_weights(recipe, read_weights(start))
            run = finished(recipe, options.runs)
            if run is None and not options.finished and str(seed) not in kept.runs.get(row.name, {}):
                from affekt.engine.train import train

                run = train(
                    recipe, data_root=options.data_root, runs=options.runs, weights=start, resume=True
                )
            if run is None:
                continue
            answers = test_rows(run, options.data_root)
            found = units_of(
                [it["true"] for it in answers],
                [it["predicted"] for it in answers],
                [it["subject"] for it in answers],
                names,
            )
            kept.add(row.name, seed, (run.result or {})["validation"]["weighted_f1"], found)
            kept.write()
        validation, found = kept.of(row.name, shape)
        if len(found):
            lines.append(
                f"| {row.name} | {len(found)} | {np.mean(validation):.3f} | "
                + " | ".join(cells(found))
                + " |"
            )
            print(lines[-1], flush=True)
        elif row.name in before:
            lines.append(before[row.name])
    for name, score in PUBLISHED[options.data]:
        lines.append(f"| {name} | | | {score} | | |")
    lines += ["", "Mean over seeds (95 % interval over dialogues); range over seeds."]
    OUTPUT.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
