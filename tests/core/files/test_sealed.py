"""Sealed folders: every byte is checked, or the folder is refused."""

import hashlib
import json
import os
import shutil
import stat
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from affekt.core.errors import FolderError
from affekt.core.files import sealed
from affekt.core.files.sealed import MANIFEST, read_sealed, write_sealed


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "bundle"
    with write_sealed(path, {"kind": "bundle", "labels": ["happy", "sad"], "score": 0.5}) as work:
        (work / "model.bin").write_bytes(bytes(range(64)))
        (work / "notes").mkdir()
        (work / "notes" / "a.txt").write_text("walk")
    return path


def forge(path, change):
    """Rewrite the manifest with a matching digest, as an attacker would."""
    document = json.loads((path / MANIFEST).read_text())
    document.pop("sha256")
    change(document)
    (path / MANIFEST).write_text(sealed._manifest_text(document))


def test_what_was_written_is_read(folder):
    it = read_sealed(folder, kind="bundle")
    assert it.files == ("model.bin", "notes/a.txt")
    assert it.read("model.bin") == bytes(range(64))
    assert it.document["labels"] == ["happy", "sad"]


def test_a_zip_of_the_folder_is_read_like_the_folder(folder, tmp_path):
    file = tmp_path / "bundle.affekt"
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    assert read_sealed(file, kind="bundle").document == read_sealed(folder, kind="bundle").document


def test_every_flipped_byte_of_the_manifest_is_refused(folder):
    raw = (folder / MANIFEST).read_bytes()
    for place in range(len(raw)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(raw)
            changed[place] ^= flip
            (folder / MANIFEST).write_bytes(changed)
            with pytest.raises(FolderError):
                read_sealed(folder, kind="bundle")
    (folder / MANIFEST).write_bytes(raw)
    read_sealed(folder, kind="bundle")


def test_every_flipped_byte_of_a_file_is_refused(folder):
    raw = (folder / "model.bin").read_bytes()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0x01
        (folder / "model.bin").write_bytes(changed)
        with pytest.raises(FolderError, match=r"model\.bin was altered"):
            read_sealed(folder, kind="bundle")


def test_every_truncation_of_the_manifest_is_refused(folder):
    raw = (folder / MANIFEST).read_bytes()
    for length in range(len(raw)):
        (folder / MANIFEST).write_bytes(raw[:length])
        with pytest.raises(FolderError):
            read_sealed(folder, kind="bundle")


@pytest.mark.parametrize("length", [0, 1, 63])
def test_a_truncated_file_is_called_incomplete(folder, length):
    (folder / "model.bin").write_bytes(bytes(range(64))[:length])
    with pytest.raises(FolderError, match=rf"model\.bin has {length} bytes(.|\n)*incomplete"):
        read_sealed(folder, kind="bundle")


def test_a_file_that_became_longer_is_refused(folder):
    (folder / "model.bin").write_bytes(bytes(range(64)) + b"more")
    with pytest.raises(FolderError, match=r"model\.bin has 65 bytes"):
        read_sealed(folder, kind="bundle")


def test_a_missing_file_is_named(folder):
    (folder / "model.bin").unlink()
    with pytest.raises(FolderError, match=r"has no model\.bin"):
        read_sealed(folder, kind="bundle")


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "notes/../../secret", "..\\secret", "notes/..", MANIFEST]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, tmp_path, name):
    (tmp_path / "secret").write_text("walk")
    entry = {"bytes": 4, "sha256": hashlib.sha256(b"walk").hexdigest()}
    forge(folder, lambda document: document["files"].update({name: entry}))
    with pytest.raises(FolderError, match="outside of it"):
        read_sealed(folder, kind="bundle")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("files"),
        lambda document: document.update(files=[]),
        lambda document: document.update(files="model.bin"),
        lambda document: document["files"].update({"model.bin": None}),
        lambda document: document["files"].update({"model.bin": {}}),
        lambda document: document["files"]["model.bin"].update(bytes="64"),
        lambda document: document["files"]["model.bin"].update(bytes=-1),
        lambda document: document["files"]["model.bin"].update(bytes=2**70),
        lambda document: document["files"]["model.bin"].update(sha256=None),
        lambda document: document["files"].update({"": {"bytes": 0, "sha256": ""}}),
        lambda document: document["files"].update({"notes": {"bytes": 0, "sha256": ""}}),
        lambda document: document["files"].update({"a\0b": {"bytes": 0, "sha256": ""}}),
    ],
)
def test_a_forged_list_of_files_is_refused_as_any_other_damage(folder, change):
    forge(folder, change)
    with pytest.raises(FolderError):
        read_sealed(folder, kind="bundle")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b'{"sha256": 1}']
)
def test_a_manifest_of_garbage_is_refused(folder, content):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(FolderError, match=MANIFEST):
        read_sealed(folder, kind="bundle")


