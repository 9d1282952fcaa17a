"""Limits of a benchmark: ten minutes and 4 GB unless flags say otherwise, and what was skipped for them.

A benchmark does its parts in processes of their own, which are ended where they go beyond a limit. What a
part yielded before that still counts. The skipped rest is printed with the results.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import psutil

SECONDS, GIGABYTES = 600.0, 4.0
POLL_S = 0.1
EXIT_S = 20.0  # a process may need this time to release memory after its last row


class Doing(NamedTuple):
    """A part yields it before something that may go beyond a limit: it is named then."""

    what: str


class Skipped(NamedTuple):
    """A part yields it for something that it leaves out itself, such as a size that would take too long."""

    what: str


def _start_of_program() -> float:
    """When this program was started, by `time.monotonic`: its imports count as well."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


@dataclass
class Limits:
    """Time and memory of one benchmark.

    Attributes:
        seconds: Of all parts.
        gigabytes: Of resident memory of one part and its processes.
        skipped: What was left out, and why.
        failed: Names of the parts that failed.
    """

    seconds: float = SECONDS
    gigabytes: float = GIGABYTES
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    begun: float = field(default_factory=_start_of_program)

    @staticmethod
    def add_to(parser: argparse.ArgumentParser) -> None:
        """Add the flags `--seconds` and `--gigabytes`."""
        parser.add_argument("--seconds", type=float, default=SECONDS, help="for the whole benchmark")
        parser.add_argument("--gigabytes", type=float, default=GIGABYTES, help="of memory, for each part")

    @classmethod
    def of(cls, given: argparse.Namespace) -> Limits:
        """The limits that the flags state."""
        return cls(given.seconds, given.gigabytes)

    def end(self, share: float = 1.0) -> float:
        """When a part has to end that may use a share of the time that is left, by `time.monotonic`.

        The clock is the same in all processes of a machine.
        """
        now = time.monotonic()
        return now + share * max(0.0, self.begun + self.seconds - now)

    def run(self, what: str, part: Callable[[], Iterable[Any]], *, end: float | None = None) -> list[Any]:
        """What a part yields, computed in a process of its own.

        Args:
            what: Name of the part in the list of what was skipped.
            part: Can be pickled, as a `functools.partial` of a function of a module can.
            end: When it has to end; by default all the time that is left.

        A part that fails is listed as well, so that it does not cost the others their results: see `check`.
        """
        end = self.end() if end is None else end
        if time.monotonic() >= end:
            self.skipped.append(f"{what}: no time was left")
            return []
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, part))
        process.start()
        theirs.close()
        found: list[Any] = []
        doing = ""
        try:
            while not (reason := self.beyond(process.pid, end)):
                if not ours.poll(POLL_S):
                    continue
                try:
                    item = ours.recv()
                except EOFError:
                    break
                if isinstance(item, Doing):
                    doing = item.what
                elif isinstance(item, Skipped):
                    self.skipped.append(f"{what}: {item.what}")
                else:
                    found.append(item)
                    print(f"{what}: {item}", flush=True)
            if not reason:
                process.join(EXIT_S)
        finally:
            end_family(process.pid)
            process.join()
        if reason:
            rest = f"{doing} and what follows" if doing else "the rest"
            self.skipped.append(f"{what}: {rest}, {reason}")
        elif process.exitcode:
            self.failed.append(what)
            self.skipped.append(f"{what}: {doing or 'the rest'} FAILED with exit code {process.exitcode}")
        return found

    def lines(self) -> list[str]:
        """Lines of a report: the limits, and what was skipped for them."""
        head = (
            f"Limits: {self.seconds:g} s for the whole benchmark and {self.gigabytes:g} GB for each part "
            "(`--seconds`, `--gigabytes`). "
        )
        if not self.skipped:
            return ["", head + "Nothing was skipped."]
        return ["", head + "Skipped:", "", *(f"- {line}" for line in self.skipped)]

    def check(self) -> None:
        """End the program with an error if a part failed; after the report is written.

        Raises:
            SystemExit: Naming the parts.
        """
        if self.failed:
            raise SystemExit(f"failed: {', '.join(self.failed)}; the reasons are above")

    def beyond(self, process: int | None, end: float) -> str:
        """Why a process and its children are ended; empty while they are within the limits."""
        if time.monotonic() > end:
            return "which took too long"
        used = sum(_resident(one) for one in _family(process)) / 1e9
        return f"which needed over {self.gigabytes:g} GB" if used > self.gigabytes else ""


def _work(connection: Connection, part: Callable[[], Iterable[Any]]) -> None:
    """In the process of a part: send what it yields."""
    for item in part():
        connection.send(item)
    connection.close()


def _family(process: int | None) -> list[psutil.Process]:
    try:
        first = psutil.Process(process)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has just ended
        return 0


def end_family(process: int | None) -> None:
    """End a process and its children; does nothing where they have ended."""
    for one in _family(process):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
