"""Coverage of the intervals of ratings, by simulation: prediction intervals, and 95 % intervals of scores.

    python benchmarks/ratings.py [--rounds 300]

Subjects differ: each has a bias of its own and a spread of its own, and some have many more items. A network
is simulated as the truth plus these errors. Each round draws validation subjects, fits the prediction
interval, and asks how many ratings of new subjects it holds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from timing import as_table, write_report

from affekt.metrics.conformal import LEVEL, conformal_reach
from affekt.metrics.regression import concordance, mean_absolute_error, pearson, rating_intervals

OUTPUT = Path(__file__).parent / "results" / "ratings.md"
SUBJECTS = (9, 12, 20, 50, 200)
NEW = 4000  # subjects on which coverage is measured, an item of each
EPOCHS = 30  # networks among which the selected one is chosen
SCORED = (5, 8, 20, 100)
POPULATION = 20_000

Random = np.random.Generator


def draw(
    rng: Random, subjects: int, *, bias: float, unequal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth (n,), prediction (n,), and number of the subject (n,)."""
    sizes = rng.geometric(1 / 20, subjects) if unequal else np.full(subjects, 20)
    member = np.repeat(np.arange(subjects), sizes)
    truth = rng.normal(0, 1, len(member))
    spread = 0.5 * rng.lognormal(0, 0.4, subjects)
    errors = bias * rng.standard_normal(subjects)[member] + spread[member] * rng.standard_normal(len(member))
    return truth, truth + errors, member


def prediction_row(subjects: int, rounds: int, *, bias: float, unequal: bool) -> tuple[str, ...]:
    """Coverage and mean width of intervals over items, and over subjects, and of these after selection."""
    rng = np.random.default_rng([subjects, int(100 * bias), unequal])
    # A new subject gives one item: all its items would weigh subjects by their number of items.
    new_truth, new_predicted, member = draw(rng, NEW * 2, bias=bias, unequal=unequal)
    first = np.unique(member, return_index=True)[1]
    new = np.abs(new_truth - new_predicted)[first]
    inside: dict[str, list[float]] = {"items": [], "subjects": [], "selected": []}
    widths: dict[str, list[float]] = {name: [] for name in inside}
    for _ in range(rounds):
        truth, predicted, member = draw(rng, subjects, bias=bias, unequal=unequal)
        errors = np.abs(truth - predicted)[:, None]
        names = [str(number) for number in member]
        # The epoch of a run is the best of many on the same items. Epochs differ by chance on each item here,
        # which is the worst case: real epochs are alike.
        shaken = errors * np.exp(0.1 * rng.standard_normal((len(errors), EPOCHS)))
        best = shaken[:, [int(shaken.mean(axis=0).argmin())]]
        for name, used, units in (
            ("items", errors, None),
            ("subjects", errors, names),
            ("selected", best, names),
        ):
            found = conformal_reach(used, units).distances
            if found is None:
                raise RuntimeError(f"{subjects} subjects give no interval")
            inside[name].append(float((new <= found[0]).mean()))
            widths[name].append(2 * float(found[0]))
    return tuple(
        f"{np.mean(inside[name]):.1%} ({np.quantile(inside[name], 0.05):.0%}; {np.mean(widths[name]):.2f})"
        for name in inside
    )


def score_row(subjects: int, rounds: int, *, bias: float) -> tuple[str, ...]:
    """Share of rounds in which the 95 % interval of a score holds the score of the population."""
    rng = np.random.default_rng([7, subjects, int(100 * bias)])
    truth, predicted, _ = draw(rng, POPULATION, bias=bias, unequal=True)
    true = {
        "ccc": float(concordance(truth[:, None], predicted[:, None])[0]),
        "pearson": float(pearson(truth[:, None], predicted[:, None])[0]),
        "mae": float(mean_absolute_error(truth[:, None], predicted[:, None])[0]),
    }
    held = dict.fromkeys(true, 0)
    for _ in range(rounds):
        truth, predicted, member = draw(rng, subjects, bias=bias, unequal=True)
        found = rating_intervals(
            truth[:, None], predicted[:, None], [str(number) for number in member]
        ).ranges
        for name, value in true.items():
            held[name] += found[name][0] <= value <= found[name][1]
    return tuple(f"{held[name] / rounds:.1%}" for name in true)


def main() -> None:
    """Simulate and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    lines = [
        f"Written by `python benchmarks/ratings.py`: intervals of ratings in {rounds:,} simulated rounds. "
        "The "
        "truth has a standard deviation of 1, errors one of about 0.5 within a subject, and the mean errors "
        "of subjects have the stated one.",
        "",
        f"## Prediction intervals of {LEVEL:.0%}",
        "",
        "Share of ratings of new subjects that are within the interval: mean over the rounds, and in "
        "brackets the value that 19 of 20 rounds exceed, and the mean width. Over items: all items alike, as "
        "if they were independent. Over subjects: `affekt.metrics.conformal`, in use. Selected: the same, "
        f"fitted on the items on which the best of {EPOCHS} epochs was chosen.",
    ]
    for bias, unequal, title in (
        (0.0, False, "Subjects do not differ in their mean error, 20 items each"),
        (0.5, False, "Mean errors of subjects differ by 0.5, 20 items each"),
        (0.5, True, "Mean errors of subjects differ by 0.5, 1 to some 100 items each"),
    ):
        rows = [
            (str(subjects), *prediction_row(subjects, rounds, bias=bias, unequal=unequal))
            for subjects in SUBJECTS
        ]
        lines += ["", f"### {title}", ""]
        lines += as_table(("subjects", "over items", "over subjects", "over subjects, selected"), rows)
    lines += [
        "",
        "## 95 % intervals of scores",
        "",
        "Share of rounds in which the interval holds the score of the population. Subjects have 1 to some "
        "100 items.",
    ]
    for bias in (0.0, 0.5):
        rows = [(str(subjects), *score_row(subjects, rounds, bias=bias)) for subjects in SCORED]
        lines += ["", f"### Mean errors of subjects differ by {bias:g}", ""]
        lines += as_table(("subjects", "CCC", "Pearson", "mean absolute error"), rows)
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
