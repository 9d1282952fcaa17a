"""`affekt project agreement`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError
from affekt.core.files.output import check_file
from affekt.core.wording import counted

if TYPE_CHECKING:
    from affekt.project.ratings.agreement.measure import RatingAgreement

_SHOWN = 10  # items


def command(
    project: ProjectFolder,
    features: Annotated[
        Path | None,
        typer.Option(help="A .npz with ids (n,) and vectors (n, d): labels that they contradict are listed."),
    ] = None,
    encoded: Annotated[
        bool,
        typer.Option("--encoded", help="The same with the vectors that `affekt project encode` has made."),
    ] = False,
    page: Annotated[Path | None, typer.Option(help="Write an HTML page with figures.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Fail where a threshold blocks.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --check: go on, and record what was overridden.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Agreement of the raters, what is known of each of them, and thresholds that warn or block.

    Example: affekt project agreement news --page agreement.html

    Example: affekt project agreement news --encoded --check
    """
    from affekt.project.folder import Project
    from affekt.project.ratings.agreement.measure import as_values, measure_agreement
    from affekt.project.ratings.agreement.suspects import read_vectors
    from affekt.project.ratings.agreement.thresholds import crossed, enforce

    if encoded and features is not None:
        raise UsageError("--features and --encoded both state vectors: leave out one of them")
    opened = Project.open(project)
    if page is not None:
        check_file(page)
    vectors = None if features is None else read_vectors(features)
    with opened.database() as connection:
        if encoded:
            from affekt.project.encoding.vectors import item_vectors

            vectors = item_vectors(opened, connection)
        found = measure_agreement(opened, connection, vectors)
        thresholds = crossed(found, opened.settings.ratings)
        if page is not None:
            from affekt.project.ratings.agreement.page.page import write_agreement_page

            write_agreement_page(page, found, thresholds, opened.settings.title or project.name)
            say(f"wrote {page}")
        if json:
            as_json({**as_values(found), "thresholds": [one._asdict() for one in thresholds]})
        else:
            _show(found)
            for level, text in thresholds:
                say(f"{level}: {text}")
        if check:
            enforce(connection, "agreement", thresholds, force=force)


def _show(found: RatingAgreement) -> None:
    votes = found.votes
    as_table(
        ("what", "value", "over"),
        [
            (
                "Krippendorff's alpha",
                _number(votes.alpha),
                f"{counted(votes.shared, 'item')} with two ratings",
            ),
            ("alpha, distances on the wheel", _number(votes.alpha_ring), "the same"),
            (
                "Fleiss' kappa",
                _number(votes.fleiss),
                f"{counted(votes.fleiss_items, 'item')} with {votes.fleiss_votes} ratings each",
            ),
            (
                "items on which all agree",
                _percent(votes.unanimous),
                f"{counted(votes.shared, 'item')} with two ratings",
            ),
            ("mean entropy of the votes, nats", _number(votes.mean_entropy), "the same"),
        ],
        title=f"{counted(votes.votes, 'rating')} of {counted(votes.items, 'item')} by "
        f"{counted(len(found.raters), 'rater')}",
    )
    as_table(
        ("rater", "ratings", "shared", "kappa with others", "agrees", "accuracy, estimated", "median s"),
        [
            (
                one.name, one.ratings, one.shared, _number(one.kappa), _percent(one.agrees),
                _percent(one.accuracy), _number(one.median_s, 1),
            )
            for one in found.raters
        ],
        title="raters",
    )  # fmt: skip
    if found.drifts:
        as_table(
            ("rater", "rounds", "items in both", "same label", "kappa", "use of labels moved", "median s"),
            [
                (
                    one.rater, f"{one.rounds[0]} to {one.rounds[1]}", one.items, _percent(one.same),
                    _number(one.kappa), _percent(one.moved),
                    " to ".join(_number(value, 1) for value in one.seconds),
                )
                for one in found.drifts
            ],
            title="between rounds",
        )  # fmt: skip
    if found.disputed:
        as_table(
            ("item", "entropy, nats"), found.disputed[:_SHOWN], title="most disputed items", whole=("item",)
        )
    if found.suspects is not None:
        suspects = found.suspects
        as_table(
            ("item", "label", "likely", "probability of the label"),
            [(one.item, one.label, one.likely, one.own) for one in suspects.found[:_SHOWN]],
            title=f"labels that features contradict: {suspects.noise:.1%} of {suspects.items} are estimated "
            f"to be wrong, {len(suspects.found)} are listed by --json",
            whole=("item",),
        )
        if suspects.without:
            say(f"{suspects.without} labelled items have no vector")


def _number(value: float | None, digits: int = 3) -> str:
    return "not defined" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.1%}"
