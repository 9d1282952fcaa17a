"""The process that computes in Jittor, as its client sees it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from affekt.core.errors import FolderError
from affekt.deploy.backends.jittor.computing.frames import (
    PROTOCOL,
    Frame,
    FrameError,
    read_frame,
    write_frame,
)
from affekt.deploy.backends.jittor.home import JittorHome, lay_out
from affekt.deploy.backends.jittor.problems import is_compiled

_START = Path(__file__).parent / "computing" / "start.py"
_LOOK_S = 0.5  # how often it is looked whether the process still runs
_PATIENCE_S = 5.0  # after this time, the user is was_noted what takes so long
_LAST_LINES = 6  # of the process's log, in errors
_LOG_BYTES = 4096

log = logging.getLogger(__name__)


class JittorProcess:
    """A process with Jittor. Several threads may ask it; it answers one after the other.

    Args:
        threads: Processor cores for one answer; all if not given.
        command: The program, for tests; `start.py` in Jittor's environment if not given.

    Raises:
        FolderError: It cannot start.
    """

    def __init__(
        self, home: JittorHome, threads: int | None = None, command: list[str] | None = None
    ) -> None:
        home.kernels.mkdir(parents=True, exist_ok=True)
        lay_out(home.kernels)
        self.home, self.owner = home, os.getpid()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, it lasts as long as the process
        self._turn = threading.Lock()
        self._unused: list[dict[str, str]] = []  # requests that forget what nothing asks any more
        self._numbers = 0
        self._process = subprocess.Popen(
            command or [str(home.python), "-I", str(_START), str(home.kernels)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_variables(home, threads),
            start_new_session=True,  # Ctrl-C reaches the client only, which ends the whole session
            bufsize=0,
        )
        atexit.register(self.end)
        waits_for = "Jittor to start" if is_compiled(home) else "Jittor, which compiles itself once (minutes)"
        facts = self._answer(waits_for).facts
        if facts.get("protocol") != PROTOCOL:
            self.end()
            raise FolderError(f"Jittor's process speaks protocol {facts.get('protocol')!r}, not {PROTOCOL!r}")
        self.version = facts.get("jittor", "unknown")

    @property
    def runs(self) -> bool:
        """Whether it can be asked, in this process."""
        return self.owner == os.getpid() and self._process.poll() is None

    def open(self, graph: bytes, facts: Mapping[str, str] | None = None) -> str:
        """Open the file of a graph, and return the key by which it is asked.

        Args:
            facts: Further metadata of the request, for a graph that is trained.

        Raises:
            FolderError: It cannot be imported.
        """
        self._numbers += 1
        key = f"graph {self._numbers}"
        request = {"ask": "open", "key": key, **(facts or {})}
        self.ask(request, {"graph": np.frombuffer(graph, np.uint8)}, "Jittor to read a graph")
        return key

    def compute(self, key: str, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The outputs of an open graph by name.

        Raises:
            FolderError: It cannot be computed.
        """
        waits_for = "Jittor, which compiles kernels for each new kind of input (up to minutes)"
        return self.ask({"ask": "compute", "key": key}, batch, waits_for).arrays

    def close(self, key: str) -> None:
        """Forget a graph, with the next request: the garbage collector calls this at any moment."""
        self._unused.append({"ask": "close", "key": key})

    def forget(self, key: str, name: str) -> None:
        """Forget a pass of a trained graph, like `close`."""
        self._unused.append({"ask": "forget", "key": key, "pass": name})

    def ask(self, facts: Mapping[str, str], arrays: Mapping[str, np.ndarray], waits_for: str) -> Frame:
        """Send a request, and wait for its answer.

        Raises:
            FolderError: The process has ended, or answers with an error.
        """
        with self._turn:
            while self._unused:
                self._exchange(self._unused.pop(0), {}, waits_for)
            return self._exchange(facts, arrays, waits_for)

    def _exchange(self, facts: Mapping[str, str], arrays: Mapping[str, np.ndarray], waits_for: str) -> Frame:
        try:
            write_frame(self._write, facts, arrays)
        except OSError:
            self._ended()
        return self._answer(waits_for)

    def end(self) -> None:
        """End the process and its compilers, if it was started in this process."""
        if self.owner != os.getpid():
            return
        atexit.unregister(self.end)
        process = self._process
        if process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        self._log.close()

    def _answer(self, waits_for: str) -> Frame:
        begin = time.monotonic()
        was_noted = False

        def read(size: int) -> bytes:
            nonlocal was_noted
            assert self._process.stdout
            pipe, parts = self._process.stdout.fileno(), []
            while size:
                if not select.select([pipe], [], [], _LOOK_S)[0]:
                    if self._process.poll() is not None and not select.select([pipe], [], [], 0)[0]:
                        break
                    if not was_noted and time.monotonic() - begin > _PATIENCE_S:
                        was_noted = True
                        log.warning("waiting for %s", waits_for)
                    continue
                part = os.read(pipe, min(size, 2**20))
                if not part:
                    break
                parts.append(part)
                size -= len(part)
            return b"".join(parts)

        try:
            frame = read_frame(read)
        except FrameError as error:
            self.end()
            raise FolderError(f"Jittor's process answers with something else: {error}") from None
        except BaseException:  # Ctrl-C: the rest of the answer would be taken for the next one's
            self.end()
            raise
        if frame is None:
            self._ended()
        if frame.facts.get("answer") != "ok":
            raise FolderError(f"Jittor: {frame.facts.get('message', 'an error without a message')}")
        return frame

    def _write(self, content: bytes) -> None:
        assert self._process.stdin
        left = memoryview(content)
        while left:
            left = left[self._process.stdin.write(left) or 0 :]

    def _ended(self) -> NoReturn:
        """Raise the error for a process that has ended."""
        code = self._process.wait()
        if self._log.closed:
            raise FolderError(f"Jittor's process has ended with code {code}")
        # By position: the process and this object share one.
        size = os.fstat(self._log.fileno()).st_size
        content = os.pread(self._log.fileno(), _LOG_BYTES, max(0, size - _LOG_BYTES))
        lines = content.decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
        raise FolderError(
            "\n  ".join([f"Jittor's process has ended with code {code}; its log ends:", *lines])
        )


