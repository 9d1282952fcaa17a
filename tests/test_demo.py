"""The whole loop, and its page in a real browser."""

import shutil
import subprocess

import pytest

from affekt.demo import run_demo

pytestmark = pytest.mark.xdist_group("demo")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"), epochs=1, progress=False, say=lambda line: None)


def test_the_demo_leaves_a_run_a_bundle_walks_and_a_report(demo):
    assert (demo.run.path / "recipe.toml").is_file()
    assert (demo.exported.bundle / "model.onnx").is_file()
    assert len(demo.walks) == len(demo.predictions) > 0
    assert demo.report.read_text().startswith("<!doctype html>")


def test_the_demo_is_evaluated_on_walkers_it_never_saw(demo):
    assert len(demo.evaluation.predictions) == 80
    assert 0 <= demo.evaluation.scores["accuracy"] <= 1


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's")
def test_the_report_draws_itself_in_a_browser(demo, tmp_path):
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    )
    more = f"--disable-component-update --disable-sync --user-data-dir={tmp_path / 'profile'} --timeout=8000"
    shot = tmp_path / "page.png"
    command = [CHROMIUM, *flags.split(), *more.split(), "--window-size=1200,2400"]
    subprocess.run(
        [*command, f"--screenshot={shot}", demo.report.as_uri()], check=True, capture_output=True, timeout=120
    )
    assert shot.stat().st_size > 50_000, "the page is blank"
    done = subprocess.run(
        [*command, "--dump-dom", demo.report.as_uri()],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    # Scripts ran: the class that they set is there, and the canvas got a size from them.
    assert 'class="moves"' in done.stdout
    assert "<canvas" in done.stdout and 'width="' in done.stdout.partition("<canvas")[2][:200]
