"""Scores of groups of samples, such as speakers or genders, and how far recalls differ between them.

A group is a value of a fact that the data state of a sample: `subject`, `speaker`, `dialogue`, or a key of
`Sample.facts`. The equal-opportunity difference of a label is the highest recall of a group less the lowest.
The largest of many differences is above 0 by chance: a permutation of the groups over independent units says
how often chance gives one as large.

Source: Hardt, Price and Srebro, Equality of opportunity in supervised learning, NeurIPS 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from affekt.core.answers.tally import Tally
from affekt.core.errors import UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.settings import suggest
from affekt.core.task import Task
from affekt.core.wording import counted, have
from affekt.metrics.intervals import units_of
from affekt.metrics.paired.sums import UnitSums, score_range

UNKNOWN = "not stated"
OWN = ("subject", "speaker", "dialogue")  # fields of a sample that can be groups
LEAST = 10  # items of a label in a group, below which its recall is not compared
PERMUTATIONS = 999


@dataclass(frozen=True)
class GroupScores:
    """The scores of one group, with 95 % intervals over its independent units."""

    group: str
    samples: int
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Opportunity:
    """The equal-opportunity difference of a label.

    Attributes:
        difference: Recall in the group `high` less that in the group `low`.
        p: How often a permutation of groups gives a difference as large; no correction for several labels.
    """

    label: str
    difference: float
    high: str
    low: str
    p: float


@dataclass(frozen=True)
class Grouping:
    """Scores by the values of one fact.

    Attributes:
        worst: The group with the worst score `by`.
        notes: Limitations, a sentence each.
    """

    name: str
    groups: tuple[GroupScores, ...]
    by: str
    worst: str
    opportunities: tuple[Opportunity, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def known_groups(samples: Sequence[Sample]) -> list[str]:
    """Names of facts that are stated of at least one sample and have two values or more."""
    names = dict.fromkeys([*OWN, *(key for sample in samples for key in sample.facts)])
    return [name for name in names if len({group_of(sample, name) for sample in samples} - {UNKNOWN}) > 1]


def check_groups(names: Sequence[str], samples: Sequence[Sample]) -> None:
    """Refuse groups that the data do not state.

    Raises:
        UsageError: With the known ones.
    """
    known = known_groups(samples)
    for name in names:
        if name not in known:
            raise UsageError(
                f"--groups {name}: the data do not state it of these samples; {suggest(name, known)}"
            )


def group_of(sample: Sample, name: str) -> str:
    """The group of a sample, as text; `speaker` is the subject where no speaker is stated."""
    if name == "speaker":
        value = sample.speaker or sample.subject
    elif name in OWN:
        value = getattr(sample, name)
    else:
        value = sample.facts.get(name)
    return UNKNOWN if value is None or str(value) == "" else str(value)


def score_groups(
    name: str,
    samples: Mapping[str, Sample],
    rows: Sequence[Mapping[str, Any]],
    task: Task,
    labels: LabelSet,
) -> Grouping:
    """Scores of each value of a fact.

    Args:
        name: Of the fact.
        samples: By id.
        rows: Of the predictions file.

    Raises:
        UsageError: Scores of the task do not follow from sums over items.
    """
    tally = task.tally(rows, labels)
    if tally is None:
        raise UsageError(f"--groups: scores of {task.name} do not follow from sums over items")
    used = [samples[str(row["id"])] for row in rows]
    member = np.array([group_of(sample, name) for sample in used])
    subjects = [sample.subject or "" for sample in used]
    shown = [it for it in dict.fromkeys((task.selects_by, *task.gate)) if it != "loss"]
    groups: list[GroupScores] = []
    for group in sorted(set(member)):
        inside = np.flatnonzero(member == group)
        units = units_of(len(inside), None if name == "subject" else [subjects[it] for it in inside])
        sums = UnitSums.of([_part(tally, inside)], units)
        scores = {it: float(sums.by_run(it)[0]) for it in shown}
        groups.append(GroupScores(group, len(inside), scores, {it: score_range(sums, it) for it in shown}))
    by = shown[0]
    stated = [one for one in groups if one.group != UNKNOWN] or groups
    worst = min(stated, key=lambda one: task.metrics[by] * one.scores[by])
    notes = _notes(member, groups)
    return Grouping(
        name, tuple(groups), by, worst.group, _opportunities(tally, member, subjects, labels), notes
    )


def _part(tally: Tally, places: np.ndarray) -> Tally:
    right = None if tally.right is None else tally.right[places]
    return Tally(tally.counts[places], tally.scores, tally.intervals, tally.recalls, right)


def _notes(member: np.ndarray, groups: Sequence[GroupScores]) -> tuple[str, ...]:
    found: list[str] = []
    if missing := int((member == UNKNOWN).sum()):
        found.append(f"{missing} of {counted(len(member), 'sample')} do not state it")
    if small := [one.group for one in groups if one.samples < LEAST]:
        found.append(
            f"{counted(len(small), 'group')} {have(len(small))} fewer than {counted(LEAST, 'sample')}, "
            f"such as {small[0]}"
        )
    return tuple(found)


def _opportunities(
    tally: Tally, member: np.ndarray, subjects: Sequence[str], labels: LabelSet
) -> tuple[Opportunity, ...]:
    """For each label with enough items in two groups."""
    stated = member != UNKNOWN
    names, place = np.unique(member[stated], return_inverse=True)
    if tally.recalls is None or len(names) < 2:
        return ()
    counts, recalls = tally.counts[stated], tally.recalls
    one_each = _groups_of_units(place, [name for name, it in zip(subjects, stated, strict=True) if it])
    found: list[Opportunity] = []
    by_group = np.stack([recalls(counts[place == group].sum(axis=0)) for group in range(len(names))])
    # Items of each label: those of which its recall is known alone.
    has_label = ~np.isnan(recalls(counts))
    for k, label in enumerate(labels.names):
        enough = np.array([has_label[place == group, k].sum() >= LEAST for group in range(len(names))])
        if enough.sum() < 2:
            continue
        values = np.where(enough, by_group[:, k], np.nan)
        high, low = int(np.nanargmax(values)), int(np.nanargmin(values))
        p = _by_chance(recalls(counts)[:, k], place, enough, one_each)
        found.append(
            Opportunity(label, float(values[high] - values[low]), str(names[high]), str(names[low]), p)
        )
    return tuple(found)


def _groups_of_units(place: np.ndarray, subjects: Sequence[str]) -> np.ndarray:
    """Unit (n,) of each item: its subject if each subject is in one group, else the item itself."""
    member = units_of(len(place), subjects).member
    if all(len(set(place[member == unit])) == 1 for unit in range(int(member.max()) + 1)):
        return member
    return np.arange(len(place))


def _by_chance(hits: np.ndarray, place: np.ndarray, enough: np.ndarray, units: np.ndarray) -> float:
    """How often a permutation of the units' groups gives as large a difference; `hits` are 1, 0 or NaN."""
    first = np.unique(units, return_index=True)[1]
    is_label = ~np.isnan(hits)
    right, counted = np.nan_to_num(hits), is_label.astype(float)
    sizes = len(enough)

    def spread(groups: np.ndarray) -> float:
        own = np.asarray(groups)[units].astype(int)
        totals = np.bincount(own, counted, minlength=sizes)
        values = np.bincount(own, right, minlength=sizes) / np.maximum(totals, 1)
        kept = values[enough & (totals > 0)]
        return float(kept.max() - kept.min()) if len(kept) else 0.0

    found = stats.permutation_test(
        (place[first],),
        spread,
        permutation_type="pairings",
        n_resamples=PERMUTATIONS,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)
