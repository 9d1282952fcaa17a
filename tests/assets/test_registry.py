"""The registry of assets."""

import pytest

from affekt.assets import registry
from affekt.assets.places import asset_copy, installed_version
from affekt.core.errors import ConfigError, UsageError


def test_an_unknown_asset_is_answered_with_a_suggestion():
    with pytest.raises(UsageError, match="no asset is called 'minlm'; did you mean minilm"):
        registry.find_asset("minlm")


def test_an_unknown_file_is_answered_with_a_suggestion():
    with pytest.raises(UsageError, match=r"no file 'sp\.modell'; did you mean sp\.model"):
        registry.find_asset("use").file("sp.modell")


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "a\\b", "c:a", "", "./a", "a//b"])
def test_a_path_that_leaves_its_folder_is_refused(small, path):
    with pytest.raises(ValueError, match="not a plain relative path"):
        registry.AssetFile(name=path, bytes=1, sha256="0" * 64)


def test_all_problems_of_a_registry_are_reported_at_once(tmp_path, monkeypatch):
    path = tmp_path / "broken.toml"
    path.write_text('[a]\ntitle = "a"\nlicense = "MIT"\n')
    monkeypatch.setattr(registry, "REGISTRY", path)
    with pytest.raises(ConfigError) as caught:
        registry.list_assets()
    assert "a.license = 'MIT': unknown key" in str(caught.value)
    assert "a.sha256" not in str(caught.value) and "a.files: missing" in str(caught.value)


@pytest.mark.parametrize("asset", registry.list_assets(), ids=lambda asset: asset.name)
def test_installed_packages_hold_the_files_of_the_registry(cache, asset):
    if (installed := installed_version(asset)) != asset.version:
        pytest.skip(f"{asset.package} {asset.version} is not installed (found: {installed})")
    copy = asset_copy(asset.name)
    assert copy.place == "package"
    assert not cache.exists()
