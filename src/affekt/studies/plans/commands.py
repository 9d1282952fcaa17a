"""Plain command lines of a plan. `affekt train` lines become members of rows; others are run as they are."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError
from affekt.core.recipe import options_from
from affekt.studies.plans.expand import Row
from affekt.studies.plans.plan import Variant, nested

PROGRAM = "affekt"
_REFUSED = ("runs", "data_root", "accept_data")


@dataclass(frozen=True)
class Parsed:
    """A command line that was read but not run.

    Attributes:
        params: Arguments and options by name, with defaults.
        given: Names of those that the line states.
    """

    verb: str
    params: Mapping[str, Any]
    given: frozenset[str]


Parse = Callable[[Sequence[str]], Parsed]  # raises `UsageError`


@dataclass(frozen=True)
class Step:
    """A command that is not a training.

    Attributes:
        words: As they are run.
        after: Rows of the same experiment that must be trained before, and the id of the step before.
    """

    experiment: str
    number: int
    words: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its place in the study, in words."""
        return f"{self.experiment}, command {self.number}"

    @property
    def digest(self) -> str:
        """Of the command and its place; a changed command is run again."""
        return hashlib.sha256(json.dumps([self.experiment, self.number, self.words]).encode()).hexdigest()


@dataclass
class Commands:
    """The rows, the steps and the problems of all command lines of a plan."""

    rows: list[Row] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_commands(experiments: Mapping[str, Sequence[str]], parse: Parse, *, runs: Path) -> Commands:
    """Read the command lines of a plan without running them.

    Trainings of one experiment that differ in their seed alone are one row.

    Args:
        parse: Reads the words of a line after `affekt`.
        runs: Folder of all runs; commands that take one get it.
    """
    found = Commands()
    for name, lines in experiments.items():
        rows: dict[str, Row] = {}
        after: tuple[str, ...] = ()
        for number, line in enumerate(lines, 1):
            where = f"commands.{name}, line {number}"
            try:
                parsed, words = _read(line, parse)
            except (AffektError, ValueError) as error:
                found.problems.append(f"{where}: {error}")
                continue
            if refused := sorted(parsed.given.intersection(_REFUSED)):
                options = ", ".join(f"--{option.replace('_', '-')}" for option in refused)
                found.problems.append(f"{where}: leave out {options}: the study gives it to all commands")
            elif parsed.verb == "train":
                _add_training(name, parsed, rows, after)
            else:
                more = ("--runs", str(runs)) if "runs" in parsed.params else ()
                step = Step(
                    name, number, (PROGRAM, *words, *more), (*after, *(row.name for row in rows.values()))
                )
                found.steps.append(step)
                after = (step.id,)
        found.rows += rows.values()
    return found


def _read(line: str, parse: Parse) -> tuple[Parsed, list[str]]:
    words = shlex.split(line)
    if not words or words[0] != PROGRAM:
        raise ValueError(f"{line!r}: a command begins with {PROGRAM}")
    return parse(words[1:]), words[1:]


def _add_training(name: str, parsed: Parsed, rows: dict[str, Row], after: tuple[str, ...]) -> None:
    params = parsed.params
    changes = nested(options_from(params.get("change") or ()))
    if params.get("hold_out") is not None:
        changes.setdefault("split", {})["test_share"] = params["hold_out"]
    seed = changes.pop("seed", 0)
    files = tuple(str(path) for path in params.get("recipe") or ())
    weights = tuple(str(path) for path in params.get("weights") or ())
    teacher = str(params.get("teacher") or "")
    key = json.dumps([files, changes, weights, teacher, after])
    if key in rows:
        old = rows[key]
        rows[key] = replace(old, seeds=(*old.seeds, seed))
        return
    label = name if not rows else f"{name} ({len(rows) + 1})"
    variant = Variant(recipe=files, set=changes)
    rows[key] = Row(label, (variant,), (seed,), teacher, weights, from_base=False, after=after)


def is_done(step: Step, journal: Path) -> bool:
    """Whether a step is in the journal of a study."""
    return step.digest in _done(journal)


def record(step: Step, journal: Path) -> None:
    """Add a step to the journal."""
    with journal.open("a") as stream:
        stream.write(
            json.dumps({"id": step.id, "command": shlex.join(step.words), "digest": step.digest}) + "\n"
        )


def _done(journal: Path) -> set[str]:
    found: set[str] = set()
    for line in journal.read_text().splitlines() if journal.is_file() else []:
        try:
            found.add(json.loads(line)["digest"])
        except (ValueError, KeyError):  # a line that a kill cut off: the command is run again
            continue
    return found
