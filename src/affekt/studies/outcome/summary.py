"""The numbers of a study: scores of rows with intervals, and tests between rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from affekt.core.errors import AffektError
from affekt.core.wording import are, counted
from affekt.metrics.intervals import Units
from affekt.metrics.jackknife import LEVEL
from affekt.metrics.paired.compare import Difference, compare, correct
from affekt.metrics.paired.sums import RESAMPLES, UnitSums, score_range
from affekt.studies.outcome.answers import Answers, common_items
from affekt.studies.outcome.gather import RowRuns
from affekt.studies.plans.plan import ALL

_RESAMPLES_PER_TEST = 100  # the smallest p of a permutation, times the number of tests, is then 0.02
WARNING = "warning: "
LEAST_SEEDS = 3  # of an interval over seeds: that of two is 18 times as wide as they are apart
Ends = tuple[float, float]


@dataclass(frozen=True)
class Score:
    """A score of a row.

    Attributes:
        values: By seed.
        deviation: Standard deviation over seeds (n - 1); None for one seed.
        over_seeds: 95 % interval of the mean over seeds, by Student's t, within the bounds of the score where
            these are known; None for fewer than `LEAST_SEEDS`.
        over_items: 95 % interval over independent items, of these networks; None where the score does not
            follow from sums over items.
    """

    name: str
    values: dict[int, float]
    deviation: float | None
    over_seeds: Ends | None
    over_items: Ends | None

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(list(self.values.values())))

    @property
    def seed_range(self) -> Ends | None:
        """The lowest and the highest value of a seed; None for one seed."""
        values = self.values.values()
        return (min(values), max(values)) if len(values) > 1 else None


@dataclass(frozen=True)
class RowSummary:
    """A row on a data set.

    Attributes:
        samples: Number of items.
        over: Independent units of the intervals over items.
        notes: Limitations, a sentence each.
        warnings: Of its evaluations, such as that samples were trained on, a sentence each.
    """

    runs: RowRuns
    scores: dict[str, Score]
    samples: int
    over: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.runs.row

    @property
    def sentences(self) -> list[str]:
        """Notes and warnings, these in the words of `affekt evaluate`."""
        return [*self.notes, *(f"{WARNING}{text}" for text in self.warnings)]


@dataclass(frozen=True)
class Comparison:
    """A test between two rows on a data set."""

    data: str
    one: str
    other: str
    difference: Difference
    over: str


@dataclass
class Summary:
    """All numbers of a study.

    Attributes:
        metrics: Scores of the table, in order.
        notes: What limits the comparisons, a sentence each.
    """

    metrics: tuple[str, ...]
    rows: list[RowSummary] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def summarize(rows: Sequence[RowRuns], metrics: Sequence[str], against: str) -> Summary:
    """Scores of all rows with a finished seed, and the tests between them.

    Args:
        against: A row that all others are tested against, or `all`.
    """
    found = Summary(tuple(metrics))
    for row in rows:
        if row.by_seed:
            found.rows.append(_row(row, metrics))
        if row.missing:
            found.notes.append(
                f"{row.row}: {len(row.missing)} of its runs {are(len(row.missing))} not finished"
            )
    found.notes += _of_rows(found.rows)
    tested = [
        pair
        for data in dict.fromkeys(row.runs.data for row in found.rows)
        for pair in pairs([row for row in found.rows if row.runs.data == data], against)
    ]
    resamples = max(RESAMPLES, _RESAMPLES_PER_TEST * len(tested) * len(metrics))
    for one, other in tested:
        found.comparisons += _compare(one, other, metrics, found.notes, resamples)
    corrected = correct([it.difference for it in found.comparisons])
    found.comparisons = [
        Comparison(it.data, it.one, it.other, difference, it.over)
        for it, difference in zip(found.comparisons, corrected, strict=True)
    ]
    found.notes = list(dict.fromkeys([*found.notes, *_too_few_units(found.comparisons)]))
    return found


def _of_rows(rows: Sequence[RowSummary]) -> list[str]:
    """Notes and warnings of rows, with the rows that they hold for where these are not all."""
    several = len({row.runs.data for row in rows}) > 1
    holds: dict[str, list[str]] = {}
    for row in rows:
        for text in row.sentences:
            name = f"{row.name} on {row.runs.data}" if several else row.name
            holds.setdefault(text, []).append(name)
    found: list[str] = []
    for text, names in holds.items():
        if len(names) == len(rows):
            # A number of samples reads as that of all rows together.
            found.append(f"each row: {text}" if len(rows) > 1 and text.startswith(WARNING) else text)
        else:
            found.append(f"{', '.join(names)}: {text}")
    return found


def _too_few_units(comparisons: Sequence[Comparison]) -> list[str]:
    """Which numbers of units could not have shown a difference, however large: a sentence each."""
    family = len(comparisons)
    untested = [it for it in comparisons if not it.difference.is_testable(family)]
    return [
        f"with {units} {over} no difference could be shown, however large: p of items is never below "
        f"{2.0 ** (1 - units):.2g}, and Holm's correction of {family} tests needs p below "
        f"{(1 - LEVEL) / family:.2g}. More {over}, or fewer rows or scores, are needed"
        for units, over in dict.fromkeys((it.difference.units, it.over) for it in untested)
    ]


def pairs(rows: Sequence[RowSummary], against: str) -> list[tuple[RowSummary, RowSummary]]:
    """Rows that are tested: each against one, or each pair."""
    if against == ALL:
        return [(other, one) for one, other in itertools.combinations(rows, 2)]
    first = [row for row in rows if row.name == against] or list(rows[:1])
    return [(row, first[0]) for row in rows if first and row is not first[0]]


def sums_of(
    answers: Sequence[Answers], items: Sequence[str], units: Units, labels: Sequence[str]
) -> UnitSums | None:
    """Sums over units of several runs; None if the task has none."""
    tallies = [one.tally(items, labels) for one in answers]
    known = [one for one in tallies if one is not None]
    return UnitSums.of(known, units) if len(known) == len(tallies) else None


def score_of(name: str, values: dict[int, float], sums: UnitSums | None) -> Score:
    """A score with its intervals."""
    numbers = np.array(list(values.values()))
    deviation = over_seeds = over_items = None
    if len(numbers) > 1:
        deviation = float(numbers.std(ddof=1))
    if deviation is not None and len(numbers) >= LEAST_SEEDS:
        reach = float(stats.t.ppf(0.5 + LEVEL / 2, len(numbers) - 1)) * deviation / np.sqrt(len(numbers))
        lowest, highest = _bounds(name, sums)
        over_seeds = (
            max(float(numbers.mean() - reach), lowest),
            min(float(numbers.mean() + reach), highest),
        )
    if sums is not None and name in sums.scores(sums.sums.sum(axis=1)):
        over_items = score_range(sums, name)
    return Score(name, values, deviation, over_seeds, over_items)


def _bounds(name: str, sums: UnitSums | None) -> Ends:
    """Of a score: [0, 1] for those whose intervals follow from counts; otherwise they are not known."""
    if sums is not None and sums.intervals_of is not None and name in sums.intervals_of(sums.sums):
        return 0.0, 1.0
    return -math.inf, math.inf


def _row(row: RowRuns, metrics: Sequence[str]) -> RowSummary:
    answers = list(row.by_seed.values())
    common = common_items(answers)
    sums = sums_of(answers, common.items, common.units, answers[0].labels)
    notes = [common.units.note] if common.units.note else []
    if common.left_out:
        notes.append(
            f"{counted(common.left_out, 'item')} {are(common.left_out)} left out, which not all of its "
            "runs could answer"
        )
    warnings = tuple(dict.fromkeys(text for one in answers for text in one.warnings))
    scores: dict[str, Score] = {}
    for name in metrics:
        values = {
            seed: _value(one, name, sums, place) for place, (seed, one) in enumerate(row.by_seed.items())
        }
        known = {seed: value for seed, value in values.items() if value is not None}
        if len(known) == len(values):
            scores[name] = score_of(name, known, sums)
    return RowSummary(row, scores, len(common.items), common.units.over, tuple(notes), warnings)


def _value(answers: Answers, name: str, sums: UnitSums | None, run: int) -> float | None:
    if sums is not None and name in sums.scores(sums.sums.sum(axis=1)):
        return float(sums.by_run(name)[run])
    return answers.scores.get(name)


def _compare(
    one: RowSummary, other: RowSummary, metrics: Sequence[str], notes: list[str], resamples: int
) -> list[Comparison]:
    first, second = list(one.runs.by_seed.values()), list(other.runs.by_seed.values())
    try:
        common = common_items([*first, *second])
    except AffektError as error:
        notes.append(f"{one.name} is not compared with {other.name}: {error}")
        return []
    if common.left_out:
        notes.append(
            f"{one.name} and {other.name} are compared on {counted(len(common.items), 'item')}; "
            f"{counted(common.left_out, 'item')} "
            f"of one of them {are(common.left_out)} left out"
        )
    labels = first[0].labels
    sums = [sums_of(answers, common.items, common.units, labels) for answers in (first, second)]
    if sums[0] is None or sums[1] is None:
        notes.append(f"scores of {first[0].task} do not follow from sums over items: rows are not tested")
        return []
    known = sums[0].scores(sums[0].sums.sum(axis=1))
    return [
        Comparison(
            one.runs.data,
            one.name,
            other.name,
            compare(sums[0], sums[1], name, resamples=resamples),
            common.units.over,
        )
        for name in metrics
        if name in known
    ]
