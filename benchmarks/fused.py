"""Weights of the starters when a person's face, voice and words are fused, and what fusion gains.

    python benchmarks/fused.py --data-root DIR [--faces compact_face] [--voices compact_voice]
                               [--words compact_text] [--weights FILE]

No free data shows faces, voices and words of the same people with labels, so people are put together: a face
of FER2013, an utterance of RAVDESS or EmoDB and a comment of GoEmotions of one label, all from parts that no
network was trained, selected or calibrated on. Given the label they are independent; those of one real person
are less so, which makes fused answers surer than they should be. The classes are as frequent as on the mean
of the three data sets.

Each set of modalities has weights of its own, fitted on people from one half of the items and tested on
people from the other half, again and again. The weights that `affekt analyze` uses are fitted on people from
all items and written to `--weights` (`src/affekt/analysis/fusion/weights.toml`), the table to
`benchmarks/results/fused.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import as_table, write_report

from affekt.analysis.fusion.labels import mapped_scores, shared_labels
from affekt.analysis.fusion.pool import averaged, fit_weights, pooled
from affekt.analysis.fusion.weights import FILE
from affekt.core.answers.prediction import Prediction
from affekt.core.files.toml import toml_text
from affekt.core.files.whole import write_text
from affekt.core.labels import emotion_of
from affekt.data.open import open_dataset
from affekt.deploy.load import load
from affekt.deploy.runtime.predictor import Predictor
from affekt.metrics.calibration import expected_calibration_error

OUTPUT = Path(__file__).parent / "results" / "fused.md"
REPEATS, PEOPLE = 20, 3000
COMMAND = "python benchmarks/fused.py --data-root DIR"
VOICES = {
    "labels": "fer-7",
    "merge": {"calm": "neutral"},
    "parts": {"ravdess": {"folder": "ravdess_speech"}, "emodb": {}},
}
DATA: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "face": ("fer2013", "fer2013", {}),
    "voice": ("joined", "", VOICES),
    "words": ("goemotions", "goemotions", {"dev": "test", "labels": "basic-7"}),
}


class Items(NamedTuple):
    """The answers of a network to items of its test part.

    Attributes:
        scores: (n, k) in the shared classes.
        truth: (n,) class of each.
    """

    scores: np.ndarray
    truth: np.ndarray

    def half(self, rng: np.random.Generator) -> tuple[Items, Items]:
        """Two halves, each with about half of each class."""
        order = rng.permutation(len(self.truth))
        order = order[np.argsort(self.truth[order], kind="stable")]
        one, other = order[::2], order[1::2]
        return Items(self.scores[one], self.truth[one]), Items(self.scores[other], self.truth[other])

    def drawn(self, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Scores (n, k) of an item of each class, with replacement."""
        places = [np.flatnonzero(self.truth == label) for label in range(self.scores.shape[1])]
        return self.scores[[rng.choice(places[label]) for label in truth]]


def answers_of(modality: str, predictor: Predictor, root: Path) -> tuple[list[dict[str, float]], list[str]]:
    """Scores by class, and the true labels, of the test part."""
    name, folder, options = DATA[modality]
    samples = [it for it in open_dataset(name, root / folder, options).samples if it.split == "test"]
    scores: list[dict[str, float]] = []
    labels: list[str] = []
    for sample, answer in zip(samples, predictor.answers(samples), strict=True):
        if isinstance(answer, Prediction) and sample.label is not None:
            scores.append(dict(answer.scores))
            labels.append(sample.label)
    return scores, labels


def read_items(predictors: Mapping[str, Predictor], root: Path) -> tuple[dict[str, Items], tuple[str, ...]]:
    """The items of each modality in the classes that all networks share."""
    shared = shared_labels([predictor.labels for predictor in predictors.values()])
    places = {name: place for place, name in enumerate(shared.names)}
    found: dict[str, Items] = {}
    for (modality, predictor), mapped in zip(predictors.items(), shared.mapped, strict=True):
        scores, labels = answers_of(modality, predictor, root)
        known = [
            (mapped_scores(one, mapped.names, shared.names)[0], places[emotion])
            for one, label in zip(scores, labels, strict=True)
            if (emotion := emotion_of(label)) in places
        ]
        found[modality] = Items(np.stack([row for row, _ in known]), np.array([place for _, place in known]))
        print(f"{modality}: {len(known)} items")
    return found, shared.names


