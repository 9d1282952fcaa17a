"""Compiled kernels on disk: processes that compile at once, and what an interrupted one leaves."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK, MARK, MACHINE = "compiling.lock", "compiling-{}.json", "machine.json"


@contextmanager
def compiling(home: Path, *, alone: bool = False) -> Iterator[None]:
    """Enclose what may compile.

    If a process was ended within its compilation, what it had not completed is removed first, as soon as no
    other one compiles: a half-written library would be loaded. An error in the body is no interruption.

    Args:
        alone: Wait until no other process compiles, and let none begin: for Jittor itself. Several processes
            may compile kernels, each of which Jittor locks.
    """
    home.mkdir(parents=True, exist_ok=True)
    # The lock ends with the process, however it ends. Unlike that of `flock`, it is not inherited by the
    # helpers that Jittor forks, which would keep it.
    with (home / LOCK).open("a+", encoding="utf-8") as lock:
        is_alone = _lock_at_once(lock)
        if not is_alone:
            fcntl.lockf(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if is_alone or alone:
            _remove_interrupted(home)
        if not alone:
            fcntl.lockf(lock, fcntl.LOCK_SH)
        mark = home / MARK.format(os.getpid())
        partial = mark.with_suffix(".new")
        partial.write_text(json.dumps({"began_s": time.time()}), encoding="utf-8")
        partial.replace(mark)
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            raise  # the mark stays: a compiler may have been stopped
        except BaseException:
            mark.unlink()
            raise
        mark.unlink()


def _lock_at_once(lock: IO[str]) -> bool:
    """Take the lock alone, if no other process has it."""
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # either, by POSIX
        return False
    return True


def _remove_interrupted(home: Path) -> None:
    """Remove what ended processes left; no process compiles, so each mark is of an ended one."""
    marks = list(home.glob(MARK.format("*")))
    if marks:
        remove_since(home, min(map(_began, marks)))
    for mark in marks:
        mark.unlink()


def remove_since(home: Path, began_s: float) -> list[Path]:
    """Remove what was written at that time or later and is not complete, and return it.

    Jittor writes a file `NAME.key` once NAME is compiled.
    """
    kernels = home / ".cache" / "jittor"
    removed: list[Path] = []
    for folder, _, names in os.walk(kernels):
        for name in names:
            path = Path(folder, name)
            # Links lead to the system's libraries; Jittor's own lock may be held by a process that waits.
            if path.is_symlink() or name == "jittor.lock" or path.stat().st_mtime < began_s:
                continue
            if _is_complete(path):
                continue
            path.unlink()
            removed.append(path)
    return removed


def _is_complete(path: Path) -> bool:
    made, key = (path.with_suffix(""), path) if path.suffix == ".key" else (path, Path(f"{path}.key"))
    return made.exists() and key.exists() and made.stat().st_size > 0 and key.stat().st_size > 0


def _began(mark: Path) -> float:
    """When an interrupted compilation began; the time of the file if it cannot be read."""
    try:
        return float(json.loads(mark.read_text("utf-8"))["began_s"]) - 1.0  # clocks of files are coarse
    except (ValueError, LookupError, TypeError):
        return mark.stat().st_mtime - 1.0


def keep_kernels(home: Path) -> None:
    """Make Jittor find its kernels again under another name of the machine or version of its kernel.

    Jittor puts both into the path of its cache, although compiled code depends on neither; containers and CI
    have new ones with each start. The processor, which it does depend on, stays part of the path.
    """
    file = home / MACHINE
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        name, system = str(known["node"]), str(known["platform"])
    except (OSError, ValueError, LookupError, TypeError):
        name, system = platform.node(), platform.platform()
        partial = file.with_suffix(f".{os.getpid()}.new")
        partial.write_text(json.dumps({"node": name, "platform": system}), encoding="utf-8")
        partial.replace(file)
    platform.node = lambda: name
    platform.platform = lambda aliased=False, terse=False: system
