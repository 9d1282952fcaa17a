"""GoEmotions, 28 labels: networks of text, and a baseline of word counts, scored on the dev part.

    python benchmarks/goemotions_table.py --data-root DIR [--runs runs] [--rows NAME ...] [--finished]

The official test part is not used. Thresholds of the labels, epochs and the baseline's cost are chosen on
lines that are cut from the training part. Scores are means over seeds; intervals are over lines. Rows that
are not asked for, or whose runs are missing with `--finished`, stay in the results file as they are.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from tables import kept_rows

from affekt.core.recipe import Recipe
from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.engine.runs.folder import find_folder
from affekt.engine.runs.run import Run
from affekt.engine.splits import part
from affekt.metrics.multi_label import fit_thresholds, multi_label_intervals, multi_label_scores

OUTPUT = Path(__file__).parent / "results" / "goemotions.md"
DATA, CE = "dataset/goemotions.toml", "losses/cross-entropy.toml"
SHOWN = ("micro_f1", "macro_f1", "weighted_f1")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    encoder: str
    changes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)


ROWS = (
    Row("MiniLM, frozen, states of all layers", "encoders/T-frozen.toml"),
    Row("MiniLM, fully tuned", "encoders/T.toml", ("config.context.turns=0", "train.epochs=2")),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--rows", nargs="*", help="names of rows; all if not given")
    parser.add_argument("--finished", action="store_true", help="train nothing, show rows that are finished")
    options = parser.parse_args()
    before = kept_rows(OUTPUT)
    lines = [
        "| GoEmotions, dev part | seeds | " + " | ".join(SHOWN) + " |",
        "| --- " * (len(SHOWN) + 2) + "|",
    ]
    lines += baseline(options.data_root)
    print("\n".join(lines), flush=True)
    for row in ROWS:
        if options.rows and row.name not in options.rows:
            lines += [before[row.name]] if row.name in before else []
            continue
        found = [
            scores
            for seed in row.seeds
            if (scores := scores_of_run(row, seed, options.data_root, options.runs, options.finished))
        ]
        if found:
            lines.append(
                f"| {row.name} | {len(found)} | " + " | ".join(cell(found, name) for name in SHOWN) + " |"
            )
            print(lines[-1], flush=True)
        elif row.name in before:
            lines.append(before[row.name])
    lines.append("| published: BERT base, test part | | | 0.46 | |")
    lines += ["", "Mean over seeds (95 % interval over lines, of the first seed); range over seeds."]
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")


def cell(found: list[dict], name: str) -> str:
    """Mean, interval, and range over seeds."""
    values = [one["scores"][name] for one in found]
    low, high = found[0]["intervals"][name]
    text = f"{np.mean(values):.3f} ({low:.3f} to {high:.3f})"
    return text + (f"; {min(values):.3f} to {max(values):.3f}" if len(values) > 1 else "")


def scores_of_run(row: Row, seed: int, root: Path, runs: Path, finished: bool) -> dict | None:
    """`scores.json` of a run on the dev part; None if it is not finished and nothing is to be trained."""
    from affekt.evaluation.evaluate import evaluate

    recipe = Recipe.load([DATA, row.encoder, CE], [*row.changes, f"seed={seed}"])
    folder = find_folder(runs, recipe)
    run = Run(folder) if folder else None
    if run is None or run.result is None:
        if finished:
            return None
        from affekt.engine.train import train

        run = train(recipe, data_root=root, runs=runs, resume=True)
    file = run.evaluation("test") / "scores.json"
    if not file.is_file():
        file = evaluate(run.path, data_root=root).folder / file.name
    return json.loads(file.read_text())


def baseline(root: Path) -> list[str]:
    """TF-IDF of words and one logistic regression for each label, with one threshold and with fitted ones."""
    recipe = Recipe.load([DATA, "encoders/T.toml", CE])
    corpus = open_dataset("goemotions", root, recipe.data.options)
    parts = part(corpus.usable, recipe.split)
    task = find_task("multi_label")
    targets = [task.targets(one, corpus.labels) for one in (parts.train, parts.validation, parts.test)]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    given = words.fit_transform([one.media["text"] for one in parts.train])
    held, scored = (
        words.transform([one.media["text"] for one in members]) for members in (parts.validation, parts.test)
    )
    model = OneVsRestClassifier(LogisticRegression(C=3.0, max_iter=200)).fit(given, targets[0])
    fitted = fit_thresholds(targets[1], model.predict_proba(held))
    probability = model.predict_proba(scored)
    subjects = [one.subject for one in parts.test]
    rows = []
    for name, limits in (("threshold .3", np.full(len(corpus.labels), 0.3)), ("fitted thresholds", fitted)):
        found = {
            "scores": multi_label_scores(targets[2], probability, thresholds=limits),
            "intervals": multi_label_intervals(targets[2], probability, subjects, thresholds=limits).ranges,
        }
        rows.append(
            f"| TF-IDF, logistic regressions, {name} | 1 | "
            + " | ".join(cell([found], one) for one in SHOWN)
            + " |"
        )
    return rows


if __name__ == "__main__":
    main()
