"""Groups of samples whose media are equal or nearly equal: built from pairs, described, and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from affekt.core.sample import Sample
from affekt.core.wording import count
from affekt.report.wording import SHOWN, UNASSIGNED


def describe_group(samples: Sequence[Sample]) -> dict[str, Any]:
    """Ids, splits, and whether labels differ, as plain JSON values."""
    labels = {
        (s.label, *(tuple(sorted((values or {}).items())) for values in (s.label_weights, s.values)))
        for s in samples
    }
    return {
        "ids": [sample.id for sample in samples],
        "splits": sorted({sample.split or UNASSIGNED for sample in samples}),
        "conflict": len(labels) > 1,
    }


def near_duplicates(
    samples: Sequence[Sample],
    pairs: Mapping[tuple[int, int], set[str]],
    known: Sequence[Mapping[str, Any]],
) -> list[tuple[dict[str, Any], set[str]]]:
    """Groups of samples that are connected by pairs, and the evidence of all pairs of each group.

    Args:
        pairs: Evidence by the indices of two samples.
        known: Groups of duplicates that are reported elsewhere; a group within one of them is left out.
    """
    if not pairs:
        return []
    one, other = zip(*pairs, strict=True)
    graph = coo_array((np.ones(len(pairs), bool), (one, other)), shape=(len(samples), len(samples)))
    components = connected_components(graph, directed=False)[1].tolist()
    members: dict[int, list[Sample]] = {}
    for place in sorted({*one, *other}):
        members.setdefault(components[place], []).append(samples[place])
    evidence: dict[int, set[str]] = {}
    for (first, _), found in pairs.items():
        evidence.setdefault(components[first], set()).update(found)
    reported = {name: number for number, group in enumerate(known) for name in group["ids"]}
    return [
        (describe_group(group), evidence[component])
        for component, group in members.items()
        if len({reported.get(sample.id, sample.id) for sample in group}) > 1
    ]


def problems_of_groups(groups: Sequence[Mapping[str, Any]], what: str, *, sign: str) -> list[str]:
    """One sentence for each kind of problem that a group has.

    Args:
        what: The members of a group, such as `pictures that look the same`.
        sign: Between the names of an example.
    """
    kinds = (
        ([g for g in groups if len(g["splits"]) > 1], " in different splits", ": scores would be too high"),
        ([g for g in groups if len(g["splits"]) == 1], " within one split", ""),
        ([g for g in groups if g["conflict"]], ", but with different labels", ""),
    )
    return [
        f"{count(chosen, 'group')} of {what}{where}, such as "
        f"{f' {sign} '.join(chosen[0]['ids'][:SHOWN])}{effect}"
        for chosen, where, effect in kinds
        if chosen
    ]
