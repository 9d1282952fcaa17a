"""Thresholds of `project.toml` that warn about ratings, or block a release."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

from affekt.core.errors import AffektError
from affekt.core.wording import counted
from affekt.project.database.connect import transaction
from affekt.project.database.times import now
from affekt.project.folder import Project
from affekt.project.ratings.agreement.measure import RatingAgreement, measure_agreement
from affekt.project.ratings.agreement.raters import Rater
from affekt.project.settings.ratings import RatingSettings
from affekt.report.wording import some

LEAST_ITEMS = 10  # below which a share or a kappa of one rater says little
Level = Literal["warning", "block"]


class Crossed(NamedTuple):
    """A threshold that was crossed: how grave that is, and a sentence."""

    level: Level
    text: str


def check_thresholds(project: Project) -> list[Crossed]:
    """All thresholds that the ratings of a project cross, those that block first.

    Raises:
        DataError: Labels of ratings are not in the label set, which has changed since.
    """
    with project.database() as connection:
        return crossed(measure_agreement(project, connection), project.settings.ratings)


def crossed(found: RatingAgreement, settings: RatingSettings) -> list[Crossed]:
    """The same from an agreement that was measured; with vectors, also the share of wrong labels."""
    texts = [
        *_of_alpha(found, settings),
        *(Crossed("warning", text) for one in found.raters for text in _of_rater(one, settings)),
        *(
            Crossed(
                "warning",
                f"{one.rater} gave {one.same:.0%} of {counted(one.items, 'item')} the same label in rounds "
                f"{one.rounds[0]} and {one.rounds[1]}: below least_repeat = {settings.least_repeat:g}",
            )
            for one in found.drifts
            if one.same is not None and one.items >= LEAST_ITEMS and one.same < settings.least_repeat
        ),
    ]
    if found.unlabelled:
        texts.append(
            Crossed(
                "warning",
                f"{len(found.unlabelled)} rated items have no label, such as {some(list(found.unlabelled))}: "
                f"{next(iter(found.unlabelled.values())).reason}",
            )
        )
    if found.left_out:
        listed = ", ".join(f"{kind} ({number})" for kind, number in found.left_out.items())
        texts.append(Crossed("warning", f"not taken: {listed}"))
    if found.suspects is not None and found.suspects.noise > settings.most_noise:
        texts.append(
            Crossed(
                "warning",
                f"{found.suspects.noise:.0%} of the labels are estimated to be wrong: above most_noise = "
                f"{settings.most_noise:g}",
            )
        )
    return sorted(texts, key=lambda one: one.level != "block")


def enforce(
    connection: sqlite3.Connection, step: str, found: Sequence[Crossed], *, force: bool = False
) -> None:
    """Refuse to go on where a threshold blocks; with `force`, go on and record each in the table `override`.

    Raises:
        AffektError: A threshold blocks, and `force` is not set.
    """
    overridden = check_blocking(step, found, force=force)
    with transaction(connection):
        record_overrides(connection, step, overridden)


def check_blocking(step: str, found: Sequence[Crossed], *, force: bool = False) -> list[str]:
    """The thresholds that block a step and are overridden by `force`.

    Raises:
        AffektError: A threshold blocks, and `force` is not set.
    """
    blocking = [one.text for one in found if one.level == "block"]
    if blocking and not force:
        raise AffektError("\n  ".join([f"{step} is refused; --force goes on, and is recorded", *blocking]))
    return blocking


def record_overrides(connection: sqlite3.Connection, step: str, texts: Sequence[str]) -> None:
    """Record thresholds that were overridden; within a transaction."""
    connection.executemany(
        "INSERT INTO override (step, text, overridden_at) VALUES (?, ?, ?)",
        [(step, text, now()) for text in texts],
    )


def _of_alpha(found: RatingAgreement, settings: RatingSettings) -> list[Crossed]:
    votes = found.votes
    if not votes.items:
        return [Crossed("warning", "no item has a rating: nothing is known of how credible the labels are")]
    if votes.alpha is None:
        reason = "all ratings name one label" if votes.shared else "no item has two ratings"
        return [Crossed("warning", f"agreement is not defined: {reason}")]
    ring = "" if votes.alpha_ring is None else f", {votes.alpha_ring:.3f} with distances on the wheel"
    text = f"Krippendorff's alpha is {votes.alpha:.3f}{ring}, over {counted(votes.shared, 'item')} with "
    "two ratings"
    if votes.alpha < settings.block_below:
        return [Crossed("block", f"{text}: below block_below = {settings.block_below:g}")]
    if votes.alpha < settings.least_alpha:
        return [Crossed("warning", f"{text}: below least_alpha = {settings.least_alpha:g}")]
    return []


def _of_rater(one: Rater, settings: RatingSettings) -> list[str]:
    texts = []
    if one.kappa is not None and one.shared >= LEAST_ITEMS and one.kappa < settings.least_rater_kappa:
        texts.append(
            f"{one.name} agrees with the others by a kappa of {one.kappa:.2f} over "
            f"{counted(one.shared, 'item')}: below "
            f"least_rater_kappa = {settings.least_rater_kappa:g}"
        )
    if one.ratings >= LEAST_ITEMS and (one.labels > 0).sum() == 1:
        texts.append(f"{one.name} gave all {counted(one.ratings, 'item')} the same label")
    if one.median_s is not None and one.timed >= LEAST_ITEMS and one.median_s < settings.fastest_s:
        texts.append(
            f"{one.name} needed {one.median_s:.1f} s for half of the ratings or less: below fastest_s = "
            f"{settings.fastest_s:g}"
        )
    return texts
