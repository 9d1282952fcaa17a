"""The table on the card of compact_voice: what runs on RAVDESS and EmoDB are worth beside a plain classifier.

    python benchmarks/voice_table.py --ravdess DIR RUN --emodb DIR RUN FOLD-RUN FOLD-RUN ...

Runs on the folds of one data set are counted together. The plain classifier is an SVM on statistics of the
log-mel spectrogram, trained on the training and the validation speakers of each run; the networks were
trained on the training speakers alone, and chosen on the others. Both are counted on the same test speakers.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from timing import as_table, write_report

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.sample import Sample
from affekt.deploy.evaluate import evaluate
from affekt.engine.run import open_run
from affekt.engine.splits import part
from affekt.media.sound import sound_of
from affekt.media.spectrum import log_mel
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import LEAST_SUBJECTS, Intervals, paired_intervals, score_intervals

OUTPUT = Path(__file__).parent / "results"
RATE_HZ, BANDS = 16_000, 40
SHOWN = ("accuracy", "uar", "macro_f1")


@dataclass(frozen=True)
class Answers:
    """What both say of the same utterances, as class numbers."""

    title: str
    truth: np.ndarray
    ours: np.ndarray
    plain: np.ndarray
    classes: int
    speakers: Sequence[str]


def main() -> None:
    """Evaluate the runs, train the plain classifiers, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("ravdess", "emodb"):
        parser.add_argument(f"--{name}", nargs="+", type=Path, metavar=("DIR", "RUN"), default=[])
    given = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    lines: list[str] = []
    for name in ("ravdess", "emodb"):
        if not getattr(given, name):
            continue
        root, *runs = getattr(given, name)
        native = [run for run in runs if open_run(run).recipe.split.scheme == "native"]
        folds = [run for run in runs if run not in native]
        for some in [native, folds]:
            if some:
                answers = answers_of(name, root, some)
                rows += rows_of(answers)
                lines.append(difference(answers))
    write_report(
        OUTPUT / "voice.md",
        [
            "Emotion of speech of speakers that nobody was trained on; 95 % intervals over speakers where "
            f"there are {LEAST_SUBJECTS} or more, else over utterances.",
            "",
            *as_table(("data", "method", "utterances", "accuracy", "UAR", "macro F1"), rows),
            "",
            *lines,
        ],
    )


def answers_of(name: str, root: Path, runs: Sequence[Path]) -> Answers:
    """What the runs and the plain classifiers say of the test part of each run."""
    corpus = catalog.dataset(name).open(root)
    features = {sample.id: statistics_of(sample) for sample in corpus.samples}
    columns: list[tuple[int, int, int]] = []
    speakers: list[str] = []
    for run in runs:
        result = evaluate(run, data_root=root)
        place = {label: number for number, label in enumerate(result.labels)}
        svm = plain_classifier(corpus, features, run)
        plain = svm.predict([features[row["id"]] for row in result.predictions])
        columns += [
            (place[row["true"]], place[row["predicted"]], place[str(guess)])
            for row, guess in zip(result.predictions, plain, strict=True)
        ]
        speakers += [row["subject"] for row in result.predictions]
        if len(runs) == 1:
            shutil.copyfile(result.folder / "confusion.png", OUTPUT / f"voice-{name}-confusion.png")
    truth, ours, plain = np.array(columns).T
    scheme = f", {len(runs)} folds" if len(runs) > 1 else ""
    title = f"{name}, {len(set(speakers))} test speakers{scheme}"
    return Answers(title, truth, ours, plain, len(corpus.labels), speakers)


def plain_classifier(corpus: Corpus, features: dict[str, np.ndarray], run: Path) -> Pipeline:
    """The SVM, trained on all but the test part of a run."""
    parts = part(corpus.samples, open_run(run).recipe.split)
    learned = [*parts.train, *parts.validation]
    svm = make_pipeline(StandardScaler(), SVC(C=5.0))
    return svm.fit([features[sample.id] for sample in learned], [sample.label for sample in learned])


def statistics_of(sample: Sample) -> np.ndarray:
    """Mean, deviation and three percentiles of each of 40 mel bands over time."""
    sound = sound_of(sample, rate_hz=RATE_HZ)
    bands = log_mel(sound.samples[0], RATE_HZ, fft=512, hop=160, mels=BANDS)
    return np.concatenate([bands.mean(0), bands.std(0), *np.percentile(bands, (10, 50, 90), axis=0)])


def rows_of(answers: Answers) -> list[tuple[str, ...]]:
    """A row for each method."""
    methods = (("compact_voice", answers.ours), (f"SVM on {5 * BANDS} log-mel statistics", answers.plain))
    rows: list[tuple[str, ...]] = []
    for method, predicted in methods:
        scores = scores_of(confusion_matrix(answers.truth, predicted, answers.classes))
        ranges = score_intervals(answers.truth, predicted, answers.classes, answers.speakers).ranges
        cells = [f"{float(scores[k]):.3f} ({ranges[k][0]:.3f} to {ranges[k][1]:.3f})" for k in SHOWN]
        rows.append((answers.title, method, str(len(answers.truth)), *cells))
    return rows


def difference(answers: Answers) -> str:
    """How far the network is ahead, on the same utterances."""
    sides = (answers.ours, answers.plain)
    whole = [scores_of(confusion_matrix(answers.truth, guess, answers.classes)) for guess in sides]
    found = paired_intervals(answers.truth, *sides, answers.classes, answers.speakers)
    texts = []
    for key, title in (("accuracy", "accuracy"), ("uar", "UAR")):
        low, high = found.ranges[key]
        texts.append(f"{float(whole[0][key] - whole[1][key]):+.3f} ({low:+.3f} to {high:+.3f}) in {title}")
    ahead = f"- {answers.title}: the network is ahead by {' and '.join(texts)}, paired over utterances"
    return f"{ahead}; {units(found)}."


def units(found: Intervals) -> str:
    """What intervals speak for."""
    return found.note or f"intervals over {'speakers' if found.over == 'subjects' else 'utterances'}"


if __name__ == "__main__":
    main()
