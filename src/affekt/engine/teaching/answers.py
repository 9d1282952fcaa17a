"""Answers of a teacher to the training samples, computed once and kept for further runs.

    cache/teacher-<digest>/            one teacher; the digits are those of its weights
        <sha256>.safetensors           what it says of all training samples of a run, a row each

The name is a hash of the teacher's checkpoint and of all that it reads of every sample, in order: other
weights, another preprocessing, a changed medium or other folds give another file. A file carries a checksum
of its arrays and of its name; one that is damaged is computed again.

Answers are kept where they cannot depend on the epoch: the student's views do not vary in training, or the
teacher reads none of its inputs. The teacher then reads the samples with its own preprocessing, so that a
student of sound learns from a teacher of words. Otherwise it answers each batch of the student in each step.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from affekt.core.errors import ConfigError, DataError, FolderError, MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.files.output import check_file
from affekt.core.files.whole import write_bytes
from affekt.core.recipe import Recipe
from affekt.core.sample import Preprocess
from affekt.core.task import OnItem, quiet
from affekt.engine.features.filling import device_of
from affekt.engine.features.keys import Views, arrays_digest, sample_digest
from affekt.engine.loading import SampleDataset, plain_loader
from affekt.engine.teaching.teacher import ENTRY, IS_THERE, Teacher

log = logging.getLogger(__name__)


def kept_outputs(teacher: Teacher, objective: Any, student: Preprocess, *, by_cells: bool) -> tuple[str, ...]:
    """The outputs of the teacher that can be computed once; none if it has to see the student's batches.

    Args:
        objective: States what it reads, `teacher_outputs`; one that does not gets all outputs, in every step.
        by_cells: Whether samples have several rows of answers.
    """
    names: tuple[str, ...] = tuple(getattr(objective, "teacher_outputs", ()))
    varies = not getattr(student, "is_deterministic", False)
    if by_cells or (varies and set(teacher.inputs) & set(student.spec.names)):
        return ()
    return names


def with_answers(
    dataset: SampleDataset,
    teacher: Teacher,
    names: Sequence[str],
    recipe: Recipe,
    *,
    root: Path,
    on_item: OnItem = quiet,
) -> SampleDataset:
    """The same samples, each with the answer of the teacher beside its targets.

    Args:
        names: Outputs of the teacher.
        recipe: That of the student: its batch size, workers and accelerator are used.
        root: Folder of all caches.

    Raises:
        ConfigError: The teacher has no such output.
        DataError: The teacher can read none of the samples.
        FolderError: The answers cannot be written.
    """
    asked = SampleDataset(dataset.samples, teacher.preprocess, dataset.labels, dataset.task, seed=None)
    key = _key(asked, teacher, names, recipe)
    file = root / f"teacher-{teacher.digest}" / f"{key}.safetensors"
    found = _read(file, key)
    if found is None:
        check_file(file, error=FolderError)  # before the work
        begun = time.perf_counter()
        found = _computed(asked, teacher, names, recipe, on_item)
        write_bytes(file, save(found, {"checksum": _checksum(key, found)}), error=FolderError, synced=False)
        log.info("answers of the teacher in %s: computed in %.1f s", file, time.perf_counter() - begun)
    else:
        log.info("answers of the teacher in %s: read", file)
    unanswered = int((~found[IS_THERE]).sum())
    if unanswered == len(asked):
        wanted = ", ".join(teacher.spec.modalities) or "its inputs"
        raise DataError(
            f"the teacher reads {wanted} and could read none of {len(asked)} training samples: take data "
            "that have them, or another teacher"
        )
    if unanswered:
        log.warning("%d of %d training samples have no answer of the teacher", unanswered, len(asked))
    return dataset.with_rows({ENTRY.format(name): rows for name, rows in found.items()})


def _computed(
    asked: SampleDataset, teacher: Teacher, names: Sequence[str], recipe: Recipe, on_item: OnItem
) -> dict[str, np.ndarray]:
    count, device = len(asked), device_of(recipe)
    found: dict[str, np.ndarray] = {IS_THERE: np.zeros(count, bool)}
    done = 0
    # Samples of equal length together, always in the same batches: padding does not change from run to run.
    for batch in plain_loader(asked, recipe, by_length=True):
        done += len(batch.get("number", ())) + len(batch["skipped"])
        if "number" in batch:
            rows = batch["number"].numpy()
            output = teacher.answer({name: batch[name].to(device) for name in teacher.inputs})
            if lacking := [name for name in names if not hasattr(output, name)]:
                problem = f"its network has no output {', '.join(lacking)}, which the student learns from"
                raise ConfigError("teacher", [problem])
            for name in names:
                values: torch.Tensor = getattr(output, name).float().cpu()
                found.setdefault(name, np.zeros((count, *values.shape[1:]), np.float32))[rows] = (
                    values.numpy()
                )
            found[IS_THERE][rows] = True
        on_item(done, count)
    teacher.rest()
    return found


def _key(asked: SampleDataset, teacher: Teacher, names: Sequence[str], recipe: Recipe) -> str:
    cache_key = getattr(asked.preprocess, "cache_key", None)
    samples: list[str] = []
    for sample in asked.samples:
        try:
            content = cache_key(sample) if cache_key is not None else ""
        except MediaError:  # it has no answer
            content = ""
        samples.append(sample_digest(sample, Views(), content=content))
    return fingerprint(version("affekt"), teacher.checkpoint, list(names), recipe.train.batch_size, samples)


def _read(file: Path, key: str) -> dict[str, np.ndarray] | None:
    """Arrays of a file; None if it is not there or damaged."""
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="np") as content:
            found = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
            checksum = (content.metadata() or {}).get("checksum")
    except (OSError, SafetensorError) as error:
        log.warning("%s is computed again: it cannot be read (%s)", file, error)
        return None
    if checksum != _checksum(key, found):
        log.warning("%s is computed again: its checksum does not match", file)
        return None
    return found


def _checksum(key: str, arrays: dict[str, np.ndarray]) -> str:
    return fingerprint(key, arrays_digest(arrays))
