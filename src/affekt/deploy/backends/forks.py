"""Engines in forked processes.

Threads do not survive a fork, and engines have threads. ONNX Runtime works in a child when its graphs are
opened again there. OpenVINO's open graphs work on as they are, without its threads, if none of them was
computing at the moment of the fork; otherwise the child would wait for ever for a lock that its parent held.
So a fork waits until OpenVINO is idle. Opening another graph in a child may wait for ever as well.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE_S = 10.0  # for which a fork waits for OpenVINO; a child of a fork that waited in vain cannot use it

_started: weakref.WeakSet[Any] = weakref.WeakSet()


class _Gate:
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
        self.changed.wait_for(lambda: self.running == 0, PATIENCE_S)

    def after_in_parent(self) -> None:
        self.forking = False
        self.changed.notify_all()
        self.changed.release()


_gate = _Gate()


@contextmanager
def using_openvino() -> Iterator[None]:
    """Around each call of OpenVINO: no fork happens meanwhile."""
    with _gate.use():
        yield


def openvino_starts() -> None:
    """State that this process is about to start OpenVINO."""
    _gate.started_in = os.getpid()


def openvino_is_broken() -> bool:
    """Whether this process was forked while OpenVINO was computing, so that open graphs would not answer."""
    return _gate.broken


def openvino_can_open() -> bool:
    """Whether graphs can be opened in OpenVINO: not in a process forked from one that had started it."""
    return _gate.started_in in (None, os.getpid())


def keep_after_fork(engine: Any) -> None:
    """Keep an object of an engine for ever in children of this process.

    Ending it would wait there for threads that do not exist.
    """
    _started.add(engine)


def _after_in_child() -> None:
    global _gate
    parent, _gate = _gate, _Gate()  # a thread of the parent may hold the old one's lock
    _gate.started_in, _gate.broken = parent.started_in, parent.broken or parent.running > 0
    for engine in list(_started):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    _started.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(
        before=lambda: _gate.before_fork(),
        after_in_parent=lambda: _gate.after_in_parent(),
        after_in_child=_after_in_child,
    )