def test_another_kind_is_refused(folder):
    with pytest.raises(FolderError, match="is a bundle, a checkpoint was expected"):
        read_sealed(folder, kind="checkpoint")


def test_another_schema_is_refused(folder):
    forge(folder, lambda document: document.update(schema=99))
    with pytest.raises(FolderError, match="has schema 99, this affekt reads schema 1"):
        read_sealed(folder, kind="bundle")


def test_a_folder_without_manifest_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(FolderError, match=f"has no {MANIFEST}"):
        read_sealed(tmp_path, kind="bundle")
    with pytest.raises(FolderError, match="does not exist; a bundle was expected"):
        read_sealed(tmp_path / "nothing", kind="bundle")


def test_a_file_that_is_not_a_zip_is_refused(tmp_path):
    (tmp_path / "b.affekt").write_text("not a zip")
    with pytest.raises(FolderError):
        read_sealed(tmp_path / "b.affekt", kind="bundle")


def test_every_flipped_byte_of_a_zip_is_refused_or_changes_nothing(folder, tmp_path):
    file = shutil.make_archive(str(tmp_path / "b"), "zip", folder)
    whole = read_sealed(tmp_path / "b.zip", kind="bundle").document
    raw = (tmp_path / "b.zip").read_bytes()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0xFF
        (tmp_path / "b.zip").write_bytes(changed)
        try:
            assert read_sealed(tmp_path / "b.zip", kind="bundle").document == whole
        except FolderError:
            continue
    assert file


def test_a_file_that_is_not_listed_cannot_be_read(folder):
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(FolderError, match=r"has no file 'extra\.bin'; it holds model\.bin, notes/a\.txt"):
        read_sealed(folder, kind="bundle").read("extra.bin")


def test_a_failed_write_leaves_the_old_folder_and_nothing_else(folder, tmp_path):
    with pytest.raises(RuntimeError, match="power"), write_sealed(folder, {"kind": "bundle"}) as work:
        (work / "half.bin").write_bytes(b"x")
        raise RuntimeError("power was cut")
    assert read_sealed(folder, kind="bundle").files == ("model.bin", "notes/a.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_second_write_replaces_the_folder(folder, tmp_path):
    with write_sealed(folder, {"kind": "bundle"}) as work:
        (work / "other.bin").write_bytes(b"x")
    assert read_sealed(folder, kind="bundle").files == ("other.bin",)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_the_same_content_gives_the_same_manifest(tmp_path):
    for name in ("a", "b"):
        with write_sealed(tmp_path / name, {"kind": "bundle", "z": 1, "a": [1.5, None]}) as work:
            (work / "model.bin").write_bytes(b"x")
    assert (tmp_path / "a" / MANIFEST).read_bytes() == (tmp_path / "b" / MANIFEST).read_bytes()


def test_only_a_sealed_folder_is_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with (
        pytest.raises(FolderError, match="was not written by affekt"),
        write_sealed(tmp_path / "thesis", {"kind": "bundle"}),
    ):
        pytest.fail("the folder was opened for writing")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_an_error_about_weights_names_the_option_that_takes_them(tmp_path):
    with write_sealed(tmp_path / "part", {"kind": "weights"}) as work:
        (work / "model.safetensors").write_bytes(b"")
    with pytest.raises(FolderError, match="affekt train --weights"):
        read_sealed(tmp_path / "part", kind="checkpoint")


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_have_the_mode_that_the_umask_leaves_whoever_wrote_them(tmp_path, mask, mode):
    (tmp_path / "object").write_text("of a store")
    (tmp_path / "object").chmod(0o444)
    before = os.umask(mask)
    try:
        with write_sealed(tmp_path / "a", {"kind": "bundle"}) as work:
            save_file({"a": np.zeros(3)}, work / "model.safetensors")  # makes a file for its owner alone
            os.link(tmp_path / "object", work / "linked")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").iterdir()}
    assert modes == {MANIFEST: mode, "model.safetensors": mode, "linked": 0o444}
