"""Engines in forked processes.

Engines have threads, and threads do not survive a fork. ONNX Runtime works in a child process if its graphs
are opened again there. Graphs that are open in OpenVINO keep working, without its threads, if none was
computing during the fork. Otherwise the child would wait forever for a lock that its parent held, so a fork
waits until OpenVINO is idle. Opening another graph in a child may wait forever as well.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MAX_WAIT_S = 10.0  # of a fork for OpenVINO; if it is still computing then, the child cannot use it

_engines: weakref.WeakSet[Any] = weakref.WeakSet()


class _RunningCalls:
    """Counts the calls of OpenVINO that are running, and holds back new ones during a fork."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running = 0
        self.forking = False
        self.started_in: int | None = None  # the process that started OpenVINO
        self.broken = False  # open graphs cannot be used in this process

    @contextmanager
    def use(self) -> Iterator[None]:
        with self.changed:
            self.changed.wait_for(lambda: not self.forking)
            self.running += 1
        try:
            yield
        finally:
            with self.changed:
                self.running -= 1
                self.changed.notify_all()

    def before_fork(self) -> None:
        self.changed.acquire()
        self.forking = True
        self.changed.wait_for(lambda: self.running == 0, MAX_WAIT_S)

    def after_in_parent(self) -> None:
        self.forking = False
        self.changed.notify_all()
        self.changed.release()


_calls = _RunningCalls()


@contextmanager
def using_openvino() -> Iterator[None]:
    """Enclose each call of OpenVINO: no fork happens during it."""
    with _calls.use():
        yield


def openvino_starts() -> None:
    """Record that this process is about to start OpenVINO."""
    _calls.started_in = os.getpid()


def openvino_is_broken() -> bool:
    """Whether this process was forked while OpenVINO was computing, so that open graphs cannot compute."""
    return _calls.broken


def openvino_can_open() -> bool:
    """Whether graphs can be opened in OpenVINO: not in a process forked from one that had started it."""
    return _calls.started_in in (None, os.getpid())


def keep_after_fork(engine: Any) -> None:
    """Never destroy an object of an engine in children of this process.

    Its destruction would wait for threads that do not exist there.
    """
    _engines.add(engine)


def _after_in_child() -> None:
    global _calls
    parent, _calls = _calls, _RunningCalls()  # a thread of the parent may hold the old one's lock
    _calls.started_in, _calls.broken = parent.started_in, parent.broken or parent.running > 0
    for engine in list(_engines):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    _engines.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(
        before=lambda: _calls.before_fork(),
        after_in_parent=lambda: _calls.after_in_parent(),
        after_in_child=_after_in_child,
    )
