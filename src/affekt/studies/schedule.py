"""Jobs as processes, several at a time, in order of dependence. A job that fails does not stop the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


POLL_S = 0.05
GRACE_S = 10.0  # for a job to end after SIGTERM
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_REASON_LINES = 3  # of the log, where a job leaves no reason


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
    running: dict[str, tuple[Job, subprocess.Popen[bytes], float]] = {}
    on_change(state)
    try:
        while waiting or running:
            changed = False
            for job in list(waiting):
                lacking = [name for name in job.needs if name in state.failed]
                if lacking:
                    state.failed[job.id] = f"it needs {lacking[0]}, which failed"
                    waiting.remove(job)
                    changed = True
                elif len(running) < at_once and not unfinished.intersection(job.needs):
                    waiting.remove(job)
                    running[job.id] = (job, _start(job, folder, keep_open), time.monotonic())
                    changed = True
            for name, (job, process, begun) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[name]
                changed = True
                if process.returncode == 0:
                    job.done()
                    unfinished.discard(name)
                    state.finished.append(name)
                    state.seconds.append(time.monotonic() - begun)
                else:
                    state.failed[name] = _reason(job, folder, process.returncode)
            state.running = tuple(running)
            if changed:
                on_change(state)
            else:
                time.sleep(POLL_S)
    finally:
        _end([process for _, process, _ in running.values()])
    return state


def log_of(job: str, folder: Path) -> Path:
    """The log of a job."""
    kept = "".join(letter if letter.isalnum() or letter in "-=." else "_" for letter in job)
    return folder / f"{kept}.log"


def _start(job: Job, folder: Path, keep_open: Sequence[int]) -> subprocess.Popen[bytes]:
    log = log_of(job.id, folder)
    log.parent.mkdir(parents=True, exist_ok=True)
    error = log.with_suffix(".error")
    error.unlink(missing_ok=True)
    document = {**job.document(), "error": str(error)}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "affekt.studies.worker"],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **dict.fromkeys(_THREADS, "1")},
            pass_fds=tuple(keep_open),
        )
    assert process.stdin is not None
    process.stdin.write(json.dumps(document).encode() + b"\n")
    process.stdin.flush()  # it stays open: its end tells the worker that the study is gone
    return process


def _reason(job: Job, folder: Path, code: int) -> str:
    log = log_of(job.id, folder)
    error = log.with_suffix(".error")
    if error.is_file():
        return f"{error.read_text()} ({log})"
    how = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-_REASON_LINES:]
    return f"{how}: {' | '.join(last)} ({log})" if last else f"{how} ({log})"


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes that still run, as after Ctrl-C: complete epochs are kept."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE_S
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