_shared: dict[int | None, JittorProcess] = {}
_starting = threading.Lock()


def shared_process(home: JittorHome, threads: int | None) -> JittorProcess:
    """The process for this number of threads, started at its first use: importing Jittor takes seconds.

    Raises:
        FolderError: It cannot start.
    """
    with _starting:
        process = _shared.get(threads)
        if process is None or not process.runs or process.home != home:
            process = _shared[threads] = JittorProcess(home, threads)
        return process


def _variables(home: JittorHome, threads: int | None) -> dict[str, str]:
    """Variables of the process: nothing of affekt's environment, and no trace in the user's home folder."""
    kept: dict[str, Any] = {
        name: os.environ[name]
        for name in ("PATH", "TMPDIR", "LANG", "LC_ALL", "cc_path")
        if name in os.environ
    }
    cores = threads or os.environ.get("OMP_NUM_THREADS")
    return {
        **kept,
        "HOME": str(home.kernels),  # Jittor would write JITTOR_HOME into a file there, for all programs
        "JITTOR_HOME": str(home.kernels),
        "cache_name": "default",  # else it is the git branch of the folder that Jittor lies in
        "nvcc_path": "",  # no search for CUDA, and no download of it
        "log_silent": "1",
        **({"OMP_NUM_THREADS": str(cores)} if cores else {}),
    }


def _after_fork_in_child() -> None:
    global _starting
    _starting = threading.Lock()
    _shared.clear()  # the parent's processes answer the parent


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
