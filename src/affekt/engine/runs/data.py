"""Which samples a run trains, validates and tests on: split by its recipe, or as when it began."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.core.recipe import Recipe
from affekt.engine.runs.identity import (
    DataIdentity,
    Difference,
    compare,
    identify,
    kept_parts,
    keys_by_id,
    with_change,
)
from affekt.engine.runs.run import Run
from affekt.engine.splits import Parts, check_splits, part
from affekt.report.wording import some

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunData:
    """The data of a run.

    Attributes:
        is_new: Whether this identity is not stored in the run folder yet.
    """

    parts: Parts
    identity: DataIdentity
    is_new: bool


def data_of_run(run: Run, recipe: Recipe, corpus: Corpus, root: Path | None, *, accept: bool) -> RunData:
    """The parts of a run; if it has a complete epoch, checked against those that it began with.

    Args:
        accept: Continue with data that differ from those that the run began with.

    Raises:
        DataError: The data differ from those of the run, or a part is empty or shares a subject with another.
    """
    stored = run.identity if run.last.exists() else None
    if stored is None:
        parts = part(corpus.usable, recipe.split)
        check_splits(parts)
        identity = identify(recipe.data.name, root, corpus, parts)
        if run.last.exists():
            log.warning("%s", _cannot_be_checked(run))
        return RunData(parts, identity, is_new=True)
    samples = corpus.usable
    keys = keys_by_id(samples)
    difference = compare(stored, corpus, samples, keys)
    if difference and not accept:
        raise DataError(
            f"{run.path} was trained on other data than those in {root or recipe.data.name}: {difference}. "
            "Restore the data, or continue with the changed data: --accept-data (in Python accept_data=True) "
            "keeps each known sample in its part and records the change"
        )
    parts = kept_parts(stored, samples, keys, native=recipe.split.scheme == "native")
    check_splits(parts)
    if not difference:
        return RunData(parts, stored, is_new=False)
    log.warning("continuing with changed data: %s", difference)
    change = {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "after_epoch": run.epochs_done,
        "before": {"samples": len(stored.present), "sha256": stored.sha256, "root": stored.root},
        **difference.counts(),
    }
    return RunData(
        parts, with_change(stored, identify(recipe.data.name, root, corpus, parts, keys), change), True
    )


def check_same_data(run: Run, recipe: Recipe, corpus: Corpus, root: Path | None) -> None:
    """Refuse a run of this recipe that was trained on other data.

    Raises:
        DataError: It was.
    """
    if difference := difference_from(run, corpus, keys_by_id(corpus.usable)):
        raise DataError(on_other_data([(run, difference)], root or recipe.data.name))


def difference_from(run: Run, corpus: Corpus, keys: Mapping[str, str]) -> Difference | None:
    """How data differ from those of a run; None if they are the same, or if the run does not state its data.

    A copy of a folder is the same data.

    Args:
        keys: Media keys of all usable samples, by id.
    """
    stored = run.identity
    if stored is None:
        log.warning("%s", _cannot_be_checked(run))
        return None
    return compare(stored, corpus, corpus.usable, keys) or None


def on_other_data(runs: Sequence[tuple[Run, Difference]], now: Path | str) -> str:
    """Why runs of the same recipe cannot stand for a training on the data that are asked for.

    Args:
        runs: All trained on data of one folder, with their differences.
        now: Folder of these data, or the name of data that have none.
    """
    run, difference = runs[0]
    before = run.identity.root if run.identity else ""
    exist = "exist and were" if runs[1:] else "exists and was"
    there = f"on {before}" if before else "on other data"
    if before and isinstance(now, Path) and now.resolve() == Path(before):
        there += ", which has changed since"
    them = "these folders" if runs[1:] else "it"
    return (
        f"{some([str(it.path) for it, _ in runs])} {exist} trained {there}, with the same recipe; "
        f"{now} holds other data ({difference}): --runs DIR keeps runs on {now} apart, or remove {them} to "
        "start over"
    )


def _cannot_be_checked(run: Run) -> str:
    return (
        f"{run.path} was made by an older version and does not state its data: it cannot be checked whether "
        "they are unchanged"
    )


def parts_of_run(run: Run, corpus: Corpus) -> Parts:
    """The parts of an existing run, of the current samples: known samples keep their part."""
    stored, recipe = run.identity, run.recipe
    if stored is None:
        return part(corpus.usable, recipe.split)
    samples = corpus.usable
    return kept_parts(stored, samples, keys_by_id(samples), native=recipe.split.scheme == "native")


def nothing_held_out(recipe: Recipe, parts: Parts) -> str:
    """The warning before a training without a test part; empty if there is one.

    A data set with a published test part may be incomplete: no test part is taken from the rest.
    """
    if parts.test:
        return ""
    adapter = catalog.dataset(recipe.data.name)
    folder = "a part named test in the data" if adapter.labels is None else "the data set's own test part"
    return (
        f"nothing is held out: {recipe.data.name} has no test part, so this run can be scored only on the "
        f"validation samples that select its epoch. To hold out a test part: --hold-out 0.2 (in a recipe "
        f"split.test_share = 0.2), split.scheme = 'k_fold', or {folder}"
    )
