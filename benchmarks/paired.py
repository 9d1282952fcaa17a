"""False-positive rate, coverage and power of the tests between rows of a study, by simulation.

    python benchmarks/paired.py [--rounds 400]

Two rows answer the same items; each item has a difficulty that both share. Subjects and seeds move the
accuracy. Without a true difference, the share of rounds with p < 0.05 is the false-positive rate; with one,
it is the power. Coverage is the share of rounds in which the paired bootstrap interval holds the true
difference of methods, which it is expected to do for one seed or seeds without spread.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit
from timing import as_table, write_report

from affekt.core.answers.tally import Tally
from affekt.metrics.classification import scores_of
from affekt.metrics.intervals import units_of
from affekt.metrics.paired.compare import Difference, compare
from affekt.metrics.paired.sums import UnitSums

OUTPUT = Path(__file__).parent / "results" / "paired.md"
CLASSES = 3
RESAMPLES = 499
LEVEL = 0.05
POPULATION = 200_000  # draws that give the true difference


@dataclass(frozen=True)
class Scenario:
    """How answers are drawn.

    Attributes:
        shift: Of the first row, on the scale of log-odds.
        subjects: Number of subjects; 0 for independent items.
        by_subject: Standard deviation of what a subject adds to each row by itself, in log-odds.
        seeds: Runs of each row.
        by_seed: Standard deviation of what a seed adds, in log-odds.
    """

    title: str
    items: int = 200
    shift: float = 0.0
    subjects: int = 0
    by_subject: float = 0.0
    seeds: int = 1
    by_seed: float = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[UnitSums, UnitSums]:
        """The sums of both rows in one round."""
        truth = rng.integers(0, CLASSES, self.items)
        hard = rng.normal(0, 1.0, self.items)
        member = np.arange(self.items) % self.subjects if self.subjects else np.arange(self.items)
        units = units_of(self.items, [str(it) for it in member] if self.subjects else None)
        rows: list[UnitSums] = []
        for shift in (self.shift, 0.0):
            own = rng.normal(0, self.by_subject, self.subjects)[member] if self.subjects else 0.0
            runs = []
            for _ in range(self.seeds):
                odds = 1.0 + shift + hard + own + rng.normal(0, self.by_seed)
                right = rng.random(self.items) < expit(odds)
                said = np.where(right, truth, (truth + rng.integers(1, CLASSES, self.items)) % CLASSES)
                cells = np.zeros((self.items, CLASSES, CLASSES))
                cells[np.arange(self.items), truth, said] = 1
                runs.append(Tally(cells, scores_of, right=right))
            rows.append(UnitSums.of(runs, units))
        return rows[0], rows[1]

    def truth(self) -> float:
        """Difference of accuracy of the two methods, over all items, subjects and seeds."""
        rng = np.random.default_rng(0)
        spread = np.sqrt(1.0 + self.by_subject**2 + self.by_seed**2)
        odds = 1.0 + rng.normal(0, spread, POPULATION)
        return float((expit(odds + self.shift) - expit(odds)).mean())


SCENARIOS = (
    Scenario("200 items, one run"),
    Scenario("200 items, 3 seeds without spread", seeds=3),
    Scenario("200 items, 3 seeds, spread 0.3", seeds=3, by_seed=0.3),
    Scenario("200 items, 5 seeds, spread 0.3", seeds=5, by_seed=0.3),
    Scenario("200 items of 10 subjects, which differ by 0.7, one run", subjects=10, by_subject=0.7),
    Scenario(
        "400 items of 20 subjects, which differ by 0.7, one run", items=400, subjects=20, by_subject=0.7
    ),
    Scenario(
        "200 items of 10 subjects, 3 seeds, both spreads", subjects=10, by_subject=0.7, seeds=3, by_seed=0.3
    ),
    Scenario("200 items, one run, true difference", shift=0.8),
    Scenario("200 items, 3 seeds, spread 0.3, true difference", shift=0.8, seeds=3, by_seed=0.3),
)


def rates(scenario: Scenario, rounds: int) -> tuple[str, ...]:
    """A line of the table."""
    rng = np.random.default_rng(len(scenario.title))
    truth, found = scenario.truth(), []
    for number in range(rounds):
        one, other = scenario.draw(rng)
        names = ("accuracy", "uar")
        found.append([compare(one, other, it, seed=number, resamples=RESAMPLES) for it in names])

    def share(values: list[bool]) -> str:
        return f"{np.mean(values):.1%}"

    def below(place: int, field: str) -> str:
        known = [getattr(row[place], field) for row in found]
        return "" if known[0] is None else share([p < LEVEL for p in known])

    first: list[Difference] = [row[0] for row in found]
    inside = share([it.low <= truth <= it.high for it in first])
    return (
        scenario.title,
        first[0].test,
        f"{truth:+.3f}",
        below(0, "p_items"),
        below(0, "p"),
        below(1, "p_items"),
        below(1, "p"),
        inside,
    )


def main() -> None:
    """Simulate and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    error = 1.96 * np.sqrt(LEVEL * (1 - LEVEL) / rounds)
    columns = (
        "scenario",
        "test of accuracy",
        "true difference",
        "accuracy: p of items < 0.05",
        "accuracy: p < 0.05",
        "UAR: p of items < 0.05",
        "UAR: p < 0.05",
        "interval holds the difference",
    )
    lines = [
        f"Written by `python benchmarks/paired.py --rounds {rounds}`: share of {rounds} rounds; a rate of "
        f"5 % is known to ± {error:.1%}. `p` is what a study uses: with several seeds it asks about new ones "
        f"as well. {RESAMPLES} resamples. Mean log-odds of a right answer 1; difficulty of "
        "items with a standard deviation of 1.",
        "",
        *as_table(columns, [rates(scenario, rounds) for scenario in SCENARIOS]),
    ]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
