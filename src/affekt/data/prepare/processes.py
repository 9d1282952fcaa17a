"""Prepare clips in several processes, and find the clip that kills one."""

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
from affekt.data.store.index import Entry

log = logging.getLogger(__name__)

_AHEAD = 2  # clips handed to each process at a time: decoded ones may be large
_CRASHED = "the decoder crashed on it"


def run_tasks(tasks: Sequence[ClipTask], workers: int) -> Iterator[Entry]:
    """Entries as they get done, in any order."""
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
    for task in crashed:  # whoever was at work when a process died; alone, the culprit is known
        if (yield from _run_pool(iter([task]), 1)):
            log.warning("%s: %s", task.sample.id, _CRASHED)
            yield annotated(Entry(id=task.sample.id, source="", reason=_CRASHED), task.sample)


def _run_pool(todo: Iterator[ClipTask], workers: int) -> Iterator[Entry]:
    """Entries of tasks; returns those at work when a process died, and leaves the rest in `todo`."""
    running: dict[Future[Entry], ClipTask] = {}
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
    """Let a worker end when its parent is killed, which nobody else tells it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
