"""Jobs of a study in a process of its own: `python -m affekt.studies.running.worker`.

Each line of its standard input is a job as JSON; for each it writes one line, exit code and reason, to its
standard output. What the job itself prints goes to its log. One process does many jobs in turn, since
starting takes longer than a small training. The study keeps the input open: when the study is killed, the
input ends, and so does this process. What is complete on disk stays, as after any kill.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError

ENDED = 75  # exit code of a process whose study is gone


def main() -> None:
    """Do jobs until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    while True:
        job = jobs.get()
        with _printing_to(Path(job["log"])):
            answer = _do(job)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _read_jobs(jobs: queue.SimpleQueue[dict[str, Any]]) -> None:
    waiting = b""
    while more := os.read(0, 1 << 16):
        *lines, waiting = (waiting + more).split(b"\n")
        for line in lines:
            jobs.put(json.loads(line))
    os._exit(ENDED)


@contextmanager
def _printing_to(log: Path) -> Iterator[None]:
    """Send output and errors, also those of libraries that are not written in Python, to a file."""
    before = os.dup(1), os.dup(2)
    with log.open("ab") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, old in zip((1, 2), before, strict=True):
            os.dup2(old, number)
            os.close(old)


def _do(job: dict[str, Any]) -> dict[str, Any]:
    """Exit code and reason of a job; `said`: whether the reason is complete without the log."""
    try:
        (_run_command if "command" in job else _train)(job)
    except AffektError as error:
        reason = f"{type(error).__name__}: {error}"
        sys.stderr.write(reason + "\n")
        return {"code": 1, "reason": reason, "said": True}
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return {"code": code, "reason": f"ended with exit code {code}" if code else "", "said": False}
    except Exception as error:
        traceback.print_exc()
        return {"code": 1, "reason": f"{type(error).__name__}: {error}", "said": True}
    return {"code": 0, "reason": "", "said": True}


def _train(job: dict[str, Any]) -> None:
    from affekt.core.recipe import Recipe
    from affekt.engine.train import train
    from affekt.evaluation.evaluate import evaluate

    recipe = Recipe.from_values(job["recipe"])
    run = train(
        recipe,
        data_root=job["data_root"],
        weights=job["weights"],
        teacher=job["teacher"],
        runs=job["runs"],
        cache=job["cache"],
        resume=True,
        accept_data=job["accept_data"],
        download=job["download"],
        progress=False,
    )
    if job["part"]:
        evaluate(run.path, data_root=job["data_root"], split=job["part"], command=job["asked_by"])


def _run_command(job: dict[str, Any]) -> None:
    """Run a command line of affekt, in the function that the study names as `module:function`."""
    module, _, function = job["entry"].partition(":")
    sys.argv = list(job["command"])
    getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main()
