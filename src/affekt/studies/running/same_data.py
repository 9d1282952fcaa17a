"""Runs that exist stand for members of a study only if they were trained on the data of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.data.open import open_dataset
from affekt.engine.runs.data import difference_from, on_other_data
from affekt.engine.runs.identity import Difference, keys_by_id
from affekt.engine.runs.run import Run
from affekt.studies.plans.expand import Member, data_key
from affekt.studies.plans.roots import Roots
from affekt.studies.running.state import Finder


@dataclass(frozen=True)
class SameData:
    """Compares the runs of members with the data. Runs are named by recipes, which do not state folders.

    Attributes:
        accept_data: Whether unfinished runs are continued on data that have changed; finished ones never
            stand for a training on other data.
    """

    finder: Finder
    roots: Roots
    accept_data: bool = False
    _read: dict[str, tuple[Corpus, Mapping[str, str]]] = field(default_factory=dict)

    def check(self, members: Sequence[Member]) -> None:
        """Refuse members whose runs were trained on other data. Data are read only if there are runs.

        Raises:
            DataError: Naming the first run, its data and those of the study.
        """
        found: dict[tuple[str, str], list[tuple[Run, Difference]]] = {}
        for member in members:
            run = self.finder.run_of(member)
            if run is None or not (run.result or (run.last.exists() and not self.accept_data)):
                continue
            corpus, keys = self._data_of(member)
            if difference := difference_from(run, corpus, keys):
                root = run.identity.root if run.identity else ""
                found.setdefault((member.recipe.data.name, root), []).append((run, difference))
        for (name, _), runs in found.items():
            raise DataError(on_other_data(runs, self.roots.of_data(name) or name))

    def _data_of(self, member: Member) -> tuple[Corpus, Mapping[str, str]]:
        key, data = data_key(member.recipe), member.recipe.data
        if key not in self._read:
            corpus = open_dataset(data.name, self.roots.of_data(data.name), data.options)
            self._read[key] = corpus, keys_by_id(corpus.usable)
        return self._read[key]
