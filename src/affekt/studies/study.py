"""`run_study`: check a plan, train and evaluate what is missing, and write the table and the page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError, UsageError
from affekt.core.files.output import check_folder
from affekt.core.files.whole import write_bytes
from affekt.report.study.tables import Table
from affekt.studies.outcome.gather import gather
from affekt.studies.outcome.summary import Summary, summarize
from affekt.studies.outcome.write import write_outcome
from affekt.studies.plans.check import check_plan
from affekt.studies.plans.commands import Commands, Parse, Step, is_done, read_commands, record
from affekt.studies.plans.expand import Expansion, Member, Row
from affekt.studies.plans.plan import Plan, name_of_plan, read_plan
from affekt.studies.plans.roots import Roots
from affekt.studies.running.same_data import SameData
from affekt.studies.running.schedule import Job, OnChange, Progress, run_jobs
from affekt.studies.running.state import Finder

STUDIES = "studies"  # below the folder of all runs
JOURNAL, LOCK, LOGS = "commands.jsonl", ".lock", "logs"
LOCK_WAIT_S = 10.0  # for the processes of a study that was just killed


@dataclass(frozen=True)
class Study:
    """A plan that was checked.

    Attributes:
        folder: Of its results.
        metrics: Scores of the table.
        text: Of the plan.
        entry: How a command line is run, as `module:function`.
        accept_data: Whether unfinished runs are continued on data that have changed.
    """

    path: Path
    plan: Plan
    folder: Path
    roots: Roots
    finder: Finder
    found: Expansion
    commands: Commands
    metrics: tuple[str, ...]
    text: str
    entry: str = ""
    cache: Path | None = None
    download: bool = False
    accept_data: bool = False

    @property
    def asked_by(self) -> str:
        """For the record of evaluations."""
        return f"affekt experiment {self.path.name}"


@dataclass(frozen=True)
class Outcome:
    """What a study gave.

    Attributes:
        progress: Of its last part, with the reasons of members that failed.
        files: That were written.
        further: Tables beside those of the summary, such as the trials of a search.
    """

    study: Study
    progress: Progress
    summary: Summary
    files: dict[str, Path] = field(default_factory=dict)
    further: tuple[Table, ...] = ()


def open_study(
    path: Path,
    *,
    runs: Path,
    roots: Roots,
    parse: Parse,
    entry: str,
    folder: Path | None = None,
    cache: Path | None = None,
    download: bool = False,
) -> Study:
    """Read and check a plan.

    Args:
        runs: Folder of all runs.
        parse: Reads the words of a command line.
        entry: Runs a command line, as `module:function` that reads `sys.argv`.
        folder: Of the results; one below `runs` with the name of the plan if not given.

    Raises:
        ConfigError: Listing all mistakes of the plan.
        DataError: Runs of its recipes were trained on other data.
    """
    plan, problems = read_plan(path)
    commands = read_commands(plan.commands, parse, runs=runs) if plan else Commands()
    found = check_plan(
        plan,
        path.parent,
        roots,
        further=commands.rows,
        problems=[*problems, *commands.problems],
        source=str(path),
    )
    assert plan is not None
    finder = Finder(runs, plan.part)
    SameData(finder, roots).check(found.members)
    first = found.members[0]
    metrics = plan.metrics or found.metrics or (first.recipe.selection.metric,)
    return Study(
        path,
        plan,
        folder or runs / STUDIES / name_of_plan(path),
        roots,
        finder,
        found,
        commands,
        metrics,
        path.read_text(encoding="utf-8"),
        entry,
        cache,
        download,
    )


def run_study(study: Study, *, at_once: int = 1, on_change: OnChange = lambda state: None) -> Outcome:
    """Train and evaluate all members that are not finished, and write the outcome.

    Args:
        at_once: Number of processes, each with one thread.
        on_change: Called after each change.

    Raises:
        UsageError: Another process runs this study.
    """
    with locked(study) as lock:
        members = list(study.found.members)
        progress = run_jobs(
            jobs_of(study, members),
            study.folder / LOGS,
            at_once=at_once,
            on_change=on_change,
            keep_open=lock,
        )
        return finish(study, study.found.rows, members, progress)


def finish(
    study: Study,
    rows: Sequence[Row],
    members: Sequence[Member],
    progress: Progress,
    *,
    further: tuple[Table, ...] = (),
) -> Outcome:
    """Write table and page of what is finished."""
    gathered = gather(rows, members, study.finder)
    summary = summarize(gathered, study.metrics, study.plan.against)
    files = write_outcome(study.folder, study.plan, study.path, summary, progress.failed, further=further)
    return Outcome(study, progress, summary, files, further)


def jobs_of(study: Study, members: Sequence[Member]) -> list[Job]:
    """Members and commands as jobs."""
    rows = {row.name: row for row in study.found.rows}
    jobs = [
        Job(
            member.id,
            (*(other.id for other in member.needs), *(rows[member.row].after if member.row in rows else ())),
            lambda member=member: study.finder.is_done(member),
            lambda member=member: _document(study, member),
        )
        for member in members
    ]
    journal = study.folder / JOURNAL
    for step in study.commands.steps:
        needs = [
            name for place in step.after for name in ([it.id for it in members if it.row == place] or [place])
        ]
        jobs.append(
            Job(
                step.id,
                tuple(needs),
                lambda step=step: is_done(step, journal),
                lambda step=step: _command(study, step),
                lambda step=step: record(step, journal),
            )
        )
    return jobs


def _document(study: Study, member: Member) -> dict[str, Any]:
    recipe = study.finder.recipe_of(member)
    links = {id(one): study.finder.folder_of(one) for one in member.links}
    if recipe is None or not all(links.values()):
        raise AffektError(f"{member.id}: a run that it refers to is missing")
    data_root = study.roots.of_data(recipe.data.name)
    return {
        "recipe": recipe.model_dump(mode="json"),
        "data_root": str(data_root) if data_root else None,
        "weights": [str(links[id(one)]) for one in member.weights],
        "teacher": str(links[id(member.teacher)]) if member.teacher else None,
        "runs": str(study.finder.runs),
        "cache": str(study.cache) if study.cache else None,
        "download": study.download,
        "accept_data": study.accept_data,
        "part": study.finder.part if member.tested else "",
        "asked_by": study.asked_by,
    }


def _command(study: Study, step: Step) -> dict[str, Any]:
    return {"command": list(step.words), "entry": study.entry}


@contextmanager
def locked(study: Study) -> Iterator[tuple[int, ...]]:
    """Make the folder of a study and hold its lock; yields the file descriptors that processes inherit.

    The processes of a killed study hold the lock until they have ended.

    Raises:
        UsageError: Another process runs this study, or its folder cannot be written.
    """
    check_folder(study.folder)
    study.folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # a system without such locks
        yield ()
        return
    with (study.folder / LOCK).open("a", encoding="utf-8") as stream:
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > until:
                    raise UsageError(f"another process runs this study: {study.folder}") from None
                time.sleep(0.1)
        write_bytes(study.folder / "plan.toml", study.text.encode())
        yield (stream.fileno(),)
