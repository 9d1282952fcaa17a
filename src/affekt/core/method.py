"""A method: its parts, named but not imported until they are asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from affekt.core.card import Card, read_card
from affekt.core.errors import AffektError, ConfigError, MissingExtra
from affekt.core.settings import Settings, validate
from affekt.core.weights import PublishedFile


@dataclass(frozen=True)
class Method:
    """The parts of a method, each as `file:name`.

    Reading a card, preparing a batch or predicting with a bundle never imports torch, because `model` and
    `objective` are loaded only when someone asks for them.
    """

    config: str
    model: str
    objective: str
    preprocess: str
    weights: str
    parity: str = "parity:run_case"
    # The files that `convert` reads; without this name, its reference's checkpoint by `weights`.
    published: str = "weights:PUBLISHED_FILES"
    # Names of the tasks that it serves (`affekt.core.task`).
    tasks: tuple[str, ...] = ("single_label", "multi_label")
    # Filled in by the catalogue from the folder: the name is never typed a second time.
    name: str = ""
    package: str = ""
    folder: Path = Path()

    def at(self, *, name: str, package: str, folder: Path) -> Method:
        """The same method, told where it lives."""
        return replace(self, name=name, package=package, folder=folder)

    def load(self, part: str) -> Any:
        """The object behind a part: a class for `config`, `model`, `objective`, `preprocess`; else a value.

        Raises:
            MissingExtra: The part needs a dependency that is not installed.
            AffektError: The method has no such part.
        """
        file, _, attribute = getattr(self, part).partition(":")
        try:
            module = importlib.import_module(f"{self.package}.{file}")
        except ModuleNotFoundError as error:
            if error.name == f"{self.package}.{file}":
                raise AffektError(f"{self.name} has no {file}.py, where its {part} should be") from None
            extra = "train" if error.name == "torch" else "all"
            raise MissingExtra(
                f"{part} of {self.name} needs {error.name!r}, which is not installed: "
                f"pip install 'affekt[{extra}]'"
            ) from None
        return getattr(module, attribute)

    @cached_property
    def published_files(self) -> tuple[PublishedFile, ...]:
        """The kinds of published weight files that `convert` reads for this method."""
        whole = PublishedFile("checkpoint of the reference implementation", self.load("weights"))
        file, _, attribute = self.published.partition(":")
        return getattr(importlib.import_module(f"{self.package}.{file}"), attribute, (whole,))

    @cached_property
    def card(self) -> Card:
        """The facts of the method."""
        return read_card(self.folder / "card.toml")

    def make_config(self, values: dict[str, Any] | None = None) -> Settings:
        """The method's config from plain values.

        Raises:
            ConfigError: Listing all problems.
        """
        config, problems = validate(self.load("config"), values or {}, prefix="config.")
        if config is None:
            raise ConfigError(f"config of {self.name}", problems)
        return config
