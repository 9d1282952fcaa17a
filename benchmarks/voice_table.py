"""The table on the card of compact_voice: what runs on RAVDESS and EmoDB are worth beside a plain classifier.

    python benchmarks/voice_table.py --ravdess DIR RUN --emodb DIR RUN

The plain classifier is an SVM on statistics of the log-mel spectrogram, trained on the training and the
validation speakers; the networks were trained on the training speakers alone, and chosen on the others. All are
counted on the same test speakers.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from timing import as_table, write_report

from affekt.core import catalog
from affekt.core.sample import Sample
from affekt.deploy.evaluate import evaluate
from affekt.media.sound import sound_of
from affekt.media.spectrum import log_mel
from affekt.metrics.classification import bootstrap_intervals, confusion_matrix, interval, scores_of

OUTPUT = Path(__file__).parent / "results"
RATE_HZ, BANDS = 16_000, 40
SHOWN = ("accuracy", "uar", "macro_f1")
DRAWS = 10_000


def statistics_of(sample: Sample) -> np.ndarray:
    """Mean, deviation and three percentiles of each of 40 mel bands over time."""
    sound = sound_of(sample, rate_hz=RATE_HZ)
    bands = log_mel(sound.samples[0], RATE_HZ, fft=512, hop=160, mels=BANDS)
    return np.concatenate([bands.mean(0), bands.std(0), *np.percentile(bands, (10, 50, 90), axis=0)])


def main() -> None:
    """Evaluate the runs, train the plain classifier, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("ravdess", "emodb"):
        parser.add_argument(f"--{name}", nargs=2, type=Path, metavar=("DIR", "RUN"))
    given = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    lines: list[str] = []
    for name in ("ravdess", "emodb"):
        if getattr(given, name):
            root, run = getattr(given, name)
            rows += rows_of(name, root, run, lines)
    write_report(
        OUTPUT / "voice.md",
        [
            "Emotion of speech of speakers that nobody was trained on; 95 % intervals by bootstrap over "
            "utterances (each set has two test speakers, too few to draw).",
            "",
            *as_table(("data", "method", "utterances", "accuracy", "UAR", "macro F1"), rows),
            "",
            *lines,
        ],
    )


def rows_of(name: str, root: Path, run: Path, lines: list[str]) -> list[tuple[str, ...]]:
    """The network's row and the plain classifier's; what lies between them is added to the lines."""
    result = evaluate(run, data_root=root)
    labels = result.labels
    truth = np.array([labels.index(row["true"]) for row in result.predictions])
    ours = np.array([labels.index(row["predicted"]) for row in result.predictions])
    corpus = catalog.dataset(name).open(root)
    features = {sample.id: statistics_of(sample) for sample in corpus.samples}
    learned = [sample for sample in corpus.samples if sample.split != "test"]
    svm = make_pipeline(StandardScaler(), SVC(C=5.0))
    svm.fit(
        [features[sample.id] for sample in learned], [labels.index(str(sample.label)) for sample in learned]
    )
    plain = svm.predict([features[row["id"]] for row in result.predictions])
    difference = paired(truth, ours, plain, len(labels))
    lines.append(
        f"- {name}: the network is ahead by {difference['accuracy']} in accuracy and {difference['uar']} in "
        "UAR (paired over utterances)."
    )
    shutil.copyfile(result.folder / "confusion.png", OUTPUT / f"voice-{name}-confusion.png")
    return [
        (name, method, str(len(truth)), *cells(truth, predicted, len(labels)))
        for method, predicted in (("compact_voice", ours), (f"SVM on {5 * BANDS} log-mel statistics", plain))
    ]


def cells(truth: np.ndarray, predicted: np.ndarray, classes: int) -> list[str]:
    """Scores with their intervals."""
    scores = scores_of(confusion_matrix(truth, predicted, classes))
    intervals = bootstrap_intervals(truth, predicted, classes)
    return [f"{float(scores[key]):.3f} ({intervals[key][0]:.3f} to {intervals[key][1]:.3f})" for key in SHOWN]


def paired(truth: np.ndarray, one: np.ndarray, other: np.ndarray, classes: int) -> dict[str, str]:
    """How far one is ahead of the other, utterances drawn together."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(truth), size=(DRAWS, len(truth)))
    stacks = [
        np.stack([confusion_matrix(truth[row], guess[row], classes) for row in drawn])
        for guess in (one, other)
    ]
    first, second = (scores_of(stack) for stack in stacks)
    whole = [scores_of(confusion_matrix(truth, guess, classes)) for guess in (one, other)]
    text: dict[str, str] = {}
    for key in ("accuracy", "uar"):
        low, high = interval(first[key] - second[key], 0.95)
        text[key] = f"{float(whole[0][key] - whole[1][key]):+.3f} ({low:+.3f} to {high:+.3f})"
    return text


if __name__ == "__main__":
    main()
