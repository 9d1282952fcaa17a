"""`affekt datasets NAME`."""

import json

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog


def shown(*words):
    result = CliRunner().invoke(app, ["datasets", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", catalog.list_datasets())
def test_every_data_set_shows_its_files_and_licence(name):
    data, text = catalog.dataset(name), shown(name)
    assert data.layout.splitlines()[0] in text
    assert "DIR" in text or not data.needs_root
    assert data.check_command in text
    for option in data.options.model_fields:
        assert f"  {option}: " in text


def test_json_holds_layout_and_options():
    found = json.loads(shown("skeletons", "--json"))
    assert "DIR/happy/walk1.npz" in found["layout"]
    assert {"labels", "joints"} <= {option["name"] for option in found["options"]}
