"""Reading one step ahead of computing: a thread makes the next item while the caller works with this one.

Decoding and the engines release the interpreter, so the two run at the same time.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Generator, Iterable
from queue import Empty, Full, Queue
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_WAIT_S = 0.1  # after which the thread looks whether the iterator was closed


class _Ended(NamedTuple):
    """The last entry of a queue; with the error that ended the items, if there was one."""

    error: BaseException | None


def one_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """The same items in the same order; while one is used, the next one is made in a thread of its own.

    At most two items that are not used yet are in memory: one that waits, and one that is being made. Notes
    (`affekt.core.notes`) of the thread reach the collector of the caller. An error is raised where the item
    would have been. The thread ends with the items, or when the returned iterator is closed.

    Example:
        >>> list(one_ahead(range(3)))
        [0, 1, 2]
    """
    waiting: Queue[T | _Ended] = Queue(maxsize=1)
    closed = threading.Event()

    def offer(entry: T | _Ended) -> bool:
        """Put an entry into the queue; False if the iterator was closed."""
        while not closed.is_set():
            try:
                waiting.put(entry, timeout=_WAIT_S)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not offer(item):
                    return
        except BaseException as raised:  # raised again in the thread of the caller
            error = raised
        offer(_Ended(error))

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(make,), name="affekt reads ahead", daemon=True
    )
    thread.start()
    try:
        while True:
            try:
                entry = waiting.get(timeout=_WAIT_S)
            except Empty:
                if not thread.is_alive() and waiting.empty():  # as in a process forked meanwhile
                    raise RuntimeError("the thread that reads ahead is gone") from None
                continue
            if isinstance(entry, _Ended):
                if entry.error is not None:
                    raise entry.error
                return
            yield entry
    finally:
        closed.set()
        thread.join()
