"""`affekt bench` measures in an environment that has no PyTorch in it."""

import getpass
import json
import platform
import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).parents[3] / ".venv-core" / "bin"

pytestmark = [
    pytest.mark.xdist_group("bundle"),
    pytest.mark.skipif(
        not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install"
    ),
]


def affekt(*arguments):
    return subprocess.run([CORE / "affekt", "bench", *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def saved(bundle, tmp_path_factory):
    """A report, and what the command printed."""
    file = tmp_path_factory.mktemp("reports") / "a.json"
    options = ("--threads", 1, "--batch", 1, "--batch", 2, "--limit-s", 120)
    done = affekt(bundle, *options, "--save", file, "--json")
    assert done.returncode == 0, done.stderr
    return file, done


def test_the_report_has_each_kind_of_figure(saved):
    file, done = saved
    report = json.loads(done.stdout)
    assert report == json.loads(file.read_text())
    assert report["bundle"]["method"] == "bpm_gcn"
    assert [(row["threads"], row["size"]) for row in report["latency"]] == [(1, 1), (1, 2)]
    assert all(row["median_s"] > 0 and row["peak_share"] > 0 for row in report["latency"])
    first = report["first_answer"]
    assert first["total_s"] >= max(first["import_s"], first["load_s"], first["run_s"]) > 0
    assert all(row["peak_bytes"] > 2e7 for row in report["memory"])
    assert report["machine"]["cores"] >= 1 and "onnxruntime" in report["versions"]
    assert report["seconds"] < 150


def test_the_report_names_no_host_user_or_path(saved, bundle):
    file, _ = saved
    text = file.read_text()
    for name in (platform.node(), getpass.getuser(), str(bundle), bundle.name, str(Path.home())):
        assert f'"{name}' not in text and f"/{name}" not in text


def test_a_report_is_compared_with_itself(saved):
    file, _ = saved
    done = affekt("--compare", file, file)
    assert done.returncode == 0, done.stderr
    assert "1.00x" in done.stdout and "differ" not in done.stderr


def test_a_report_is_shown_as_tables(bundle, walks):
    done = affekt(bundle, "--input", walks / "walk0.npz", "--threads", 1, "--batch", 1, "--limit-s", 120)
    assert done.returncode == 0, done.stderr
    for word in ("first answer", "decoding ms", "median ms", "of peak", "peak MB"):
        assert word in done.stdout
    assert "warm-up" in done.stdout and "multiply-adds of 1 row" in done.stderr


def test_an_input_that_cannot_be_read_is_one_clear_error(bundle, tmp_path):
    (tmp_path / "cut.npz").write_text("this is not a walk")
    done = affekt(bundle, "--input", tmp_path / "cut.npz", "--limit-s", 120)
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("MediaError: ")


def test_a_run_is_refused_with_the_command_that_exports_it(trained_run):
    done = affekt(trained_run)
    assert done.returncode == 2 and "affekt export" in done.stderr
