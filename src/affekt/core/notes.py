"""Limitations of an input, stated where they are found and reported with the answer.

Decoding and preprocessing may find that an input lacks something: a frame rate, a part of its sound, a page.
They state it with `note`; the predictor collects the notes of each sample that it reads. Without a
collector, as in a training loop, notes are discarded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collected: ContextVar[dict[str, None] | None] = ContextVar("affekt_notes", default=None)


def note(text: str) -> None:
    """State one limitation of the input being read: what is missing or was changed, and the effect."""
    collected = _collected.get()
    if collected is not None:
        collected[text] = None


@contextmanager
def collect_notes() -> Iterator[dict[str, None]]:
    """Collect the notes of what is read inside: the keys of the yielded dict, each text once, in order.

    Collectors of different threads are independent. Notes stated inside an inner collector do not reach the
    outer one. Do not hold a collector across the `yield` of a generator: it would collect its caller's notes.

    Example:
        >>> with collect_notes() as notes:
        ...     note("no rate is stated")
        ...     note("no rate is stated")
        >>> list(notes)
        ['no rate is stated']
    """
    collected: dict[str, None] = {}
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)
