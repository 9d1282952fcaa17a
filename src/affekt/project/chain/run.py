"""Everything that `project.toml` asks for, in order. What is done is not done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from affekt.core.errors import ConfigError
from affekt.core.wording import counted
from affekt.project.chain.steps import item_steps
from affekt.project.checking.duplicates import find_duplicates
from affekt.project.folder import Project
from affekt.project.ratings.upsert import import_ratings
from affekt.project.records.media import import_media
from affekt.project.records.upsert import import_records
from affekt.project.settings.project import FILE
from affekt.project.steps import run_step
from affekt.project.versions.release import RELEASES, release
from affekt.project.versions.split import make_split, read_split

ShowProgress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def run_chain(project: Project, show: ShowProgress, *, force: bool = False) -> Iterator[str]:
    """Import, check, search, read, rate, encode, split, release and score; a line about each.

    It may be stopped at any moment and started again.

    Args:
        show: Gives a function of (done, total) for the progress of a step, by its name.
        force: Release though thresholds are not met.

    Raises:
        ConfigError: A file or folder that `project.toml` names does not exist; nothing was done.
        AffektError: A step is refused; the steps before it are done.
    """
    _check_places(project)
    settings = project.settings
    for name in settings.records.files:
        records = import_records(project, project.path / name)
        changes = f"{counted(records.added, 'item')} added, {records.updated} changed, {records.unchanged} "
        "unchanged"
        yield f"import {name}: {changes}, {counted(len(records.skipped), 'row')} left out"
    for name in settings.media.folders:
        with show("media") as on_item:
            media = import_media(project, project.path / name, on_item)
        changes = f"{media.added} media added, {media.updated} changed, {media.unchanged} unchanged"
        yield f"import {name}: {changes}, {counted(len(media.left_out), 'file')} left out"
    for name in settings.ratings.files:
        ratings = import_ratings(project, project.path / name)
        yield f"import {name}: {ratings.added} ratings added, {len(ratings.left_out)} left out"
    for step in item_steps(project):
        with show(step.name) as on_item:
            ran = run_step(project, step, on_item)
        failed = f", {len(ran.failed)} without a result" if ran.failed else ""
        yield f"{step.name}: {counted(ran.computed, 'item')} computed, {ran.reused} kept{failed}"
        if step.name == "check":
            yield f"check: {counted(len(find_duplicates(project)), 'cluster')} of copies"
    yield from _version(project, show, force=force)


def _version(project: Project, show: ShowProgress, *, force: bool) -> Iterator[str]:
    """Split, release and baseline."""
    settings = project.settings
    with project.database() as connection:
        split = read_split(connection, settings.split.name)
    if split is None:
        split = make_split(project, settings.split.name)
    counts = ", ".join(f"{count} {part}" for part, count in split.counts().items())
    yield f"split {split.name} ({split.sha256[:12]}): {counts}"
    if not settings.release.version:
        yield "no release: [release] version of project.toml names none"
        return
    made = release(project, settings.release.version, split=split.name, force=force)
    for warning in made.warnings:
        yield f"warning: {warning}"
    items = counted(made.items, "item")
    yield f"release {made.version} ({made.sha256[:12]}): {items}, {len(made.left_out)} left out"
    if settings.encoding.named:
        # Of the extra `train`, which collecting and rating do without.
        from affekt.project.baseline.run import run_baseline

        with show("baseline") as on_item:
            found = run_baseline(project.path / RELEASES / made.version, on_item=on_item)
        best = max(found.rows, key=lambda row: row.accuracy)
        yield (
            f"baseline on {found.part}: majority {found.rows[0].accuracy:.3f}, best {best.name} "
            f"{best.accuracy:.3f} ({best.low:.3f} to {best.high:.3f})"
        )


def _check_places(project: Project) -> None:
    settings = project.settings
    stated: list[tuple[str, str, Callable[[Path], bool]]] = [
        *(("records.files", name, Path.is_file) for name in settings.records.files),
        *(("media.folders", name, Path.is_dir) for name in settings.media.folders),
        *(("ratings.files", name, Path.is_file) for name in settings.ratings.files),
    ]
    problems = [
        f"{key}: {project.path / name} does not exist"
        for key, name, exists in stated
        if not exists(project.path / name)
    ]
    if problems:
        raise ConfigError(str(project.path / FILE), problems)
