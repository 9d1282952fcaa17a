"""Start a process that measures, and read what it measured, also if it is ended for its time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from affekt.core.errors import AffektError, DataError, FolderError, MediaError, MissingExtra, UsageError

# Errors of a process that are raised again as what they were; any other is an AffektError.
_ERRORS = {kind.__name__: kind for kind in (DataError, FolderError, MediaError, MissingExtra, UsageError)}
CHILD = "affekt.deploy.bench.child"


class Measured(NamedTuple):
    """Lines of a process.

    Attributes:
        ended: Why the process ended early; empty if it did not.
    """

    lines: list[dict[str, Any]]
    ended: str


def measure(job: Mapping[str, Any], *, seconds: float) -> Measured:
    """The lines that a job writes within a time; `begun` is added to the job.

    Raises:
        AffektError: What the job raised, of the same type.
    """
    command = [sys.executable, "-m", CHILD, json.dumps({**job, "begun": time.time()})]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    ended = ""
    try:
        out, err = process.communicate(timeout=max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        ended = f"it was ended after {seconds:.0f} s"
    finally:
        process.kill()  # after Ctrl-C; does nothing to a process that is done
    complete = out[: out.rfind("\n") + 1].splitlines()
    lines = [json.loads(line) for line in complete]
    if lines and "error" in lines[-1]:
        raise _ERRORS.get(lines[-1]["type"], AffektError)(lines[-1]["error"])
    if not ended and process.returncode:
        last = (err.strip().splitlines() or ["no message"])[-1]
        ended = (
            f"it was ended by signal {-process.returncode}: there may be too little memory"
            if process.returncode < 0
            else f"it failed: {last}"
        )
    return Measured(lines, ended)
