"""Splits are frozen, releases never change, and what differs between two of them is said."""

import json

import pytest

from affekt.core.errors import DataError, FolderError, MediaError, UsageError
from affekt.data.open import open_dataset
from affekt.data.release.manifest import read_release
from affekt.project.folder import Project
from affekt.project.versions.diff import compare_releases
from affekt.project.versions.groups import joined
from affekt.project.versions.release import release
from affekt.project.versions.split import make_split, read_split


def changed(project, statement, *values):
    with project.database() as connection:
        connection.execute(statement, values)


def test_items_of_one_account_or_copies_of_each_other_are_in_one_part(finished):
    home, planted, _ = finished
    _, items, _ = read_release(home / "news" / "releases" / "1.0")
    parts = {}
    for item in items:
        parts.setdefault(item.account, set()).add(item.part)
    assert all(len(found) == 1 for found in parts.values())
    of_item = {item.id: item.part for item in items}
    assert all(of_item[one] == of_item[other] for one, other in planted.copies)
    assert {item.part for item in items} == {"train", "validation", "test"}


def test_a_chain_of_shared_things_makes_one_group():
    shared = [("account", "a"), ("account", "b"), ("event", "b"), ("event", "c"), ("other", "d")]
    assert joined(["d", "c", "b", "a"], shared) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_a_split_is_the_same_each_time_and_never_made_twice(workshop):
    with workshop.database() as connection:
        first = read_split(connection, "default")
    again = make_split(workshop, "again")
    assert (again.parts, again.sha256) == (first.parts, first.sha256)
    with pytest.raises(UsageError, match="is frozen"):
        make_split(workshop, "default")
    text = (workshop.path / "splits" / "again.csv").read_text().splitlines()
    assert text[0] == "id,part,group" and len(text) == len(again.parts) + 1


def test_one_group_cannot_be_split_and_the_setting_is_named(workshop):
    changed(workshop, "UPDATE item SET account = 'one'")
    with pytest.raises(DataError, match="group_by"):
        make_split(workshop, "again")


def test_the_same_content_is_released_once(workshop):
    first = release(workshop, "2.0")
    again = release(workshop, "2.0")
    assert first.is_new and not again.is_new and first.sha256 == again.sha256
    assert not list(workshop.path.glob("releases/.*"))


def test_a_version_is_never_changed(workshop):
    release(workshop, "2.0")
    before = (workshop.path / "releases" / "2.0" / "items.jsonl").read_bytes()
    changed(workshop, "UPDATE item SET label = 'fear'")
    with pytest.raises(UsageError, match="never changed"):
        release(workshop, "2.0")
    assert (workshop.path / "releases" / "2.0" / "items.jsonl").read_bytes() == before


def test_items_with_errors_are_left_out_with_their_reason(workshop, finished):
    planted = finished[1]
    made = release(workshop, "2.0")
    left = {one.id: str(one) for one in made.left_out}
    assert {item for item, fault in planted.broken.items() if fault not in ("black", "silent")} <= left.keys()
    assert any("has no content" in reason for reason in left.values())


def test_copies_found_after_the_split_block_a_release_that_they_would_leak_through(workshop):
    with workshop.database() as connection:
        parts = read_split(connection, "default").parts
    one = next(item for item, part in parts.items() if part == "train")
    other = next(item for item, part in parts.items() if part == "test")
    changed(workshop, "DELETE FROM duplicate")
    for item in (one, other):
        changed(workshop, "INSERT INTO duplicate (item_id, cluster, alike) VALUES (?, ?, 'video')", item, one)
    with pytest.raises(DataError, match="several parts"):
        release(workshop, "2.0")


def test_a_medium_that_was_changed_after_its_import_is_not_released(workshop):
    with workshop.database() as connection:
        row = connection.execute("SELECT * FROM medium WHERE kind = 'video' ORDER BY item_id").fetchone()
    place = workshop.locate(row["path"])
    content = place.read_bytes()
    place.unlink()
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="changed after its import"):
        release(workshop, "2.0")


def test_the_difference_names_labels_items_and_settings(workshop):
    one = release(workshop, "2.0")
    _, items, _ = read_release(one.folder)
    first, second = items[0], items[1]
    other = "fear" if first.label != "fear" else "joy"
    changed(workshop, "UPDATE item SET label = ? WHERE id = ?", other, first.id)
    changed(workshop, "DELETE FROM item WHERE id = ?", second.id)
    file = workshop.path / "project.toml"
    file.write_text(file.read_text() + 'licence = "CC BY 4.0"\n')
    found = compare_releases(one.folder, release(Project.open(workshop.path), "2.1").folder)
    assert [(it.id, it.before, it.after) for it in found.labels] == [(first.id, first.label, other)]
    assert (found.removed, found.added, found.media) == ([second.id], [], [])
    assert {it.id for it in found.settings} >= {"licence"}
    assert found.flows == {f"{first.label} -> {other}": 1}


def test_any_recipe_reads_a_release_by_its_features_or_its_media(finished):
    folder = finished[0] / "news" / "releases" / "1.0"
    corpus = open_dataset("release", folder)
    sample = corpus.samples[0]
    assert sample.media["video"].values.shape == (5, 48)
    assert sample.media["audio"].values.shape == (32,)
    assert corpus.labels.names == ("joy", "fear", "sadness", "anger")
    media = open_dataset("release", folder, {"read": "media"}).samples[0].media
    assert media["video"].is_file()


def test_another_version_than_the_pinned_one_is_refused(finished):
    folder = finished[0] / "news" / "releases" / "1.0"
    _, _, sha256 = read_release(folder)
    assert open_dataset("release", folder, {"sha256": sha256[:12]}).version == f"1.0 {sha256[:12]}"
    with pytest.raises(DataError, match="asks for abcdef"):
        open_dataset("release", folder, {"sha256": "abcdef"})


def test_altered_files_of_a_release_are_refused(workshop):
    folder = release(workshop, "2.0").folder
    rows = (folder / "items.jsonl").read_text().splitlines()
    sample = open_dataset("release", folder).samples[0]
    features = folder / "features" / f"{sample.id}.safetensors"
    content = features.read_bytes()
    features.unlink()
    features.write_bytes(content[:-4] + b"\0\0\0\0")
    with pytest.raises(MediaError, match="not the file of this release"):
        sample.media["video"]
    changed_row = json.dumps(json.loads(rows[0]) | {"label": "fear"})
    (folder / "items.jsonl").write_text("\n".join([changed_row, *rows[1:]]) + "\n")
    with pytest.raises(FolderError, match="was altered"):
        read_release(folder)
    (folder / "release.json").write_text('{"title": 3}')
    with pytest.raises(FolderError, match="is not a release"):
        read_release(folder)
