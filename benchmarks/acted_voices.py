"""Scores of compact_voice on RAVDESS and EmoDB, trained on both or on one of them.

    python benchmarks/acted_voices.py --data-root DIR RUN RUN ...

A run is a training of `compact_voice/acted`, on both data sets or with one of them alone:

    affekt train compact_voice/acted --data-root DIR
    affekt train compact_voice/acted --data-root DIR --set data.options.parts.emodb.leave_out=true
    affekt train compact_voice/acted --data-root DIR --set data.options.parts.ravdess.leave_out=true

Each is scored on the test speakers of both, so that the table shows how well emotions of one corpus are heard
in the other one. Surprise is in RAVDESS alone: the second table leaves it out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from timing import as_table, write_report

from affekt.core import catalog
from affekt.engine.runs.run import open_run
from affekt.evaluation.evaluate import evaluate
from affekt.evaluation.result import Evaluation
from affekt.metrics.calibration import expected_calibration_error
from affekt.metrics.classification import confusion_matrix
from affekt.metrics.intervals import score_intervals

OUTPUT = Path(__file__).parent / "results" / "acted_voices.md"
PARTS = ("ravdess", "emodb")
LEFT_OUT = ("", "surprise")


def scored(run: Path, root: Path) -> Evaluation:
    """The answers of a run to the test speakers of both data sets."""
    stated = open_run(run).recipe.data.options["parts"]
    parts = ", ".join(f'{name} = {{folder = "{stated[name].get("folder", name)}"}}' for name in PARTS)
    return evaluate(run, data_root=root, overrides=[f"data.options.parts={{{parts}}}"])


def cells_of(result: Evaluation, without: str) -> Iterator[str]:
    """Accuracy and mean recall on each data set, with 95 % intervals over utterances."""
    place = {name: number for number, name in enumerate(result.labels)}
    for data in PARTS:
        rows = [
            row for row in result.predictions if row["id"].startswith(f"{data}/") and row["true"] != without
        ]
        truth = np.array([place[row["true"]] for row in rows])
        said = np.array([place[row["predicted"]] for row in rows])
        counts = confusion_matrix(truth, said, len(place))
        spoken = counts.sum(axis=1) > 0
        recalls = np.diag(counts)[spoken] / counts.sum(axis=1)[spoken]
        low, high = score_intervals(truth, said, len(place)).ranges["accuracy"]
        yield f"{np.mean(truth == said):.3f} ({low:.3f} to {high:.3f})"
        yield f"{recalls.mean():.3f}"
        scores = np.array([[float(row[name]) for name in result.labels] for row in rows])
        yield f"{expected_calibration_error(scores, truth):.3f}"


def table(results: Sequence[tuple[str, Evaluation]], without: str) -> list[str]:
    heads = [f"{data}: {what}" for data in PARTS for what in ("accuracy", "UAR", "calibration error")]
    return as_table(("trained on", *heads), [(name, *cells_of(one, without)) for name, one in results])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("runs", nargs="+", type=Path)
    given = parser.parse_args()
    results: list[tuple[str, Evaluation]] = []
    for run in given.runs:
        recipe = open_run(run).recipe
        data = " and ".join(one.name for one in catalog.sources(recipe.data.name, recipe.data.options))
        name = f"{data}, seed {recipe.seed}"
        results.append((name, scored(run, given.data_root)))
    lines = [
        "# Emotion of acted speech within a corpus and across corpora",
        "",
        "Test speakers of RAVDESS (2, English) and of EmoDB (2, German; the edition that is cut at 2 s), who "
        "are in no training part. 7 classes: calm of RAVDESS counts as neutral, boredom of EmoDB is left "
        "out. "
        "Intervals are over utterances: two speakers are too few for a statement on new speakers.",
    ]
    for without in LEFT_OUT:
        lines += ["", f"Without {without}:" if without else "All classes:", "", *table(results, without)]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
