"""The child process: reads files that the parent names, one after the other, and answers how each ended.

Started as `python -m fuzzer.child`: a line of JSON for each case on standard input, and one as its answer.
"""

import dataclasses
import faulthandler
import importlib
import json
import math
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

from affekt.core.errors import AffektError

READERS = importlib.import_module(os.environ.get("FUZZ_READERS", "fuzzer.readers")).READERS
GIB = 2**30
# Beyond what the process needs by itself. Address space is more than memory: engines reserve it.
RESIDENT, ADDRESSES = 1.5 * GIB, 6 * GIB


def main() -> None:
    """Answer cases until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    faulthandler.enable()
    warnings.simplefilter("ignore")
    warm = [READERS[name] for name in sys.argv[1:]]
    for reader in warm:  # modules and models that a reader needs are not counted for its first case
        reader.prepare()
    limit = int(_status("VmSize") + ADDRESSES)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    base = _status("VmRSS")
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
        kind, detail = _outcome(job["reader"], Path(job["path"]))
        peak = _status("VmHWM") - base
        if peak > RESIDENT:
            kind, detail = "memory", f"{peak / GIB:.1f} GiB ({kind} {detail})"
        print(json.dumps({"kind": kind, "detail": detail}), file=answers, flush=True)


def _outcome(reader: str, path: Path) -> tuple[str, str]:
    try:
        found = READERS[reader].read(path)
    except AffektError as error:
        return "clean error", f"{type(error).__name__}: {str(error)[:200]}"
    except MemoryError as error:
        return "memory", f"MemoryError: {error} {_place(error)}"
    except BaseException as error:
        return "foreign traceback", f"{type(error).__name__}: {str(error)[:160]} {_place(error)}"
    bad = not_finite(found)
    return ("NaN", bad) if bad else ("answer", "")


def _place(error: BaseException) -> str:
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/affekt/" in one.filename]
    return f"at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def not_finite(value, where: str = "") -> str:
    """Where a value holds a number that is NaN or infinite; empty if nowhere."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else where or "value"
    if isinstance(value, np.ndarray):
        return "" if value.dtype.kind != "f" or np.isfinite(value).all() else where or "array"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        pairs = value.items()
    else:
        pairs = enumerate(value) if isinstance(value, list | tuple) else ()
    return next((bad for key, one in pairs if (bad := not_finite(one, f"{where}.{key}"))), "")


def _status(name: str) -> int:
    line = next(
        one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(name + ":")
    )
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
