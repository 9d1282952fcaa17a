"""A method's card: `card.toml`, the facts about a method, readable without importing its code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from affekt.core.errors import ConfigError
from affekt.core.files.toml import read_toml
from affekt.core.settings import Settings, validate


class Paper(Settings):
    """Where the method was published."""

    title: str
    authors: str
    venue: str
    year: int
    url: str = ""


class Result(Settings):
    """One line of the results table."""

    data: str
    metric: str
    paper: str = ""
    ours: str = ""
    note: str = ""
    command: str = ""


_OF_OWN_FILES = (
    "Trained on files of its maker: answers can be trusted as far as new recordings resemble them, in "
    "people, devices and occasions."
)


class Quirk(Settings):
    """A peculiarity of the reference implementation, and how it is handled here."""

    what: str
    here: Literal["kept", "fixed", "both"]
    config: str = ""
    effect: str = ""


class CardTable(NamedTuple):
    """A table of a card, as it is shown."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Card(Settings):
    """The facts of `card.toml`."""

    title: str
    summary: str
    task: str
    modalities: tuple[str, ...]
    paper: Paper
    reference: str
    licence: str
    labels: str = ""
    # Whether the network is of this project: `paper` is then what it follows, not where it was published.
    of_this_project: bool = False
    parity: str
    extras: tuple[str, ...] = ()
    intended_use: str
    limits: str
    # What is known of networks that were trained on a data set of affekt, by its name.
    limits_of_data: dict[str, str] = Field(default_factory=dict)
    # A small config with which the contract suite runs in seconds.
    tiny: dict[str, Any] = Field(default_factory=dict)
    results: tuple[Result, ...] = ()
    quirks: tuple[Quirk, ...] = ()

    @property
    def facts(self) -> dict[str, str]:
        """What is shown above the tables, by its name."""
        paper = self.paper
        source = "follows" if self.of_this_project else "paper"
        return {
            source: f"{paper.authors}. {paper.title}. {paper.venue}, {paper.year}.",
            "task": self.task,
            "reference": self.reference,
            "parity": self.parity,
            "licence": self.licence,
            "for": self.intended_use,
            "limits": self.limits,
            **{f"on {name}": text for name, text in self.limits_of_data.items()},
        }

    def limits_on(self, *data: str, is_own: bool) -> str:
        """The limits of a network that was trained on a data set, or several.

        Args:
            data: Their names.
            is_own: Whether one of them reads people's own files.
        """
        known = [self.limits_of_data[name] for name in data if name in self.limits_of_data]
        return " ".join([self.limits, *([_OF_OWN_FILES] if is_own else known)])

    @property
    def tables(self) -> list[CardTable]:
        """Results and quirks."""
        return [
            CardTable(
                "Results",
                ("data", "metric", "paper", "ours", "note"),
                [(one.data, one.metric, one.paper or "-", one.ours or "-", one.note) for one in self.results],
            ),
            CardTable(
                "Quirks",
                ("quirk of the reference", "here", "config", "effect"),
                [(one.what, one.here, one.config, one.effect) for one in self.quirks],
            ),
        ]


def read_card(path: Path) -> Card:
    """Read `card.toml`.

    Raises:
        ConfigError: The file cannot be read, is not valid TOML, or fields are missing or unknown.
    """
    card, problems = validate(Card, read_toml(path))
    if card is None:
        raise ConfigError(str(path), problems)
    return card
