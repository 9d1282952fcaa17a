"""Runs commands of affekt in forked processes of a warm one, and kills them: started by the fixture `warm`.

A line of JSON for each command on standard input, and one as its answer. Nothing is computed in the warm
process: it only imports, so that a fork of it is as good as a new process.
"""

import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

# What the verbs import when they begin; seconds of each process otherwise.
MODULES = (
    "affekt.cli.main", "affekt.deploy.export.export", "affekt.engine.train", "affekt.evaluation.evaluate",
    "affekt.evaluation.subsets", "affekt.engine.weights.convert", "affekt.engine.features.fill_ahead",
    "affekt.data.prepare.prepare", "affekt.data.prepare.clip", "affekt.report.figures", "lightning.pytorch",
    "matplotlib.backends.backend_agg", "onnx", "onnxruntime", "onnxscript", "pyarrow.parquet",
    "sklearn.metrics", "tensorboard", "torch.onnx", "torch.utils.tensorboard", "transformers",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.rename", "os.symlink", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.truncate")


def main():
    """Answer commands until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in MODULES:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(forked(**json.loads(line))), file=answers, flush=True)


def forked(arguments, folder, log, change=None, after_s=None, paths=()):
    """Run a command in a process group of its own.

    Args:
        arguments: Of the command line.
        folder: Where it runs. Changes of the disk below it are counted.
        log: File that its output is appended to.
        change: The group is killed before this change of the disk.
        after_s: The group is killed after this time.
        paths: Folders of plug-ins.

    Returns:
        How it ended (its exit code, or minus the number of a signal), its seconds, its changes of the disk.
    """
    reading, writing = os.pipe()
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_command(arguments, folder, log, change, writing, paths))
    os.close(writing)
    status = None
    while status is None:
        done, found = os.waitpid(child, os.WNOHANG)
        if done:
            status = found
        elif after_s is not None and time.monotonic() - begun > after_s:
            _end(child)
            status = os.waitpid(child, 0)[1]
        else:
            time.sleep(0.002)
    seconds = time.monotonic() - begun
    _end(child)  # workers that the command left
    with os.fdopen(reading, "rb") as stream:
        changes = len(stream.read())
    return {"ended": os.waitstatus_to_exitcode(status), "seconds": seconds, "changes": changes}


def _end(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _command(arguments, folder, log, change, writing, paths):
    os.setpgid(0, 0)
    sys.path[:0] = paths
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for number in (1, 2):
        os.dup2(output, number)
    owner, changes = os.getpid(), 0

    def watch(event, given):
        nonlocal changes
        if event != "open" and event not in CHANGES:
            return
        place = Path(str(given[0]))
        if os.getpid() != owner or not Path(folder, place).is_relative_to(folder):
            return
        if event == "open" and not (isinstance(given[2], int) and given[2] & WRITING):
            return
        changes += 1
        if changes == change:
            os.killpg(0, signal.SIGKILL)
        os.write(writing, b".")

    from affekt.cli.main import run

    sys.argv = ["affekt", *arguments]
    sys.addaudithook(watch)
    try:
        run()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
