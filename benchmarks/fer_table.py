"""The table on the card of compact_face: scores of a run on FER2013 against three kinds of labels.

    python benchmarks/fer_table.py --data-root DIR --run RUN

RUN is a run folder or the bundle of one, such as the starter `compact_face`. Scores of the
test split are computed against the original labels; against the majority of the FER+ votes, if there is one;
and against the original labels without near-duplicates of training or validation faces.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from timing import as_table, write_report

from affekt.data.open import open_dataset
from affekt.deploy.load import is_bundle
from affekt.evaluation.evaluate import evaluate
from affekt.evaluation.result import Evaluation
from affekt.metrics.calibration import expected_calibration_error
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import score_intervals
from affekt.quality.images import describe_images

OUTPUT = Path(__file__).parent / "results"
SHOWN = ("accuracy", "uar", "macro_f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="a run folder or a bundle")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(given, evaluate(given.run, data_root=given.data_root, folder=Path(folder)))


def write(given: argparse.Namespace, result: Evaluation) -> None:
    """The table, its numbers and the figures."""
    original = open_dataset("fer2013", given.data_root)
    majority = open_dataset("fer2013", given.data_root, {"truth": "majority"})
    voted = {sample.id: str(sample.label) for sample in majority.samples if sample.split == "test"}
    seen_before = {
        name
        for group in (describe_images(original.samples) or {})["near_duplicates"]
        if len(group["splits"]) > 1
        for name in group["ids"]
    }
    rows = result.predictions
    found = {
        "original labels": count(rows, {row["id"]: row["true"] for row in rows}, result.labels),
        "original labels, without near-duplicates of training faces": count(
            rows, {row["id"]: row["true"] for row in rows if row["id"] not in seen_before}, result.labels
        ),
        "majority of the FER+ votes": count(rows, voted, result.labels),
    }
    table = [
        (name, str(part["samples"]), *(cell(part, key) for key in SHOWN), f"{part['ece']:.3f}")
        for name, part in found.items()
    ]
    classes = [
        (
            row["class"],
            str(row["count"]),
            f"{row['recall']:.3f}",
            f"{row['precision']:.3f}",
            f"{row['f1']:.3f}",
        )
        for row in result.per_class
    ]
    lines = [
        f"FER2013, test split (PublicTest), predicted by {of_what(given.run, result.backend)}; 95 % "
        "intervals over faces, because FER2013 does not identify persons; ECE over 15 bins.",
        "",
        *as_table(("truth", "faces", "accuracy", "UAR", "macro F1", "ECE"), table),
        "",
        "Against the original labels:",
        "",
        *as_table(("class", "faces", "recall", "precision", "F1"), classes),
    ]
    write_report(OUTPUT / "fer2013.md", lines)
    (OUTPUT / "fer2013.json").write_text(
        json.dumps({**found, "per_class": result.per_class}, indent=1) + "\n"
    )
    for name in ("confusion", "reliability"):
        shutil.copyfile(result.folder / f"{name}.png", OUTPUT / f"fer2013-{name}.png")


def of_what(path: Path, backend: str) -> str:
    """The run or bundle that was evaluated, in words."""
    if is_bundle(path):
        # Only the name of the folder: the table must not depend on its location.
        return f"the bundle `{path.name}` ({backend})"
    return f"the run {path.name} ({backend})"


def count(rows: list[dict[str, Any]], truth: dict[str, str], labels: tuple[str, ...]) -> dict[str, Any]:
    """Scores with intervals on the faces with a true label."""
    known = [row for row in rows if row["id"] in truth]
    actual, predicted = (
        np.array([labels.index(name) for name in names])
        for names in ([truth[row["id"]] for row in known], [row["predicted"] for row in known])
    )
    scores = scores_of(confusion_matrix(actual, predicted, len(labels)))
    probability = np.array([[row[name] for name in labels] for row in known])
    return {
        "samples": len(known),
        "scores": {name: float(value) for name, value in scores.items()},
        "intervals": score_intervals(actual, predicted, len(labels)).ranges,
        "ece": expected_calibration_error(probability, actual),
    }


def cell(part: dict[str, Any], name: str) -> str:
    """A score with its interval."""
    low, high = part["intervals"][name]
    return f"{part['scores'][name]:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
