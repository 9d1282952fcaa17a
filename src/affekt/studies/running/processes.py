"""The processes that do the jobs of a study (`affekt.studies.running.worker`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError

GRACE_S = 10.0  # for a job to end after SIGTERM
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_LAST_LINES = 3  # of the log, where a process leaves no reason


class Worker:
    """One process, which does one job at a time with one thread."""

    def __init__(self, keep_open: Sequence[int] = ()) -> None:
        """Args:
        keep_open: File descriptors that the process inherits, such as that of a lock.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "affekt.studies.running.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **dict.fromkeys(_THREADS, "1")},
            pass_fds=tuple(keep_open),
        )
        self._log = Path()
        self._lines: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        """Whether it can take another job."""
        return self._process.poll() is None

    def begin(self, document: Mapping[str, Any], log: Path) -> None:
        """Begin a job.

        Args:
            document: What the job needs, as JSON values.
            log: For what the job prints; it is begun anew.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self._log = log
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({**document, "log": str(log)}).encode() + b"\n")
            self._process.stdin.flush()  # it stays open: its end tells the process that the study is gone
        except BrokenPipeError:
            raise AffektError("a process of the study ended before its first job") from None

    def ended(self) -> str | None:
        """None while the job runs; then why it failed, or an empty text if it did not."""
        is_over = not self.is_alive and not self._reader.is_alive()
        if self._lines:
            answer = json.loads(self._lines.pop(0))
            said = answer["reason"] if answer["said"] or not answer["code"] else self._last_lines()
            return said or answer["reason"]
        if not is_over:
            return None
        code = self._process.returncode
        how = (
            f"its process ended by signal {-code}" if code < 0 else f"its process ended with exit code {code}"
        )
        last = self._last_lines()
        return f"{how}: {last}" if last else how

    def _last_lines(self) -> str:
        lines = [
            line
            for line in self._log.read_text(errors="replace", encoding="utf-8").splitlines()
            if line.strip()
        ]
        return " | ".join(lines[-_LAST_LINES:])

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(iter(self._process.stdout.readline, b""))

    def terminate(self) -> None:
        """Ask it to end, as Ctrl-C does: complete epochs are kept."""
        self._process.terminate()

    def close(self, timeout_s: float) -> None:
        """Wait for its end, then kill it."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def end(workers: Sequence[Worker]) -> None:
    """End processes, also those that still do a job."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.close(GRACE_S)
