"""The table on the card of compact_text: GoEmotions dev against hashed n-grams, TF-IDF and frozen MiniLM.

    python benchmarks/compact_text_table.py --data-root DIR --run RUN [--run RUN ...] [--bundle BUNDLE]
        [--minilm]

RUNs differ in their seed alone. All rows are trained on the training part of the first run and scored on its
test part, the dev lines of GoEmotions. The bundle is scored as well, timed with its preprocessing on one
thread, and asked about lines with negation, irony and names (`text_lines.csv`, invented for this purpose).
`--minilm` adds logistic regression on the mean vectors of the frozen encoder: minutes on idle cores.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hashed_text import hashed_probability, train_hashed
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from timing import as_table, write_report

import affekt
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import find_source, resolved
from affekt.encoders.text import TextEncoder
from affekt.engine.runs.data import Parts, parts_of_run
from affekt.engine.runs.run import open_run
from affekt.evaluation.evaluate import evaluate
from affekt.media.text.tokens import Tokenizer
from affekt.metrics.calibration import expected_calibration_error
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import score_intervals

HERE = Path(__file__).parent
OUTPUT = HERE / "results"
SHOWN = ("macro_f1", "uar", "accuracy")
TIMED = 500  # lines
LONGEST = 128  # tokens that MiniLM reads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--run", type=Path, action="append", required=True, help="repeatable: runs of seeds")
    parser.add_argument("--bundle", type=Path, help="a bundle of one of the runs")
    parser.add_argument("--minilm", action="store_true", help="add the frozen encoder")
    given = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(given.run[0], given.data_root)
    table.tf_idf()
    if given.minilm:
        table.minilm()
    table.hashed(seeds=len(given.run))
    table.runs(given.run, given.data_root)
    lines = [
        f"GoEmotions, seven labels, {len(table.train)} training lines, every method with the square root of "
        f"balanced class weights; scores on {len(table.actual)} dev lines, with 95 % intervals over lines; "
        "of several trainings their mean, and the range over seeds.",
        "",
        *as_table(("method", "macro F1", "UAR", "accuracy", "ECE"), table.rows),
    ]
    if given.bundle:
        lines += bundle_lines(given.bundle, given.data_root)
    write_report(OUTPUT / "compact_text.md", lines)


class Table:
    """Rows of scores on one test part."""

    def __init__(self, path: Path, data_root: Path) -> None:
        run = open_run(path)
        corpus = open_dataset(run.recipe.data.name, data_root, run.recipe.data.options)
        self.labels = corpus.labels
        self.parts: Parts = parts_of_run(run, corpus)
        self.train, self.validation, self.test = (
            [str(one.media["text"]) for one in part]
            for part in (self.parts.train, self.parts.validation, self.parts.test)
        )
        self.trained, self.chosen, self.actual = (
            np.array([corpus.labels.index(str(one.label)) for one in part])
            for part in (self.parts.train, self.parts.validation, self.parts.test)
        )
        weights = np.bincount(self.trained, minlength=len(self.labels)) ** -0.5
        self.weights = weights * len(self.trained) / weights[self.trained].sum()
        self.rows: list[tuple[str, ...]] = []

    def tf_idf(self) -> None:
        """Words and pairs of words, weighted by rarity, and logistic regression."""
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        model = self.regression(C=4.0).fit(words.fit_transform(self.train), self.trained)
        found = model.predict_proba(words.transform(self.test))
        self.add("TF-IDF, logistic regression", [found])

    def minilm(self) -> None:
        """Mean vectors of the frozen encoder, and logistic regression."""
        vectors = [minilm_vectors(lines).astype(np.float64) for lines in (self.train, self.test)]
        scaled = StandardScaler()  # in double precision: one value of the vectors is nearly constant
        train, test = scaled.fit_transform(vectors[0]), scaled.transform(vectors[1])
        model = self.regression(C=0.1).fit(train, self.trained)
        self.add("MiniLM frozen, mean vector, logistic regression", [model.predict_proba(test)])

    def regression(self, *, C: float) -> LogisticRegression:
        """Logistic regression with the class weights of the table."""
        return LogisticRegression(C=C, class_weight=dict(enumerate(self.weights)), max_iter=300)

    def hashed(self, *, seeds: int) -> None:
        """The network of hashed n-grams."""
        given = ((self.train, self.trained), (self.validation, self.chosen), self.weights)
        found = [hashed_probability(train_hashed(*given, seed), self.test) for seed in range(seeds)]
        self.add("hashed n-grams, embeddings and attention", found)

    def runs(self, runs: Sequence[Path], data_root: Path) -> None:
        """The runs of the method."""
        found = [probability_of(run, data_root, [one.id for one in self.parts.test]) for run in runs]
        self.add("compact_text", found)

    def add(self, name: str, probability: Sequence[np.ndarray]) -> None:
        """A row of the probabilities (n, k) of one or several trainings."""
        classes = len(self.labels)
        predicted = np.stack([one.argmax(axis=1) for one in probability])
        each = [scores_of(confusion_matrix(self.actual, one, classes)) for one in predicted]
        ranges = score_intervals(self.actual, predicted, classes).ranges
        ece = np.mean([expected_calibration_error(one, self.actual) for one in probability])
        cells = [_cell([float(one[key]) for one in each], ranges[key]) for key in SHOWN]
        trainings = f", {len(probability)} seeds" if len(probability) > 1 else ""
        self.rows.append((name + trainings, *cells, f"{ece:.3f}"))


def _cell(values: Sequence[float], interval: tuple[float, float]) -> str:
    spread = f"; {min(values):.3f} to {max(values):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f} ({interval[0]:.3f} to {interval[1]:.3f}){spread}"


def probability_of(run: Path, data_root: Path, ids: Sequence[str]) -> np.ndarray:
    """Probabilities of the test part in the order of the ids."""
    with tempfile.TemporaryDirectory() as folder:
        result = evaluate(run, data_root=data_root, folder=Path(folder))
    rows: dict[str, dict[str, Any]] = {row["id"]: row for row in result.predictions}
    return np.array([[rows[name][label] for label in result.labels] for name in ids])


def minilm_vectors(lines: Sequence[str]) -> np.ndarray:
    """Mean vectors (n, 384) of the frozen encoder."""
    settings = resolved(EncoderSettings(source="minilm", mode="frozen"))
    encoder = TextEncoder(settings).eval()
    encoder.load_pretrained()
    tokenizer = Tokenizer(find_source("minilm").tokenizer()[0], settings.tokens)
    rows = [(tokenizer.begin, *tokenizer.ids(line)[: LONGEST - 2], tokenizer.separator) for line in lines]
    order = np.argsort([len(row) for row in rows])
    found = np.zeros((len(rows), encoder.width), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            ids = torch.full((len(batch), len(rows[batch[-1]])), settings.padding_id)
            for place, row in enumerate(batch):
                ids[place, : len(rows[row])] = torch.tensor(rows[row])
            found[batch] = encoder(ids, ids != settings.padding_id).numpy()
    return found


def bundle_lines(bundle: Path, data_root: Path) -> list[str]:
    """Scores, size, speed and invented lines of the bundle."""
    with tempfile.TemporaryDirectory() as folder:
        result = evaluate(bundle, data_root=data_root, folder=Path(folder))
    classes = [
        (row["class"], str(row["count"]), *(f"{row[key]:.3f}" for key in ("recall", "precision", "f1")))
        for row in result.per_class
    ]
    predictor = affekt.load(bundle, backend="onnxruntime", threads=1)
    texts = [str(row) for row in _dev_lines(bundle, data_root)[:TIMED]]
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    scores = ", ".join(
        f"{key} {result.scores[key]:.3f} ({result.intervals[key][0]:.3f} to {result.intervals[key][1]:.3f})"
        for key in SHOWN
    )
    answer, network = _milliseconds(predictor, texts)
    kinds: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    with (HERE / "text_lines.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found = predictor(Sample("line", {"text": row["line"]}))
            kinds[row["kind"]].append((row["line"], row["wanted"], str(found.label)))
    counts = [
        (kind, f"{sum(label in wanted.split() for _, wanted, label in rows)} of {len(rows)}")
        for kind, rows in kinds.items()
    ]
    wrong = [
        (kind, line, label, wanted.replace(" ", ", "))
        for kind, rows in kinds.items()
        for line, wanted, label in rows
        if label not in wanted.split()
    ]
    return [
        "",
        f"The bundle `{bundle.name}`: {scores}; {size / 1e6:.2f} MB; a line is answered in {answer:.2f} ms; "
        f"word pieces and network alone take {network:.2f} ms (median of {TIMED} dev lines, one thread, ONNX "
        "Runtime).",
        "",
        *as_table(("class", "lines", "recall", "precision", "F1"), classes),
        "",
        "Invented lines:",
        "",
        *as_table(("kind", "answered as wanted"), counts),
        "",
        *as_table(("kind", "line", "answer", "wanted"), wrong),
    ]


def _dev_lines(bundle: Path, data_root: Path) -> list[str]:
    options = json.loads((bundle / "affekt.json").read_text())["data"]["options"]
    corpus = open_dataset("goemotions", data_root, options)
    return [one.media["text"] for one in corpus.samples if one.split == "test"]


def _milliseconds(predictor: affekt.Predictor, lines: Sequence[str]) -> tuple[float, float]:
    """Median time of a whole answer, and of preprocessing and network alone."""
    answers, networks = [], []
    for line in lines:
        sample = Sample("line", {"text": line})
        start = time.perf_counter()
        predictor(sample)
        answers.append(time.perf_counter() - start)
        start = time.perf_counter()
        rows = predictor.preprocess.views(Sample("line", {"text": f"{line} "}))
        predictor.network.outputs(predictor.preprocess.spec.stack(rows))
        networks.append(time.perf_counter() - start)
    return float(np.median(answers)) * 1e3, float(np.median(networks)) * 1e3


if __name__ == "__main__":
    main()
