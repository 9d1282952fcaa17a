"""The page about the agreement of a project's raters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import affekt.report.study
from affekt.core.files.whole import write_text
from affekt.metrics.agreement.ratings import vote_counts
from affekt.project.ratings.agreement.measure import RatingAgreement
from affekt.project.ratings.agreement.page.figures import (
    Matrix,
    draw_wheel,
    kappa_matrix,
    share_matrix,
    vote_patterns,
)
from affekt.project.ratings.agreement.thresholds import Crossed
from affekt.report.colors.labels import LabelColors
from affekt.report.templates import render_page

_MOST_ITEMS = 30
_FOLDER = Path(__file__).parent


def write_agreement_page(path: Path, found: RatingAgreement, crossed: Sequence[Crossed], title: str) -> None:
    """Write the page as one file.

    Raises:
        AffektError: It cannot be written.
    """
    study = Path(str(affekt.report.study.__file__)).parent
    counts = vote_counts(found.table.ratings, len(found.labels))
    text = render_page(
        _FOLDER,
        {"percent": _percent, "number": _number},
        labels=LabelColors(found.labels.names),
        styles=(study / "page.css",),
        title=title,
        found=found,
        crossed=crossed,
        wheel=draw_wheel(found.votes.confusions, found.labels),
        together=_together(found),
        patterns=vote_patterns(counts),
        kappas=kappa_matrix(found.kappas, found.table.raters) if len(found.raters) > 1 else None,
        raters=[
            (one, *_matrices(one.against_others, one.confusions, found.labels.names)) for one in found.raters
        ],
        disputed=[(item, entropy, _votes(counts[row], found)) for item, entropy, row in _disputed(found)],
        unlabelled=list(found.unlabelled.items())[:_MOST_ITEMS],
        suspects=found.suspects,
        suspected=[] if found.suspects is None else found.suspects.found[:_MOST_ITEMS],
        noise=None if found.suspects is None else _noise(found),
        shown=_MOST_ITEMS,
    )
    write_text(path, text)


def _matrices(
    against: np.ndarray, confusions: np.ndarray, names: Sequence[str]
) -> tuple[Matrix | None, Matrix]:
    of_others = (
        share_matrix("Against the strongest label of the others, items", against, names, of="the others say")
        if against.sum()
        else None
    )
    by_model = share_matrix(
        "By the model of Dawid and Skene", confusions, names, of="right label", is_share=True
    )
    return of_others, by_model


def _together(found: RatingAgreement) -> Matrix | None:
    if not found.votes.shared:
        return None
    return share_matrix(
        "Votes of one item, in pairs",
        found.votes.confusions,
        found.labels.names,
        of="one vote",
        note="Each item counts as often as it has votes. Shades are shares of a row.",
    )


def _noise(found: RatingAgreement) -> Matrix:
    assert found.suspects is not None
    return share_matrix(
        "Estimated confusions, items", found.suspects.confusions, found.labels.names, of="labelled",
        note="Rows: the label that an item has. Columns: the label that its features suggest.",
    )  # fmt: skip


def _disputed(found: RatingAgreement) -> list[tuple[str, float, int]]:
    rows = {item: row for row, item in enumerate(found.table.items)}
    return [(item, entropy, rows[item]) for item, entropy in found.disputed[:_MOST_ITEMS]]


def _votes(counts: np.ndarray, found: RatingAgreement) -> str:
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{found.labels.names[it]} {int(counts[it])}" for it in order if counts[it])


def _percent(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 3) -> str:
    return "not defined" if value is None else f"{value:.{digits}f}"
