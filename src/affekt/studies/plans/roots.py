"""Where the data sets of a study lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.data.open import data_path


@dataclass(frozen=True)
class Roots:
    """Folders of data sets.

    Attributes:
        folder: Of all that are not named; None if not given.
        named: By the name of the data set.
    """

    folder: Path | None = None
    named: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Sequence[str]) -> Roots:
        """From texts DIR or NAME=DIR, as `--data-root` takes them; AFFEKT_DATA stands for a missing DIR.

        Raises:
            UsageError: Two texts are of the same data set.

        Example:
            >>> roots = Roots.of(["all", "meld=elsewhere"])
            >>> str(roots.of_data("meld")), str(roots.of_data("emorynlp"))
            ('elsewhere', 'all')
        """
        folder: Path | None = None
        named: dict[str, Path] = {}
        for text in given:
            name, equals, path = text.partition("=")
            if equals and catalog.canonical(name) in catalog.list_datasets():
                if catalog.canonical(name) in named:
                    raise UsageError(f"--data-root: {name} is given twice")
                named[catalog.canonical(name)] = Path(path)
            elif folder is not None:
                raise UsageError(f"--data-root: give one folder, and others as NAME=DIR; found {text!r}")
            else:
                folder = Path(text)
        return cls(folder or data_path(None), named)

    def of_data(self, name: str) -> Path | None:
        """Folder of a data set; None if none is given, or if it needs none."""
        name = catalog.canonical(name)
        return self.named.get(name, self.folder) if catalog.dataset(name).needs_root else None
