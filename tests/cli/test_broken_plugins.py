"""Listings with broken plug-ins, and with plug-ins whose names clash with those of affekt."""

import json
import sys
from importlib.metadata import EntryPoint

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog, registry


def clear():
    for cached in (catalog._methods, catalog._adapters, catalog.method, catalog.dataset):
        cached.cache_clear()


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Plug-ins: a method without a card, one with an own name, and data that cannot be imported."""
    (tmp_path / "broken_net").mkdir()
    (tmp_path / "broken_net" / "__init__.py").write_text("METHOD = None")
    (tmp_path / "broken_data.py").write_text("raise ImportError('[old] version')")
    entries = {
        "affekt.methods": (("broken_net", "broken_net"), ("bpm-gcn", "broken_net")),
        "affekt.datasets": (("broken_data", "broken_data"),),
    }
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group: tuple(EntryPoint(name, value, group) for name, value in entries.get(group, ())),
    )
    clear()
    yield
    clear()
    for name in ("broken_net", "broken_data"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("verb", "kept", "lost"),
    [
        (
            "methods",
            "cten",
            ["broken_net is left out: ", "bpm_gcn is left out: the name 'bpm_gcn' is that of"],
        ),
        ("datasets", "walkers", ["broken_data is left out: ", "ImportError: [old] version"]),
        ("recipes", "vaanet/moving_shapes", ["bpm_gcn is left out: "]),
    ],
)
def test_a_broken_plugin_costs_its_own_line_of_a_listing(verb, kept, lost):
    done = CliRunner().invoke(app, [verb])
    assert done.exit_code == 0, done.output
    assert kept in done.stdout
    assert all(text in done.stderr for text in lost), done.stderr


@pytest.mark.usefixtures("broken")
def test_listings_as_json_stay_json():
    done = CliRunner().invoke(app, ["methods", "--json"])
    assert {"cten", "vaanet"} <= set(json.loads(done.stdout)) and "broken_net" in done.stderr


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("arguments", [["card", "broken_net"], ["train", "bpm_gcn/emotion_gait"]])
def test_a_broken_plugin_is_refused_when_it_is_asked_for(arguments):
    done = CliRunner().invoke(app, arguments)
    assert done.exception.exit_code == 2, done.output


@pytest.mark.usefixtures("broken")
def test_other_verbs_do_without_a_broken_plugin():
    assert CliRunner().invoke(app, ["card", "cten"]).exit_code == 0
    done = CliRunner().invoke(app, ["data", "check", "walkers", "--set", "walkers=8", "--json"])
    assert done.exit_code == 0, done.output
