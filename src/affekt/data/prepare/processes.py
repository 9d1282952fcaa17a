"""Prepare clips in several processes, and identify a clip that crashes one."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for

from affekt.data.prepare.clip import ClipTask, annotated, prepare_clip
from affekt.data.store.index import ClipEntry

log = logging.getLogger(__name__)

_AHEAD = 2  # clips queued for each process: decoded ones may be large
_CRASHED = "the decoder crashed on it"


def run_tasks(tasks: Sequence[ClipTask], workers: int) -> Iterator[ClipEntry]:
    """Entries as they are done, in any order."""
    if workers < 1:
        yield from map(prepare_clip, tasks)
        return
    crashed: list[ClipTask] = []
    todo = iter(tasks)
    while True:
        broken = yield from _run_pool(todo, workers)
        if not broken:
            break
        crashed += broken
    for task in crashed:  # those in work when a process died: run alone, the one that crashes is known
        if (yield from _run_pool(iter([task]), 1)):
            log.warning("%s: %s", task.sample.id, _CRASHED)
            yield annotated(ClipEntry(id=task.sample.id, source="", reason=_CRASHED), task.sample)


def _run_pool(todo: Iterator[ClipTask], workers: int) -> Iterator[ClipEntry]:
    """Entries of tasks; returns the tasks in work when a process died, and leaves the rest in `todo`."""
    running: dict[Future[ClipEntry], ClipTask] = {}
    context = multiprocessing.get_context("spawn")  # FFmpeg's and numpy's threads do not survive a fork
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        more = True
        while more or running:
            while more and len(running) < _AHEAD * workers:
                task = next(todo, None)
                more = task is not None
                if task is not None:
                    running[pool.submit(prepare_clip, task)] = task
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                entry = future.result()
                del running[future]
                yield entry
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def _end_with_parent() -> None:
    """End a worker when its parent is killed, of which it gets no signal."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
