"""A method: its parts are named here and imported when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from affekt.core.card import Card, read_card
from affekt.core.errors import AffektError, ConfigError, MissingExtra
from affekt.core.registry import broken_plugin, is_own
from affekt.core.sample import Preprocess, Sample, TakesAssets
from affekt.core.settings import Settings, validate
from affekt.core.weights import PublishedFile

# The extra that brings a package which a part of a method may need.
_EXTRAS = {"torch": "train", "transformers": "encoders", "peft": "encoders", "tokenizers": "text"}


class FittedPreprocess(NamedTuple):
    """Preprocessing that was fitted to training samples.

    Attributes:
        state: What it measured, as plain JSON values.
        assets: Files that it needs, by name; empty for most methods.
    """

    preprocess: Preprocess
    state: dict[str, Any]
    assets: dict[str, bytes]


@dataclass(frozen=True)
class Method:
    """The parts of a method, each as `file:name`.

    Reading a card, preparing a batch or predicting with a bundle never imports torch, because `model` and
    `objective` are only loaded when they are used.
    """

    config: str
    model: str
    objective: str
    preprocess: str
    weights: str
    parity: str = "parity:run_case"
    # Files that `convert` reads; without this name, the reference's checkpoint with the keys of `weights`.
    published: str = "weights:PUBLISHED_FILES"
    # Names of the tasks that the method serves (`affekt.core.task`).
    tasks: tuple[str, ...] = ("single_label", "multi_label")
    # Set by the catalogue: the folder's name is the method's name.
    name: str = ""
    package: str = ""
    folder: Path = Path()

    def at(self, *, name: str, package: str, folder: Path) -> Method:
        """The same method with its name, package and folder."""
        return replace(self, name=name, package=package, folder=folder)

    def load(self, part: str) -> Any:
        """The object behind a part: a class for `config`, `model`, `objective`, `preprocess`; else a value.

        Raises:
            MissingExtra: The part needs a dependency that is not installed.
            UsageError: The part of a plug-in cannot be imported.
            AffektError: The method has no such part.
        """
        file, _, attribute = getattr(self, part).partition(":")
        try:
            module = self._imported(file)
        except ModuleNotFoundError as error:
            if error.name == f"{self.package}.{file}":
                raise AffektError(f"{self.name} has no {file}.py, where its {part} should be") from None
            raise MissingExtra(self._missing(part, error.name or "")) from None
        if not hasattr(module, attribute):
            raise AffektError(f"{file}.py of {self.name} has no {attribute}, which should be its {part}")
        return getattr(module, attribute)

    def _imported(self, file: str) -> ModuleType:
        """A file of the method.

        Raises:
            ModuleNotFoundError: It does not exist, or imports what is not installed.
            UsageError: It is that of a plug-in, and its code raises another error.
        """
        module = f"{self.package}.{file}"
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError:
            raise
        except (Exception, SystemExit) as error:
            if is_own(module):
                raise
            raise broken_plugin(module, f"{file}.py cannot be imported", error) from error

    def _missing(self, part: str, needed: str) -> str:
        says = f"{part} of {self.name} needs {needed!r}, which is not installed"
        extra = _EXTRAS.get(needed.split(".")[0])
        if extra is None and not is_own(self.package):
            return f"{says}: it is a plug-in of package {self.package}, which states what it needs"
        return f"{says}: pip install 'affekt[{extra or 'all'}]'"

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

    @property
    def takes_assets(self) -> bool:
        """Whether preprocessing needs files (`affekt.core.sample.TakesAssets`)."""
        return bool(getattr(self.load("preprocess"), "takes_assets", False))

    def make_preprocess(
        self,
        config: Settings,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> Preprocess:
        """The method's preprocessing.

        Args:
            state: What `fit` measured; None before that.
            assets: Files by name, where the method takes any; None before `fit_assets`.
        """
        make = self.load("preprocess")
        return make(config, state, assets) if self.takes_assets else make(config, state)

    def fit_preprocess(
        self,
        config: Settings,
        samples: list[Sample],
        *,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> FittedPreprocess:
        """The method's preprocessing, fitted to training samples: its assets first, then its state.

        Args:
            state, assets: What was fitted before; fitted now if not given.
        """
        files, unfitted = dict(assets or {}), self.make_preprocess(config)
        if assets is None and isinstance(unfitted, TakesAssets):
            files = dict(unfitted.fit_assets(samples))
        if state is None:
            state = self.make_preprocess(config, None, files).fit(samples)
        return FittedPreprocess(self.make_preprocess(config, state, files), dict(state), files)
