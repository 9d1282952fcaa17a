"""Coverage of 95 % intervals of scores, by simulation: the former bootstrap, and the intervals in use.

    python benchmarks/coverage.py [--rounds 400]

Accuracy differs between subjects; a population of 20,000 subjects gives the true scores. Each round draws
some subjects and checks whether the interval of their scores contains the true one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from timing import as_table, write_report

from affekt.metrics.classification import scores_of
from affekt.metrics.intervals import LEAST_SUBJECTS, score_intervals

OUTPUT = Path(__file__).parent / "results" / "coverage.md"
SUBJECTS = (1, 2, 4, 5, 8, 20, 100)
ITEMS = (30, 100, 500)
SHOWN = ("accuracy", "uar", "macro_f1")
DRAWS = 300  # resamplings of the bootstrap
POPULATION = 20_000
WIDE = 1e4  # concentration of class shares that hardly differ between subjects

Random = np.random.Generator
Ranges = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Scenario:
    """Differences between subjects.

    Attributes:
        accuracy: Mean over subjects.
        spread: Standard deviation of accuracy between subjects.
        unequal: Whether they differ in number of items (5 to some hundred) and in the shares of classes.
    """

    title: str
    accuracy: float
    spread: float
    classes: int = 4
    unequal: bool = False

    def draw(self, rng: Random, subjects: int, *, items: int = 40) -> np.ndarray:
        """Confusion matrices (subjects, k, k)."""
        sizes = rng.geometric(1 / items, subjects) + 4 if self.unequal else np.full(subjects, items)
        shares = rng.dirichlet(np.full(self.classes, 2.0 if self.unequal else WIDE), subjects)
        right = np.full(subjects, self.accuracy)
        if self.spread:
            scale = self.accuracy * (1 - self.accuracy) / self.spread**2 - 1
            right = rng.beta(self.accuracy * scale, (1 - self.accuracy) * scale, subjects)
        counts = rng.multinomial(sizes, shares)
        hits = rng.binomial(counts, right[:, None])
        found = np.zeros((subjects, self.classes, self.classes), int)
        for k in range(self.classes):
            elsewhere = (np.arange(self.classes) != k) / (self.classes - 1)
            found[:, k] = rng.multinomial((counts - hits)[:, k], elsewhere)
            found[:, k, k] = hits[:, k]
        return found


SCENARIOS = (
    Scenario("accuracy .70, subjects differ by .10", 0.7, 0.1),
    Scenario("accuracy .70, subjects differ by .20", 0.7, 0.2),
    Scenario("the same, subjects of unequal size and classes", 0.7, 0.2, unequal=True),
    Scenario("the same, eight classes", 0.7, 0.2, classes=8, unequal=True),
    Scenario("accuracy .90, subjects differ by .10, two classes", 0.9, 0.1, classes=2),
    Scenario("accuracy .90, subjects do not differ", 0.9, 0.0),
)


def bootstrap(counts: np.ndarray, rng: Random) -> Ranges:
    """Percentile intervals of resampled units, the former method."""
    times = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    drawn = scores_of(np.tensordot(times, counts, axes=1))
    return {name: tuple(np.percentile(values, (2.5, 97.5))) for name, values in drawn.items()}


def in_use(counts: np.ndarray, *, by_subject: bool) -> Ranges:
    """The intervals of `affekt evaluate`."""
    member, truth, said = np.indices(counts.shape).reshape(3, -1).repeat(counts.ravel(), axis=1)
    subjects = member.astype(str) if by_subject else None
    return score_intervals(truth, said, counts.shape[-1], subjects).ranges


def coverage(
    scenario: Scenario, units: int, rounds: int, *, items: int = 40, by_subject: bool = True
) -> list[tuple[str, ...]]:
    """Rows of the table: coverage and mean width of each method."""
    rng = np.random.default_rng(units)
    truth = scores_of(scenario.draw(rng, POPULATION, items=items).sum(axis=0))
    inside, widths = ({(way, name): 0.0 for way in ("old", "new") for name in SHOWN} for _ in range(2))
    for _ in range(rounds):
        counts = scenario.draw(rng, units, items=items)
        found = {"old": bootstrap(counts, rng), "new": in_use(counts, by_subject=by_subject)}
        for way, name in inside:
            low, high = found[way][name]
            inside[way, name] += bool(low <= truth[name] <= high) / rounds
            widths[way, name] += (high - low) / rounds

    def cells(way: str) -> Sequence[str]:
        return [f"{inside[way, name]:.1%} ({widths[way, name]:.2f})" for name in SHOWN]

    return [(*cells("old"), *cells("new"))]


def main() -> None:
    """Simulate and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    columns = ("old, accuracy", "UAR", "macro F1", "in use, accuracy", "UAR", "macro F1")
    lines = [
        f"Written by `make coverage`: share of {rounds:,} rounds in which a 95 % interval contains the true "
        "score, and in brackets its mean width. Old: percentile bootstrap over subjects (over items in the "
        f"last table), {DRAWS} draws. In use: `affekt.metrics.intervals`.",
        "",
        f"With fewer than {LEAST_SUBJECTS} subjects the interval in use is over items, and a note states "
        "that it is not valid for new subjects: the first two rows of each table show this.",
    ]
    for scenario in SCENARIOS:
        rows = [
            (f"{units}" if units >= LEAST_SUBJECTS else f"{units} (over items)", *row)
            for units in SUBJECTS
            for row in coverage(scenario, units, rounds)
        ]
        lines += ["", f"## {scenario.title[0].upper()}{scenario.title[1:]}", ""]
        lines += as_table(("subjects", *columns), rows)
    lines += ["", "## Items without subjects", ""]
    rows = [
        (f"{units}, accuracy {accuracy:.2f}", *row)
        for accuracy in (0.6, 0.9, 0.98)
        for units in ITEMS
        for row in coverage(Scenario("", accuracy, 0.0), units, rounds, items=1, by_subject=False)
    ]
    lines += as_table(("items", *columns), rows)
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
