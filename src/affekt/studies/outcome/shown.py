"""Numbers of a study as the cells of tables."""

from __future__ import annotations

import math
import re

from affekt.metrics.jackknife import Range
from affekt.metrics.paired.compare import Difference
from affekt.report.study.tables import Cell, Table
from affekt.studies.outcome.summary import LEAST_SEEDS, Comparison, RowSummary, Summary

METHOD = (
    "Mean and standard deviation are over seeds. The interval over seeds is that of the mean by Student's t: "
    "how far the mean of other seeds can be, on these items; it takes three seeds. The interval over items "
    "is that of the mean score of these networks on new items: a jackknife with Wilson's interval where the "
    "task has one, else a percentile bootstrap. Neither holds the spread of the other.",
    "Items of one subject or dialogue resemble each other: where the data state subjects, these are left "
    "out, resampled and exchanged as a whole. With cross-validation the folds of a seed are scored together.",
    "Differences are of rows on the same items, with a paired bootstrap over items or subjects. p of items: "
    "McNemar's exact test for accuracy with one run of each row and independent items, else a permutation "
    "that exchanges the two rows' answers. p of seeds: a t-test whose variance is that over items plus that "
    "over seeds, so that it asks about new seeds as well. Holm's correction is of the larger p, over all "
    "tests of this page; below 0.05 rows are distinguishable.",
    "Assumptions: subjects are drawn independently, and so are seeds; folds share training samples, which "
    "the spread of seeds does not show. Not distinguishable does not mean equal: the interval of the "
    "difference says what is possible.",
)


def value(number: float | None) -> str:
    """A score with three decimals; empty if there is none."""
    return "" if number is None or math.isnan(number) else f"{number:.3f}"


def ends(found: Range | None) -> str:
    """An interval in words; empty if there is none."""
    return "" if found is None or any(map(math.isnan, found)) else f"{found[0]:.3f} to {found[1]:.3f}"


def p_value(p: float | None) -> str:
    """A p-value with three decimals.

    Example:
        >>> p_value(0.0321), p_value(0.00002), p_value(None)
        ('0.032', '< 0.001', '')
    """
    if p is None:
        return ""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def verdict(difference: Difference, family: int) -> str:
    """What a test says, in words, among so many tests."""
    if not difference.is_testable(family):
        return f"too few units ({difference.units})"
    if not difference.is_distinguishable():
        return "not distinguishable"
    return "higher" if difference.difference > 0 else "lower"


def anchor(row: RowSummary) -> str:
    """Where the page lists the runs of a row."""
    return "runs-" + re.sub(r"[^0-9A-Za-z]+", "-", f"{row.runs.data} {row.name}").strip("-")


def score_table(summary: Summary, data: str, *, link: str) -> Table:
    """Scores of all rows on a data set.

    Args:
        link: The page that lists the runs; each cell links to the runs of its row.
    """
    rows = [row for row in summary.rows if row.runs.data == data]
    metrics = [name for name in summary.metrics if any(name in row.scores for row in rows)]
    over = ", ".join(dict.fromkeys(row.over for row in rows))
    several = any(len(row.runs.by_seed) > 1 for row in rows)
    # Two seeds have a range, but no useful interval.
    enough = any(score.over_seeds for row in rows for score in row.scores.values())
    columns = ["row", "seeds"]
    for name in metrics:
        columns += [name, *(["lowest to highest"] if several else [])]
        columns += [*(["95 % over seeds"] if enough else []), f"95 % over {over}"]
    cells: list[list[Cell]] = []
    for row in rows:
        place = f"{link}#{anchor(row)}"
        line = [Cell(row.name, place), Cell(str(len(row.runs.by_seed)), place, is_number=True)]
        for name in metrics:
            score = row.scores.get(name)
            mean = value(score.mean) if score else ""
            if score and score.deviation is not None:
                mean += f" ± {value(score.deviation)}"
            texts = (
                mean,
                *([ends(score.seed_range if score else None)] if several else []),
                *([ends(score.over_seeds if score else None)] if enough else []),
                ends(score.over_items if score else None),
            )
            line += [Cell(text, place if text else "", is_number=True) for text in texts]
        cells.append(line)
    samples = sorted({row.samples for row in rows})
    items = f"{' to '.join(map(str, dict.fromkeys(samples)))} items."
    note = f"Mean ± standard deviation over seeds; {items}" if several else f"Scores of {items}"
    if any(1 < len(row.runs.by_seed) < LEAST_SEEDS for row in rows):
        note += f" An interval over seeds takes {LEAST_SEEDS} seeds or more."
    return Table(data or "Scores", tuple(columns), cells, note)


def comparison_table(summary: Summary) -> Table:
    """All comparisons."""
    over = ", ".join(dict.fromkeys(it.over for it in summary.comparisons)) or "items"
    columns = (
        "row",
        "against",
        "score",
        "difference",
        f"95 % over {over}",
        "p of items",
        "p of seeds",
        "p, Holm",
        "verdict",
    )
    several = len({it.data for it in summary.comparisons}) > 1
    rows = [_test(it, several, len(summary.comparisons)) for it in summary.comparisons]
    tests = ", ".join(dict.fromkeys(it.difference.test for it in summary.comparisons))
    seeds = (
        ", which only p of seeds holds"
        if any(it.difference.p_seeds is not None for it in summary.comparisons)
        else ""
    )
    note = (
        f"Tests of items: {tests}. Paired bootstrap intervals: they and p of items are about these networks "
        f"on new {over} and leave out what other seeds would change{seeds}."
        if rows
        else ""
    )
    return Table("Tests between rows", columns, rows, note)


def _test(it: Comparison, several: bool, family: int) -> list[Cell]:
    found = it.difference
    sign = f"{found.difference:+.3f}"
    name = f"{it.one} on {it.data}" if several else it.one
    texts = (
        sign,
        ends((found.low, found.high)),
        p_value(found.p_items),
        p_value(found.p_seeds),
        p_value(found.p_holm),
    )
    numbers = [Cell(text, is_number=True) for text in texts]
    return [Cell(name), Cell(it.other), Cell(found.score), *numbers, Cell(verdict(found, family))]
