"""The common part of all demos: generate data, train, evaluate, export."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.answers.prediction import Prediction
from affekt.core.dataset import Corpus
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample, Skipped
from affekt.core.wording import counted
from affekt.data.open import open_dataset
from affekt.deploy.export.export import Exported, export
from affekt.engine.runs.run import Run
from affekt.engine.train import train
from affekt.evaluation.evaluate import Evaluation, evaluate

SHOWN = 6  # files that are saved and predicted


@dataclass(frozen=True)
class DemoResult:
    """Outputs of a demo.

    Attributes:
        kind: Plural name of the generated items: `walks` or `clips`.
        files: Saved items, for which predictions were made.
        seconds: Wall-clock time of the whole demo.
    """

    kind: str
    run: Run
    evaluation: Evaluation
    exported: Exported
    files: tuple[Path, ...]
    predictions: tuple[Prediction | Skipped, ...]
    report: Path
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "run": str(self.run.path),
            "evaluation": self.evaluation.to_dict(),
            "bundle": str(self.exported.bundle),
            "max_difference": self.exported.max_difference,
            self.kind: [str(path) for path in self.files],
            "predictions": [
                answer.to_dict() for answer in self.predictions if isinstance(answer, Prediction)
            ],
            "skipped": [asdict(answer) for answer in self.predictions if isinstance(answer, Skipped)],
            "report": str(self.report),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Loop:
    """A trained network with its evaluation and bundle.

    Attributes:
        unseen: The test samples, of subjects that were not in training.
    """

    recipe: Recipe
    corpus: Corpus
    run: Run
    evaluation: Evaluation
    exported: Exported
    unseen: Sequence[Sample]

    @property
    def accuracy(self) -> str:
        """Accuracy on the test split with its interval, as text."""
        low, high = self.evaluation.intervals["accuracy"]
        return f"accuracy {self.evaluation.scores['accuracy']:.1%} (95 % interval {low:.0%} to {high:.0%})"


def run_loop(
    recipe: Recipe, folder: Path, *, kind: str, subjects: str, progress: bool, say: Callable[[str], None]
) -> Loop:
    """Train, evaluate and export; run and bundle of an earlier demo are replaced, other files stay.

    Args:
        kind: Plural name of the items of the corpus; also the name of the bundle.
        subjects: Plural name of its subjects.
        say: Receives messages, one line at a time.

    Raises:
        AffektError: A step failed.
    """
    dataset = catalog.dataset(recipe.data.name)
    corpus = open_dataset(dataset, None, recipe.data.options)
    # Only the run of an earlier demo is removed: the folder may contain other runs.
    shutil.rmtree(Run.place(folder / "runs", recipe, corpus.labels).path, ignore_errors=True)
    owners = len({sample.subject for sample in corpus.samples})
    say(f"generated {len(corpus.samples)} {kind} of {owners} {subjects}, in {len(corpus.labels)} emotions")
    say(f"training {recipe.method} for {counted(recipe.train.epochs, 'epoch')}")
    run = train(recipe, runs=folder / "runs", progress=progress)
    say(f"trained: {run.path}")
    evaluation = evaluate(run.path)
    unseen = [sample for sample in corpus.samples if sample.split == "test"]
    exported = export(run.path, folder / f"{kind}.affekt")
    loop = Loop(recipe, corpus, run, evaluation, exported, unseen)
    say(f"evaluated on {len(unseen)} {kind} of {subjects} that were not in training: {loop.accuracy}")
    say(f"exported: {exported.bundle}, within {exported.max_difference:.1e} of PyTorch")
    return loop


def choose(loop: Loop) -> list[Sample]:
    """Test samples to show: of each emotion the correct one of highest confidence, then confident errors.

    If there are too few errors, more correct ones follow.
    """
    by_id = {sample.id: sample for sample in loop.unseen}
    ranked = sorted(loop.evaluation.predictions, key=lambda row: -row["confidence"])
    right = [row for row in ranked if row["true"] == row["predicted"]]
    wrong = [row for row in ranked if row["true"] != row["predicted"]]
    first = [next((row for row in right if row["true"] == label), None) for label in loop.corpus.labels.names]
    chosen = [row for row in first if row is not None]
    chosen += [row for row in (*wrong, *right) if row not in chosen][: max(SHOWN - len(chosen), 0)]
    return [by_id[row["id"]] for row in chosen]
