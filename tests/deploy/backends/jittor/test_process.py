"""The protocol with a process that stands in the place of Jittor's."""

import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from affekt.core.errors import FolderError
from affekt.deploy.backends.jittor.computing.frames import FrameError, read_frame, write_frame
from affekt.deploy.backends.jittor.home import JittorHome
from affekt.deploy.backends.jittor.process import JittorProcess

GREETING = 'say({"answer": "ok", "protocol": PROTOCOL, "jittor": "1"}, {})'
ECHO = """
while (frame := read_frame(sys.stdin.buffer.read)) is not None:
    say({"answer": "ok"}, frame.arrays)
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a process whose program is given as text."""
    started = []

    def begin(*lines):
        program = tmp_path / "program.py"
        head = """
            import os, sys, time
            import numpy as np
            from affekt.deploy.backends.jittor.computing.frames import PROTOCOL, read_frame, write_frame

            def say(facts, arrays):
                write_frame(sys.stdout.buffer.write, facts, arrays)
                sys.stdout.buffer.flush()
        """
        source = os.pathsep.join(path for path in sys.path if path)
        program.write_text(
            "\n".join(
                [f"import sys; sys.path[:0] = {source.split(os.pathsep)!r}", textwrap.dedent(head), *lines]
            )
        )
        home = JittorHome(tmp_path / "environment", tmp_path / "kernels")
        started.append(JittorProcess(home, command=[sys.executable, str(program)]))
        return started[-1]

    yield begin
    for process in started:
        process.end()


def test_frame_carries_arrays_of_every_kind_without_change():
    arrays = {
        "floats": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
        "ids": np.array([[2**40]]),
        "flags": np.array([True, False]),
        "number": np.array(3.5, np.float32),
        "none": np.zeros((0, 4), np.float32),
    }
    written = bytearray()
    write_frame(written.extend, {"ask": "compute"}, arrays)
    frame = read_frame(_reader(bytes(written)))
    assert frame.facts == {"ask": "compute"}
    assert frame.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (frame.arrays[name].dtype, frame.arrays[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(frame.arrays[name], array)


def test_end_of_the_pipe_is_no_frame_and_half_a_frame_is_an_error():
    written = bytearray()
    write_frame(written.extend, {}, {"a": np.zeros(4)})
    assert read_frame(_reader(b"")) is None
    for size in (3, 20, len(written) - 1):
        with pytest.raises(FrameError):
            read_frame(_reader(bytes(written[:size])))


def test_arrays_larger_than_a_pipe_are_answered(start):
    process = start(GREETING, ECHO)
    large = np.random.default_rng(0).standard_normal((300, 1000)).astype(np.float32)
    answer = process.compute("graph 1", {"image": large})
    np.testing.assert_array_equal(answer["image"], large)


def test_threads_get_their_own_answers(start):
    process = start(GREETING, ECHO)
    wrong = []

    def ask(number):
        for _ in range(20):
            answer = process.compute("graph 1", {"x": np.full(1000, number)})
            wrong.extend([number] if (answer["x"] != number).any() else [])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_error_is_raised_with_its_message_and_the_process_goes_on(start):
    process = start(
        GREETING,
        "read_frame(sys.stdin.buffer.read)",
        'say({"answer": "error", "message": "Conv c fails"}, {})',
        ECHO,
    )
    with pytest.raises(FolderError, match="Jittor: Conv c fails"):
        process.compute("graph 1", {})
    assert process.compute("graph 1", {"x": np.ones(2)})["x"].sum() == 2


def test_closed_graph_is_forgotten_before_the_next_request(start):
    process = start(
        GREETING,
        "asked = []",
        "while (frame := read_frame(sys.stdin.buffer.read)) is not None:",
        '    asked.append(frame.facts["ask"] + " " + frame.facts["key"])',
        '    say({"answer": "ok", "asked": ", ".join(asked)}, {})',
    )
    process.close("graph 1")
    frame = process.ask({"ask": "compute", "key": "graph 2"}, {}, "an answer")
    assert frame.facts["asked"] == "close graph 1, compute graph 2"


def test_process_that_dies_is_an_error_with_the_end_of_its_log(start):
    process = start(
        GREETING,
        "read_frame(sys.stdin.buffer.read)",
        'sys.stderr.write("no room left"); sys.stderr.flush(); os._exit(3)',
    )
    with pytest.raises(FolderError, match=r"ended with code 3; its log ends:\s+no room left"):
        process.compute("graph 1", {})
    assert not process.runs
    with pytest.raises(FolderError, match="ended with code 3"):
        process.compute("graph 1", {"x": np.zeros(10**6)})


def test_process_that_cannot_start_is_an_error(start):
    with pytest.raises(FolderError, match=r"code 1; its log ends:(.|\n)*ImportError: jittor is broken"):
        start('raise ImportError("jittor is broken")')


def test_other_version_of_the_protocol_is_refused(start):
    with pytest.raises(FolderError, match="speaks protocol '0', not '2'"):
        start('say({"answer": "ok", "protocol": "0"}, {}); time.sleep(60)')


def test_what_is_no_frame_is_refused(start):
    with pytest.raises(FolderError, match="answers with something else"):
        start('print("Compiling Operators(1/1) used: 12.6s"); sys.stdout.flush(); time.sleep(60)')


def test_end_stops_compilers_as_well(start):
    process = start(
        "import subprocess",
        'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])',
        'say({"answer": "ok", "protocol": PROTOCOL, "jittor": str(child.pid)}, {}); time.sleep(60)',
    )
    child = int(process.version)
    process.end()
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    raise AssertionError("a child of the process outlives it")


def _runs(process):
    """Whether a process computes; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _reader(content):
    place = 0

    def read(size):
        nonlocal place
        part = content[place : place + size]
        place += len(part)
        return part

    return read
