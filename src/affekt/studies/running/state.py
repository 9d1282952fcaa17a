"""Which members of a study are finished: runs are found by the digests of their recipes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from affekt.core.files.sealed import MANIFEST
from affekt.core.recipe import Recipe
from affekt.engine.runs.folder import find_folder
from affekt.engine.runs.looks import looks_at
from affekt.engine.runs.run import Run
from affekt.engine.weights.files import weights_sha256
from affekt.studies.plans.expand import Member

DIGITS = 16  # of the SHA-256 of weights, by which recipes name them


@dataclass(frozen=True)
class Finder:
    """Finds the runs of members.

    Attributes:
        runs: Folder of all runs.
        part: The part of the data that they are evaluated on.
    """

    runs: Path
    part: str

    def run_of(self, member: Member) -> Run | None:
        """The run of a member, finished or not; None if it, or one that it refers to, is missing."""
        recipe = self.recipe_of(member)
        folder = find_folder(self.runs, recipe) if recipe else None
        return Run(folder) if folder else None

    def recipe_of(self, member: Member) -> Recipe | None:
        """The recipe with the digests of all weights; None while one that it refers to is not finished."""
        digests = [self._digest(other) for other in member.links]
        if not all(digests):
            return None
        teacher = digests.pop(0) if member.teacher else ""
        return member.recipe.model_copy(update={"teacher": teacher, "initial_weights": tuple(digests)})

    def is_trained(self, member: Member) -> bool:
        """Whether training has ended."""
        run = self.run_of(member)
        return run is not None and run.result is not None

    def is_done(self, member: Member) -> bool:
        """Whether it is trained, and evaluated if it is to be."""
        run = self.run_of(member)
        if run is None or run.result is None:
            return False
        return not member.tested or self.evaluation(run) is not None

    def evaluation(self, run: Run) -> Path | None:
        """Folder of the evaluation of a finished run, if it is complete and on record."""
        folder = run.evaluation(self.part)
        whole = all((folder / name).is_file() for name in ("scores.json", "predictions.csv"))
        own = [it for it in looks_at(run.path, self.part) if Path(it.folder).parts[-2:] == folder.parts[-2:]]
        return folder if whole and own and not own[-1].unfinished else None

    def folder_of(self, link: Member | Path) -> Path | None:
        """The run of a member that is trained, or a folder of weights itself."""
        if isinstance(link, Path):
            return link
        run = self.run_of(link)
        return run.path if run is not None and run.result is not None else None

    def _digest(self, link: Member | Path) -> str:
        folder = self.folder_of(link)
        if folder is None:
            return ""
        checkpoint = Run(folder).best if (folder / "recipe.toml").is_file() else folder
        return weights_sha256(json.loads((checkpoint / MANIFEST).read_bytes()))[:DIGITS]
