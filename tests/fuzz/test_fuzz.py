"""No mutated file ends a reader in anything but an answer or an error of affekt.

`make fuzz` reads thousands of files; here it is a seeded sample of all readers.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import affekt

HERE = Path(__file__).parent
FILES, SECONDS = 220, 10.0

pytestmark = [
    pytest.mark.xdist_group("fuzz"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are read from /proc"),
]


def fuzz(*arguments):
    """Output of the fuzzer."""
    environment = {**os.environ, "PYTHONPATH": str(Path(affekt.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "fuzzer", *map(str, arguments)]
    return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)


def test_mutated_files_end_in_answers_and_errors_of_affekt(tmp_path):
    kept, table = tmp_path / "kept", tmp_path / "table.md"
    done = fuzz("--seed", 0, "--files", FILES, "--seconds", SECONDS, "--keep", kept, "--table", table)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}\nThe files are in {kept}."
    *_, (_, files, errors, answers, *others) = re.findall(
        r"^\| (\w[^|]*) " + r"\| (\d+) " * 8, table.read_text(), re.M
    )
    assert others == ["0"] * 5
    assert min(int(files), int(errors), int(answers)) > 20


@pytest.mark.parametrize(
    ("reader", "kind"),
    [
        ("ends by a signal", "signal"),
        ("never ends", "hang"),
        ("fills memory", "memory"),
        ("raises a KeyError", "foreign traceback"),
        ("answers NaN", "NaN"),
        ("refuses", "clean error"),
        ("answers", "answer"),
    ],
)
def test_the_fuzzer_tells_all_outcomes_apart(tmp_path, monkeypatch, reader, kind):
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(HERE), str(Path(affekt.__file__).parents[1]))))
    monkeypatch.setenv("FUZZ_READERS", "fuzzer.bad_readers")
    from fuzzer.pool import Child

    child = Child([], limit_s=2.0 if kind == "hang" else 60.0)
    try:
        assert child.run("a:0", reader, tmp_path / "a").kind == kind
        assert child.run("a:1", "answers", tmp_path / "a").kind == "answer", "the pool goes on"
    finally:
        child.end()
