"""The data of a comparison, opened for all networks before any of them is scored.

A comparison that is refused after a network was scored would count as a look at the test part. So what the
networks answer and which items they are scored on is known and checked first.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from affekt.core.errors import AffektError, DataError, UsageError
from affekt.engine.splits import PartError
from affekt.evaluation.opened import Corpora, Opened, load_scored, open_part, own_data
from affekt.studies.outcome.answers import Answers
from affekt.studies.plans.plan import ALL

Rows = Mapping[str, Sequence[Path]]


def check_data(rows: Rows, data: str | None) -> None:
    """Refuse networks of several data sets where none is named.

    Raises:
        UsageError: They state other data sets, and `data` is not given.
    """
    if data is not None:
        return
    known = {name: row for row, paths in rows.items() for path in paths if (name := own_data(path))}
    if len(known) > 1:
        places = "; ".join(f"{row} is of {name}" for name, row in known.items())
        options = " or ".join(f"--data {name}" for name in known)
        raise UsageError(
            f"the networks state other data sets: {places}. Networks are compared on the same data: "
            f"{options}, with its folder as --data-root"
        )


def open_all(rows: Rows, *, data: str | None, data_root: Path | str | None, split: str) -> dict[Path, Opened]:
    """The samples that each network is scored on.

    A network that knows no part of these data, such as a bundle that was trained on others, is scored on the
    part of the first row that does.

    Raises:
        DataError: A network has no such part, and no other one states it; the message names the network.
    """
    corpora: Corpora = {}
    names = {path: row if len(paths) == 1 else path for row, paths in rows.items() for path in paths}
    opened: dict[Path, Opened] = {}
    failed: dict[Path, PartError] = {}

    def read(path: Path, like: Sequence[Opened] = ()) -> None:
        try:
            opened[path] = open_part(
                path,
                load_scored(path),
                data=data,
                data_root=data_root,
                split=split,
                like=like,
                corpora=corpora,
            )
            failed.pop(path, None)
        except PartError as error:
            failed[path] = error
        except DataError as error:
            raise DataError(f"{names[path]}: {error}") from None

    for path in (path for paths in rows.values() for path in paths):
        read(path)
    own = {path for path, one in opened.items() if one.selection.is_own}
    like = next(([opened[path] for path in paths] for paths in rows.values() if own.issuperset(paths)), None)
    if like:
        items = frozenset().union(*(one.items for one in like))
        strangers = [path for path, one in opened.items() if path not in own and one.items != items]
        for path in [*failed, *strangers]:
            if split.strip().lower() != "all":
                read(path, like)
    if failed:
        path, error = next(iter(failed.items()))
        alone = like or len(rows) == 1
        more = "" if alone else ". No other row states a part of these data: name a run that does"
        raise DataError(f"{names[path]}: {error}{more}")
    return opened


def planned(one: Opened) -> Answers:
    """The answers that an evaluation will give, without what they say."""
    on = one.selection.on
    return Answers(
        one.task, one.labels, {name: {} for name in one.items}, {}, on.data, on.split, on.fingerprint
    )


def check_answers(rows: Mapping[str, Sequence[Answers]], against: str) -> None:
    """Refuse networks of which no two can be tested.

    Raises:
        AffektError: The networks of a row, or of all tested pairs of rows, have other tasks or labels.
    """
    for row, found in rows.items():
        for one, other in pairwise(found):
            if _kind(one) != _kind(other):
                raise AffektError(f"the networks of {row} answer differently: {_difference(one, other)}")
    first = {row: found[0] for row, found in rows.items()}
    tested = list(first) if against == ALL else [against or next(iter(first))]
    pairs = [(row, other) for row in tested for other in first if row != other]
    if not pairs or any(_kind(first[one]) == _kind(first[other]) for one, other in pairs):
        return
    places = "; ".join(
        f"{one} and {other}: {_difference(first[one], first[other])}"
        for one, other in dict.fromkeys(tuple(sorted(pair, key=list(first).index)) for pair in pairs)
    )
    raise AffektError(
        f"no two of the networks can be compared, since they answer differently. {places}. Compare networks "
        "with the same labels; affekt evaluate scores each by itself"
    )


def _kind(one: Answers) -> Hashable:
    return one.task, frozenset(one.labels)


def _difference(one: Answers, other: Answers) -> str:
    """How tasks or labels of two networks differ, in words."""
    if one.task != other.task:
        return f"the tasks are {one.task} and {other.task}"
    here = [name for name in one.labels if name not in other.labels]
    there = [name for name in other.labels if name not in one.labels]
    parts = [
        f"only the {which} has {', '.join(names)}"
        for which, names in (("first", here), ("second", there))
        if names
    ]
    return " and ".join(parts)
