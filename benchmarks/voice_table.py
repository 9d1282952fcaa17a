"""The table on the card of compact_voice: scores of runs on RAVDESS and EmoDB, and of a baseline classifier.

    python benchmarks/voice_table.py --ravdess DIR RUN RUN ... --emodb DIR RUN ... FOLD-RUN FOLD-RUN ...

Runs are grouped by their test data (the native test split, or all folds of a cross-validation) and by seed.
The folds of one seed are scored together; a score is the mean over seeds, and the table states the lowest and
the highest seed. The baseline is an SVM on statistics of the log-mel spectrogram, trained on the training and
validation speakers of each run; it has no seed. The networks were trained on the training speakers only, and
their epoch was selected on the validation speakers. Both are tested on the same speakers.
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

from affekt.core.dataset import Corpus
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.engine.runs.run import open_run
from affekt.engine.splits import part
from affekt.evaluation.evaluate import evaluate
from affekt.media.sound import sound_of
from affekt.media.sound.spectrum import log_mel
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import LEAST_SUBJECTS, Intervals, paired_intervals, score_intervals

OUTPUT = Path(__file__).parent / "results"
RATE_HZ, BANDS = 16_000, 40
SHOWN = ("accuracy", "uar", "macro_f1")


@dataclass(frozen=True)
class Answers:
    """Answers to the same n utterances, as class numbers.

    Attributes:
        title: Data set, test speakers, folds and seeds, for the table.
        ours: (seeds, n) of the networks; one row per seed.
        plain: (n,) of the baseline classifier.
        speakers: Speaker of each utterance.
    """

    title: str
    truth: np.ndarray
    ours: np.ndarray
    plain: np.ndarray
    classes: int
    speakers: Sequence[str]


def main() -> None:
    """Evaluate the runs, train the baseline classifiers, write the table."""
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
            "Emotion of speech, test speakers that were not in training. A score of the network is the mean "
            "over seeds, then the lowest and the highest seed; 95 % intervals over speakers if there are "
            f"{LEAST_SUBJECTS} or more, else over utterances.",
            "",
            *as_table(("data", "method", "utterances", "accuracy", "UAR", "macro F1"), rows),
            "",
            *lines,
        ],
    )


def answers_of(name: str, root: Path, runs: Sequence[Path]) -> Answers:
    """Answers of the runs and of the baseline classifiers on the test split of each run."""
    corpus = open_dataset(name, root)
    features = {sample.id: statistics_of(sample) for sample in corpus.samples}
    seeds = by_seed(runs)
    said: dict[int, dict[str, int]] = {seed: {} for seed in seeds}
    truth: dict[str, int] = {}
    plain: dict[str, int] = {}
    speakers: dict[str, str] = {}
    for seed, folds in seeds.items():
        for run in folds:
            result = evaluate(run, data_root=root)
            place = {label: number for number, label in enumerate(result.labels)}
            ids = [row["id"] for row in result.predictions]
            said[seed] |= {row["id"]: place[row["predicted"]] for row in result.predictions}
            truth |= {row["id"]: place[row["true"]] for row in result.predictions}
            speakers |= {row["id"]: row["subject"] for row in result.predictions}
            if not plain.keys() >= set(ids):  # the splits of a fold are the same for each seed
                guesses = plain_classifier(corpus, features, run).predict([features[i] for i in ids])
                plain |= {i: place[str(guess)] for i, guess in zip(ids, guesses, strict=True)}
            if len(folds) == 1 and seed == min(seeds):
                shutil.copyfile(result.folder / "confusion.png", OUTPUT / f"voice-{name}-confusion.png")
    ids = sorted(truth)
    ours = np.array([[answers[i] for i in ids] for answers in said.values()])
    first = next(iter(seeds.values()))
    scheme = f", {len(first)} folds" if len(first) > 1 else ""
    title = f"{name}, {len(set(speakers.values()))} test speakers{scheme}"
    right, guessed = (np.array([column[i] for i in ids]) for column in (truth, plain))
    return Answers(title, right, ours, guessed, len(corpus.labels), [speakers[i] for i in ids])


def by_seed(runs: Sequence[Path]) -> dict[int, list[Path]]:
    """Runs of each seed, in the order of their folds.

    Raises:
        SystemExit: A fold of some seed is missing or exists twice.
    """
    seeds: dict[int, dict[int, Path]] = {}
    for run in runs:
        recipe = open_run(run).recipe
        fold = recipe.split.fold if recipe.split.scheme == "k_fold" else 0
        if seeds.setdefault(recipe.seed, {}).setdefault(fold, run) != run:
            raise SystemExit(f"{run} and {seeds[recipe.seed][fold]} have the same seed and fold")
    if len({frozenset(folds) for folds in seeds.values()}) > 1:
        found = "; ".join(f"seed {seed}: {sorted(folds)}" for seed, folds in sorted(seeds.items()))
        raise SystemExit(f"each seed needs runs on the same folds, found {found}")
    return {seed: [folds[fold] for fold in sorted(folds)] for seed, folds in sorted(seeds.items())}


def plain_classifier(corpus: Corpus, features: dict[str, np.ndarray], run: Path) -> Pipeline:
    """The SVM, trained on all samples of a run but its test split."""
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
    count = len(answers.ours)
    network = f"compact_voice, {count} seed{'s' if count > 1 else ''}"
    methods = ((network, answers.ours), (f"SVM on {5 * BANDS} log-mel statistics", answers.plain[None]))
    rows: list[tuple[str, ...]] = []
    for method, predicted in methods:
        scores = seed_scores(answers, predicted)
        ranges = score_intervals(answers.truth, predicted, answers.classes, answers.speakers).ranges
        cells = []
        for key in SHOWN:
            low, high = ranges[key]
            seeds = (
                f"; seeds {scores[key].min():.3f} to {scores[key].max():.3f}" if len(predicted) > 1 else ""
            )
            cells.append(f"{scores[key].mean():.3f} ({low:.3f} to {high:.3f}){seeds}")
        rows.append((answers.title, method, str(len(answers.truth)), *cells))
    return rows


def seed_scores(answers: Answers, predicted: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of each seed: (seeds,)."""
    matrices = [confusion_matrix(answers.truth, row, answers.classes) for row in predicted]
    return scores_of(np.stack(matrices))


def difference(answers: Answers) -> str:
    """Difference of the scores of network and baseline, on the same utterances."""
    sides = (answers.ours, answers.plain[None])
    whole = [seed_scores(answers, guess) for guess in sides]
    found = paired_intervals(answers.truth, *sides, answers.classes, answers.speakers)
    texts = []
    for key, title in (("accuracy", "accuracy"), ("uar", "UAR")):
        low, high = found.ranges[key]
        ahead = whole[0][key].mean() - whole[1][key].mean()
        texts.append(f"{ahead:+.3f} ({low:+.3f} to {high:+.3f}) in {title}")
    ahead = f"- {answers.title}: the network is ahead by {' and '.join(texts)}, paired over utterances"
    return f"{ahead}; {units(found)}."


def units(found: Intervals) -> str:
    """The units of the intervals."""
    return found.note or f"intervals over {'speakers' if found.over == 'subjects' else 'utterances'}"


if __name__ == "__main__":
    main()
