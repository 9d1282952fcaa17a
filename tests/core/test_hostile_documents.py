"""Documents that anybody may have written: size, digest, numbers and depth are checked first."""

import hashlib
import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from affekt.core.claims.network import CheckpointDocument, config_of, preprocess_of, read_document
from affekt.core.errors import ConfigError, FolderError
from affekt.core.files import sealed
from affekt.core.files.sealed import MANIFEST, read_sealed, write_sealed
from affekt.core.files.toml import read_toml
from affekt.core.recipe import Recipe

BASE = 'method = "bpm_gcn"\ndata = {name = "walkers"}\n'
NETWORK = {
    "method": "bpm_gcn",
    "config": {"width": 8},
    "labels": {"names": ["happy", "sad", "angry", "neutral"], "polarity": [None] * 4},
    "task": "single_label",
    "preprocessing": {},
    "epoch": 3,
}


def sealed_text(document):
    """A manifest with a digest that fits, as a forger writes it."""
    body = json.dumps(document, indent=1, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({**document, "sha256": digest}, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("what", ["[]", "1"])
def test_a_small_archive_with_a_large_manifest_is_refused_at_once(tmp_path, what):
    text = '{\n "a": [' + f"{what}," * 3_000_000 + f'{what}],\n "sha256": "{"0" * 64}"\n}}\n'
    with zipfile.ZipFile(tmp_path / "a.affekt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, text)
    begin = time.perf_counter()
    with pytest.raises(FolderError, match="more than 1048576 bytes"):
        read_sealed(tmp_path / "a.affekt", kind="bundle")
    assert time.perf_counter() - begin < 1.0


def test_a_manifest_is_not_parsed_before_its_digest_fits(tmp_path, monkeypatch):
    with write_sealed(tmp_path / "a", {"kind": "bundle"}):
        pass
    file = tmp_path / "a" / MANIFEST
    file.write_text(file.read_text().replace("bundle", "bundel"))
    monkeypatch.setattr(sealed.json, "loads", lambda raw: pytest.fail("it was parsed"))
    with pytest.raises(FolderError, match="its digest does not match"):
        read_sealed(tmp_path / "a", kind="bundle")


def test_a_manifest_that_would_not_be_read_is_not_written(tmp_path):
    with (
        pytest.raises(FolderError, match=r"cannot be written: its manifest has \d+ bytes"),
        write_sealed(tmp_path / "a", {"kind": "bundle", "note": "x" * 2**20}),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sealed, "RATIO_FROM_BYTES", 2**16)
    content = bytes(2**20)
    files = {"a": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
    with zipfile.ZipFile(tmp_path / "a.affekt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, sealed_text({"kind": "bundle", "schema": 1, "files": files}))
        archive.writestr("a", content)
    with pytest.raises(FolderError, match="would unpack from"):
        read_sealed(tmp_path / "a.affekt", kind="bundle")


def test_a_manifest_of_very_many_files_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    files = {str(n): {"bytes": 0, "sha256": ""} for n in range(1001)}
    (tmp_path / "a" / MANIFEST).write_text(sealed_text({"kind": "bundle", "schema": 1, "files": files}))
    with pytest.raises(FolderError, match="lists 1001 files; at most 1000"):
        read_sealed(tmp_path / "a", kind="bundle")


def without(name):
    return {key: value for key, value in NETWORK.items() if key != name}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        *[
            (without(name), f"{name}: missing")
            for name in ("method", "config", "labels", "task", "preprocessing")
        ],
        ({**NETWORK, "task": "telepathy"}, "'telepathy' is not a task"),
        ({**NETWORK, "task": None}, "task"),
        ({**NETWORK, "labels": {"names": ["a", "a"], "polarity": [None, None]}}, "names are repeated"),
        ({**NETWORK, "epoch": -1}, "epoch"),
        ({**NETWORK, "config": [1]}, "config"),
        ({**NETWORK, "weights": {"sha256": 1, "parts": "a"}}, "weights"),
    ],
)
def test_the_document_of_a_checkpoint_is_refused_with_its_problems(document, problem):
    with pytest.raises(FolderError, match=rf"(?s)here: affekt\.json cannot be used.*{problem}"):
        read_document(CheckpointDocument, document, Path("here"))


def test_all_problems_of_a_document_are_one_error():
    with pytest.raises(FolderError) as caught:
        read_document(CheckpointDocument, {"task": "telepathy"}, Path("here"))
    assert all(
        name in str(caught.value) for name in ("method", "config", "labels", "telepathy", "preprocessing")
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"method": "no_such"}, "which this affekt does not have"),
        ({"config": {"width": "wide"}}, "config.width"),
    ],
)
def test_a_method_or_config_that_does_not_exist_is_a_folder_error(change, problem):
    document = read_document(CheckpointDocument, {**NETWORK, **change}, Path("here"))
    with pytest.raises(FolderError, match=problem):
        config_of(document, Path("here"))
    with pytest.raises(FolderError, match=problem):
        preprocess_of(document, {}, Path("here"))


