"""One job of a study, in a process of its own: `python -m affekt.studies.worker`.

It reads the job as one line of JSON from its standard input, which the study keeps open: when the study is
killed, the input ends, and so does the job. What is complete on disk stays, as after any kill.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError
from affekt.core.files.whole import write_text

ENDED = 75  # exit code of a job whose study is gone


def main() -> None:
    """Do the job; its error, if any, is written to the file that the job names."""
    line = b""
    while not line.endswith(b"\n"):
        if not (more := os.read(0, 1 << 16)):
            os._exit(ENDED)
        line += more
    threading.Thread(target=_end_with_study, daemon=True).start()
    job = json.loads(line)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if "command" in job:
            _run_command(job)
        else:
            _train(job)
    except AffektError as error:
        write_text(Path(job["error"]), f"{type(error).__name__}: {error}")
        sys.exit(1)
    except Exception as error:
        write_text(Path(job["error"]), f"{type(error).__name__}: {error}; the whole message is in the log")
        raise


def _end_with_study() -> None:
    while os.read(0, 1 << 16):
        pass
    os._exit(ENDED)


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
