"""Errors that say what was asked, what was found, where, and what to do next."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from types import ModuleType

from affekt.core.wording import counted


class AffektError(Exception):
    """Base class of the errors that affekt raises; the message is written for the caller."""

    exit_code = 1


class UsageError(AffektError):
    """The call itself was wrong: an unknown name, a missing option, a path that does not exist."""

    exit_code = 2


class ConfigError(UsageError):
    """A recipe or config is wrong. All problems are reported at once."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        count = counted(len(self.problems), "problem")
        super().__init__("\n  ".join([f"{source} has {count}", *self.problems]))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, tuple[str, ...]]]:
        # If a worker process cannot pickle its error, the caller waits forever.
        return type(self), (self.source, self.problems)


class MediaError(AffektError):
    """A media file cannot be used: broken, truncated, empty, or not what its name says."""


class DataError(AffektError):
    """A data set is not laid out as its adapter expects."""


class FolderError(AffektError):
    """A checkpoint or bundle is incomplete, altered or from another version."""


class ExportError(AffektError):
    """An export was refused at its gate."""


class MissingExtra(UsageError):
    """A verb needs an optional dependency that is not installed."""


def require(module: str, *, extra: str, needed_by: str) -> ModuleType:
    """Import an optional dependency; the error names the extra that installs it.

    Raises:
        MissingExtra: `module` is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise  # it is installed but broken: its own message helps more than ours
        raise _missing(module, extra, needed_by) from None


def check_installed(module: str, *, extra: str, needed_by: str) -> None:
    """Like `require` without the import, which takes seconds for some: other refusals can come first.

    Raises:
        MissingExtra: `module` is not installed.
    """
    if find_spec(module.split(".")[0]) is None:
        raise _missing(module, extra, needed_by)


def _missing(module: str, extra: str, needed_by: str) -> MissingExtra:
    name = module.split(".")[0]
    return MissingExtra(f"{needed_by} needs {name!r}, which is not installed: pip install 'affekt[{extra}]'")
