"""Tables of scores by group, as `affekt evaluate --groups` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affekt.cli.show import say
from affekt.cli.tables import as_table

if TYPE_CHECKING:
    from affekt.evaluation.groups import Grouping


def show_groups(grouping: Grouping) -> None:
    """Scores of each group with intervals, the worst group, and equal-opportunity differences."""
    names = list(grouping.groups[0].scores)
    columns = ["group", "samples", *(column for name in names for column in (name, "95 % interval"))]
    rows = [
        [
            f"{one.group} (worst)" if one.group == grouping.worst else one.group,
            one.samples,
            *(
                cell
                for name in names
                for cell in (one.scores[name], "{:.3f} to {:.3f}".format(*one.intervals[name]))
            ),
        ]
        for one in grouping.groups
    ]
    as_table(columns, rows, title=f"by {grouping.name}")
    if grouping.opportunities:
        as_table(
            ("label", "difference of recalls", "highest", "lowest", "p by chance"),
            [(one.label, one.difference, one.high, one.low, one.p) for one in grouping.opportunities],
            title=f"equal opportunity by {grouping.name}",
        )
    for note in grouping.notes:
        say(f"{grouping.name}: {note}")
