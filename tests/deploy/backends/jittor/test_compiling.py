"""Kernels on disk: processes that compile at once, and what an interrupted one leaves."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

from affekt.deploy.backends.jittor.computing import compiling as module
from affekt.deploy.backends.jittor.computing.compiling import MARK, compiling, keep_kernels

# A process that compiles: it says so, and goes on once it is told.
PROGRAM = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from affekt.deploy.backends.jittor.computing.compiling import compiling
home = Path({home!r})
with compiling(home, alone={alone}):
    {forks}
    folder = home / ".cache" / "jittor" / "jt"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "done.so").write_text("whole")
    (folder / "done.so.key").write_text("key")
    (folder / "half.so").write_text("ha")
    print("compiling", flush=True)
    sys.stdin.readline()
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def begin(tmp_path):
    """A function that starts a process that compiles in `tmp_path`."""
    started = []

    def start(forks="pass", alone=False):
        program = PROGRAM.format(
            path=[path for path in sys.path if path], home=str(tmp_path), forks=forks, alone=alone
        )
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def tell(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_kernels_are_compiled_by_two_processes_at_once(begin, tmp_path):
    processes = [begin(), begin()]
    for process in processes:
        assert process.stdout.readline() == "compiling\n"
    for process in processes:
        tell(process)
        assert process.stdout.readline() == "done\n"
    assert not list(tmp_path.glob(MARK.format("*")))


@pytest.mark.parametrize("alone", [(True, False), (False, True), (True, True)])
def test_jittor_itself_is_compiled_by_one_process(begin, tmp_path, alone):
    first = begin(alone=alone[0])
    assert first.stdout.readline() == "compiling\n"
    second = begin(alone=alone[1])
    assert not select.select([second.stdout], [], [], 1.0)[0]
    tell(first)
    assert second.stdout.readline() == "compiling\n"


def test_interruption_is_cleared_once_no_other_process_compiles(begin, tmp_path):
    first, second = begin(), begin()
    for process in (first, second):
        assert process.stdout.readline() == "compiling\n"
    first.kill()
    first.wait()
    half = tmp_path / ".cache" / "jittor" / "jt" / "half.so"
    third = begin()
    assert third.stdout.readline() == "compiling\n"
    assert half.exists() and len(list(tmp_path.glob(MARK.format("*")))) == 3
    for process in (second, third):
        tell(process)
        assert process.stdout.readline() == "done\n"
    with compiling(tmp_path):
        assert not half.exists()
    assert not list(tmp_path.glob(MARK.format("*")))


def test_helpers_that_were_forked_within_do_not_keep_the_lock(begin):
    """Jittor forks its compilers at its import, and keeps them."""
    first = begin(
        alone=True, forks="os.fork() or (os.closerange(0, 3), __import__('time').sleep(30), os._exit(0))"
    )
    assert first.stdout.readline() == "compiling\n"
    tell(first)
    assert first.stdout.readline() == "done\n"
    begun = time.monotonic()
    second = begin(alone=True)
    assert second.stdout.readline() == "compiling\n"
    assert time.monotonic() - begun < 25


def test_start_after_an_interruption_removes_what_is_half_written(begin, tmp_path):
    kernels = tmp_path / ".cache" / "jittor" / "jt"
    kernels.mkdir(parents=True)
    (kernels / "older.h").write_text("generated before")
    os.utime(kernels / "older.h", (1e9, 1e9))
    (kernels / "libdnnl.so").symlink_to("/usr/lib/libdnnl.so")
    process = begin()
    assert process.stdout.readline() == "compiling\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(tmp_path.glob(MARK.format("*")))
    with compiling(tmp_path):
        left = {path.name for path in kernels.iterdir()}
    assert left == {"older.h", "libdnnl.so", "done.so", "done.so.key"}
    assert not list(tmp_path.glob(MARK.format("*")))


def test_key_of_a_file_that_is_empty_counts_as_half_written(tmp_path):
    kernels = tmp_path / ".cache" / "jittor"
    kernels.mkdir(parents=True)
    (kernels / "a.so").write_text("")
    (kernels / "a.so.key").write_text("key")
    (tmp_path / MARK.format(1)).write_text("{")  # itself cut off
    os.utime(tmp_path / MARK.format(1), (1e9, 1e9))
    with compiling(tmp_path):
        assert not list(kernels.iterdir())


def test_error_while_compiling_is_no_interruption(tmp_path):
    with pytest.raises(ValueError, match="g\\+\\+ fails"), compiling(tmp_path):
        raise ValueError("g++ fails")
    assert not list(tmp_path.glob(MARK.format("*")))


def test_kernels_are_found_again_under_another_name_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(module.platform, "node", lambda: "first")
    monkeypatch.setattr(module.platform, "platform", lambda aliased=False, terse=False: "Linux-6.1")
    keep_kernels(tmp_path)
    monkeypatch.setattr(module.platform, "node", lambda: "second")
    monkeypatch.setattr(module.platform, "platform", lambda aliased=False, terse=False: "Linux-6.2")
    keep_kernels(tmp_path)
    assert (module.platform.node(), module.platform.platform()) == ("first", "Linux-6.1")
    assert json.loads((tmp_path / "machine.json").read_text()) == {"node": "first", "platform": "Linux-6.1"}
