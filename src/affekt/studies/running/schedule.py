"""Jobs as processes, several at a time, in order of dependence. A job that fails does not stop the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError
from affekt.studies.running.processes import Worker, end

POLL_S = 0.05


@dataclass(frozen=True)
class Job:
    """A unit of work.

    Attributes:
        id: Unique; shown to people.
        needs: Ids of jobs that must be done before.
        is_done: Whether nothing is left to do.
        document: What the worker reads, made when the job starts: it may depend on jobs that it needs.
        done: Called after the process has ended without error.
    """

    id: str
    needs: tuple[str, ...]
    is_done: Callable[[], bool]
    document: Callable[[], Mapping[str, Any]]
    done: Callable[[], None] = lambda: None


@dataclass
class Progress:
    """The state of a study while it runs.

    Attributes:
        kept: Jobs that were done before.
        finished: Ids of jobs that were done now, in order.
        failed: Reasons by id.
        seconds: Time of each finished job.
    """

    total: int
    kept: int = 0
    running: tuple[str, ...] = ()
    finished: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    at_once: int = 1

    @property
    def left(self) -> int:
        """Jobs that are not done and have not failed."""
        return self.total - self.kept - len(self.finished) - len(self.failed)

    @property
    def left_s(self) -> float | None:
        """Estimated time to the end in seconds; None before the first job is finished."""
        if not self.seconds:
            return None
        return sum(self.seconds) / len(self.seconds) * self.left / max(1, min(self.at_once, self.left or 1))


OnChange = Callable[[Progress], None]


def run_jobs(
    jobs: Sequence[Job],
    folder: Path,
    *,
    at_once: int = 1,
    on_change: OnChange = lambda state: None,
    keep_open: Sequence[int] = (),
) -> Progress:
    """Run all jobs that are not done.

    Args:
        folder: Of the logs, one for each job.
        keep_open: File descriptors that the processes inherit, such as that of a lock.
    """
    state = Progress(len(jobs), at_once=at_once)
    waiting: list[Job] = []
    for job in jobs:
        if job.is_done():
            state.kept += 1
        else:
            waiting.append(job)
    unfinished = {job.id for job in waiting}
    running: dict[Worker, tuple[Job, float]] = {}
    idle: list[Worker] = []
    on_change(state)
    try:
        while waiting or running:
            changed = False
            for job in list(waiting):
                if lacking := [name for name in job.needs if name in state.failed]:
                    state.failed[job.id] = f"it needs {lacking[0]}, which failed"
                elif len(running) < at_once and not unfinished.intersection(job.needs):
                    try:
                        document = job.document()
                    except AffektError as error:
                        state.failed[job.id] = str(error)
                    else:
                        worker = idle.pop() if idle else Worker(keep_open)
                        worker.begin(document, log_of(job.id, folder))
                        running[worker] = (job, time.monotonic())
                else:
                    continue
                waiting.remove(job)
                changed = True
            for worker, (job, begun) in list(running.items()):
                ended = worker.ended()
                if ended is None:
                    continue
                del running[worker]
                changed = True
                if worker.is_alive:
                    idle.append(worker)
                if ended:
                    state.failed[job.id] = f"{ended} ({log_of(job.id, folder)})"
                else:
                    job.done()
                    unfinished.discard(job.id)
                    state.finished.append(job.id)
                    state.seconds.append(time.monotonic() - begun)
            state.running = tuple(job.id for job, _ in running.values())
            if changed:
                on_change(state)
            else:
                time.sleep(POLL_S)
    finally:
        end([*running, *idle])
    return state


def log_of(job: str, folder: Path) -> Path:
    """The log of a job."""
    kept = "".join(letter if letter.isalnum() or letter in "-=." else "_" for letter in job)
    return folder / f"{kept}.log"