HOSTILE_TOML = {
    "an integer of 5,000 digits": "seed = " + "9" * 5000,
    "a hexadecimal integer of 5,000 digits": "seed = 0x" + "f" * 5000,
    "an integer of 65 bits": "[train]\nepochs = 0x1ffffffffffffffff",
    "1,000 arrays in one another": "x = " + "[" * 1000 + "]" * 1000,
    "100 arrays in one another": "x = " + "[" * 100 + "]" * 100,
    "a dotted key of 3,000 parts": "config." + ".".join("a" * 3000) + " = 1",
    "a dotted key of 100,000 parts": ".".join("a" * 100_000) + " = 1",
    "a file of 2 MB": "#" * 2**21,
    "a date that does not exist": "x = 2001-02-31",
}


@pytest.mark.parametrize("what", HOSTILE_TOML)
def test_hostile_toml_is_a_config_error(tmp_path, what):
    (tmp_path / "r.toml").write_text(BASE + HOSTILE_TOML[what])
    begin = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        Recipe.load([tmp_path / "r.toml"])
    assert time.perf_counter() - begin < 2.0
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 3000 + "]" * 3000])
def test_a_hostile_value_of_set_is_a_config_error(tmp_path, value):
    (tmp_path / "r.toml").write_text(BASE)
    with pytest.raises(ConfigError, match="--set"):
        Recipe.load([tmp_path / "r.toml"], [f"seed={value}"])


def test_plain_toml_is_read_as_it_is(tmp_path):
    (tmp_path / "a.toml").write_bytes(b'a = [1, -9223372036854775808]\r\nb.c.d = "x.y.z"\n')
    assert read_toml(tmp_path / "a.toml") == {"a": [1, -(2**63)], "b": {"c": {"d": "x.y.z"}}}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_where_a_file_should_be_is_refused_at_once(tmp_path):
    import affekt
    from affekt.core.errors import AffektError
    from affekt.engine.weights.foreign import read_foreign
    from affekt.media.image import read_image
    from affekt.media.skeleton import read_skeletons
    from affekt.media.sound import read_sound
    from affekt.media.text.read import read_lines
    from affekt.media.video import open_video

    def pipe(name):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        os.mkfifo(tmp_path / name)
        return tmp_path / name

    pipe("folder.affekt/affekt.json")
    calls = {
        "a bundle": lambda: affekt.load(pipe("b.affekt")),
        "a manifest": lambda: affekt.load(tmp_path / "folder.affekt"),
        "a recipe": lambda: Recipe.load([pipe("r.toml")]),
        "a picture": lambda: read_image(pipe("i.png")),
        "a walk": lambda: read_skeletons(pipe("w.npz")),
        "sound": lambda: read_sound(pipe("s.wav")),
        "a video": lambda: open_video(pipe("v.mp4")),
        "lines": lambda: list(read_lines(pipe("l.srt"))),
        "weights": lambda: read_foreign(pipe("w.safetensors")),
    }
    for what, call in calls.items():
        with pytest.raises(AffektError, match=r"file|pipe") as caught:
            call()
        assert str(tmp_path) in str(caught.value), what
