"""A method's card: `card.toml`, the facts about a method, readable without importing its code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

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


class Quirk(Settings):
    """A peculiarity of the reference implementation, and how it is handled here."""

    what: str
    here: Literal["kept", "fixed", "both"]
    config: str = ""
    effect: str = ""


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
    # A small config with which the contract suite runs in seconds.
    tiny: dict[str, Any] = Field(default_factory=dict)
    results: tuple[Result, ...] = ()
    quirks: tuple[Quirk, ...] = ()


def read_card(path: Path) -> Card:
    """Read `card.toml`.

    Raises:
        ConfigError: The file cannot be read, is not valid TOML, or fields are missing or unknown.
    """
    card, problems = validate(Card, read_toml(path))
    if card is None:
        raise ConfigError(str(path), problems)
    return card