def people(
    items: Mapping[str, Items], prior: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Scores (n, k) by modality of people of known labels (n,)."""
    truth = rng.choice(len(prior), PEOPLE, p=prior)
    return {name: one.drawn(truth, rng) for name, one in items.items()}, truth


def subsets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for size in range(1, len(names) + 1):
        yield from combinations(names, size)


def scores_of(probability: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Accuracy, UAR, calibration error and mean log loss."""
    right = probability.argmax(axis=1) == truth
    recalls = [right[truth == label].mean() for label in np.unique(truth)]
    return {
        "accuracy": float(right.mean()),
        "UAR": float(np.mean(recalls)),
        "calibration error": expected_calibration_error(probability, truth),
        "log loss": float(-np.log(np.clip(probability[np.arange(len(truth)), truth], 1e-6, 1)).mean()),
    }


def measured(items: Mapping[str, Items], prior: np.ndarray) -> dict[tuple[str, ...], list[dict[str, float]]]:
    """The scores of each subset of modalities in each repeat; last, those of the plain mean of all."""
    found: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for repeat in range(REPEATS):
        rng = np.random.default_rng(repeat)
        halves = {name: one.half(rng) for name, one in items.items()}
        fit, fit_truth = people({name: one[0] for name, one in halves.items()}, prior, rng)
        test, truth = people({name: one[1] for name, one in halves.items()}, prior, rng)
        for subset in subsets(tuple(items)):
            weights = np.ones(1)
            if len(subset) > 1:
                weights = fit_weights(np.stack([fit[name] for name in subset]), fit_truth)
            rows = np.stack([test[name] for name in subset])
            each = np.broadcast_to(weights[:, None], rows.shape[:2])
            found.setdefault(subset, []).append(scores_of(pooled(rows, each), truth))
        rows = np.stack([test[name] for name in items])
        mean = averaged(rows, np.full(rows.shape[:2], 1 / len(rows)))
        found.setdefault((*items, "mean"), []).append(scores_of(mean, truth))
    return found


def final_weights(items: Mapping[str, Items], prior: np.ndarray) -> dict[tuple[str, ...], np.ndarray]:
    """The weights of each set of two or more, fitted on people from all items."""
    given, truth = people(items, prior, np.random.default_rng(REPEATS))
    return {
        subset: fit_weights(np.stack([given[name] for name in subset]), truth)
        for subset in subsets(tuple(items))
        if len(subset) > 1
    }


def write_weights(
    path: Path,
    weights: Mapping[tuple[str, ...], np.ndarray],
    predictors: Mapping[str, Predictor],
    samples: int,
) -> None:
    """Write them as `affekt.analysis.fusion.weights` reads them."""
    tables: list[str] = []
    for subset, values in weights.items():
        made = [predictors[name].provenance for name in subset]
        sources = [
            {"network": it.method, "sha256": it.weights_sha256, "weight": round(float(value), 3)}
            for it, value in zip(made, values, strict=True)
        ]
        table = {"sources": sources, "samples": samples, "command": COMMAND}
        tables.append(f"[[weights]]\n{toml_text(table)}")
    write_text(path, "\n".join([f"# Measured by `{COMMAND}`, which writes this file.\n", *tables]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--faces", default="compact_face")
    parser.add_argument("--voices", default="compact_voice")
    parser.add_argument("--words", default="compact_text")
    parser.add_argument("--weights", type=Path, default=FILE)
    options = parser.parse_args()
    given = {"face": options.faces, "voice": options.voices, "words": options.words}
    predictors = {name: load(path) for name, path in given.items()}
    items, names = read_items(predictors, options.data_root)
    prior = np.mean(
        [np.bincount(one.truth, minlength=len(names)) / len(one.truth) for one in items.values()], axis=0
    )
    found = measured(items, prior)
    weights = final_weights(items, prior)
    write_weights(options.weights, weights, predictors, sum(len(one.truth) for one in items.values()))
    report(found, weights, items, names, prior)


def report(
    found: Mapping[tuple[str, ...], list[dict[str, float]]],
    weights: Mapping[tuple[str, ...], np.ndarray],
    items: Mapping[str, Items],
    names: tuple[str, ...],
    prior: np.ndarray,
) -> None:
    best = max(
        (subset for subset in found if len(subset) == 1), key=lambda it: mean_of(found[it], "accuracy")
    )
    rows: list[tuple[str, ...]] = []
    for subset, each in found.items():
        ahead = [one["accuracy"] - other["accuracy"] for one, other in zip(each, found[best], strict=True)]
        title = "all, plain mean" if subset[-1] == "mean" else " + ".join(subset)
        rows.append(
            (
                title,
                ", ".join(f"{value:.2f}" for value in weights.get(subset, ())),
                *(_range([one[name] for one in each]) for name in each[0]),
                "" if subset == best else f"{np.mean(ahead):+.3f} ({min(ahead):+.3f} to {max(ahead):+.3f})",
            )
        )
    write_report(
        OUTPUT,
        [
            "# Faces, voices and words, fused",
            "",
            f"{PEOPLE} people put together from test items of one label, {REPEATS} times, from other items "
            "than those that the weights were fitted on; mean, lowest and highest. Items: "
            + ", ".join(f"{len(one.truth)} of {name}" for name, one in items.items())
            + ". Shares of the classes: "
            + ", ".join(f"{name} {share:.2f}" for name, share in zip(names, prior, strict=True))
            + ".",
            "",
            *as_table(
                (
                    "modalities",
                    "weights",
                    "accuracy",
                    "UAR",
                    "calibration error",
                    "log loss",
                    f"accuracy against {best[0]} alone",
                ),
                rows,
            ),
            "",
            "People put together err independently in each modality; those of one real person do not. This "
            "is the most that fusion can gain, and its confidences are higher than they should be.",
        ],
    )


def mean_of(each: list[dict[str, float]], name: str) -> float:
    return float(np.mean([one[name] for one in each]))


def _range(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
