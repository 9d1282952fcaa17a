"""Weights are written once, whatever the number of epochs and runs."""

import os

import pytest

from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.engine.store import objects
from affekt.engine.store.objects import Store
from affekt.engine.weights.files import weights_sha256

FROZEN = "frozen/encoders.T.safetensors"
MODEL = "model.safetensors"


def refuse(*given, **named):
    raise PermissionError(1, "Operation not permitted")


def test_a_frozen_part_is_one_object_for_all_epochs_and_runs(training, further):
    runs = [training, further(1), further(2)]
    for run in runs:
        run.keep_all = True
        for number in (1, 2, 3):
            run.epoch(number)
    assert len({run.file(FROZEN, f"epoch-{n}").resolve() for run in runs for n in (1, 2, 3)}) == 1
    assert len(training.objects) == 1 + 3  # the heads of the three epochs, which are the same in all runs


def test_links_are_relative_so_that_all_runs_can_be_moved_together(training, tmp_path):
    training.epoch(1)
    link = training.file(FROZEN).readlink()
    assert link.parts[:8] == ("..",) * 8 and link.parts[8:10] == ("store", "objects")
    training.runs.rename(tmp_path / "moved")
    training.run = type(training.run)(tmp_path / "moved" / training.name)
    assert training.read() == 1


def test_runs_behind_a_link_to_another_folder_are_found(training, tmp_path):
    (training.runs / "training").rename(tmp_path / "elsewhere")
    (training.runs / "training").symlink_to(tmp_path / "elsewhere")
    training.epoch(1)
    assert training.read() == 1
    assert not training.store.clean()


def test_objects_of_removed_epochs_are_removed(training):
    for number in (1, 2, 3):
        training.epoch(number)
    training.store.drop((), at_once=True)
    assert training.objects == {
        object_name(training.file(MODEL)),
        object_name(training.file(FROZEN)),
    }


def test_an_object_that_another_run_links_to_stays(training, further):
    other = further(1)
    training.epoch(1)
    other.epoch(1)
    training.epoch(2)
    training.store.drop((), at_once=True)
    assert other.read() == 1 and training.read() == 2


def test_an_object_that_a_copied_checkpoint_links_to_stays(training):
    import shutil

    training.epoch(1)
    copy = training.run.path.with_name("kept") / "checkpoints" / "mine"
    shutil.copytree(training.run.last.resolve(), copy, symlinks=True)
    training.epoch(2)
    training.store.drop((), at_once=True)
    assert read_sealed(copy, kind="checkpoint")


def test_clean_removes_what_a_removed_run_leaves_and_says_how_much(training, further):
    import shutil

    other = further(1)
    training.epoch(1)
    other.epoch(2)
    head = object_name(other.file(MODEL))
    shutil.rmtree(other.run.path)
    assert training.store.clean(dry=True) == {head: training.store.place(head).stat().st_size}
    assert head in training.objects
    assert set(training.store.clean()) == {head}
    assert training.read() == 1 and head not in training.objects


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: content[:-1] + b"x"])
def test_a_damaged_object_is_written_again_by_the_next_run_on_it(training, further, damage, caplog):
    training.epoch(1)
    place = training.file(FROZEN).resolve()
    place.write_bytes(damage(place.read_bytes()))
    with pytest.raises(FolderError):
        training.read()
    further(1).epoch(2)
    assert training.read() == 1
    assert "was damaged, and is written again" in caplog.text


def test_hard_links_are_made_where_symbolic_ones_are_refused(training, further, monkeypatch):
    monkeypatch.setattr(os, "symlink", refuse)
    other = further(1)
    for run in (training, other):
        for number in (1, 2):
            run.epoch(number)
    assert not training.file(FROZEN).is_symlink()
    places = [run.file(FROZEN, which) for run in (training, other) for which in ("last", "best")]
    assert len({place.stat().st_ino for place in places}) == 1
    for run in (training, other):
        run.store.drop((), at_once=True)
    assert not training.store.clean()
    assert training.read() == other.read() == training.read("best") == 2
    assert len(training.objects) == 2


def test_copies_are_made_where_no_links_are_allowed(training, monkeypatch):
    monkeypatch.setattr(os, "symlink", refuse)
    monkeypatch.setattr(os, "link", refuse)
    for number in (1, 2):
        training.epoch(number)
    assert training.read() == training.read("best") == 2
    assert training.file(MODEL).stat().st_nlink == 1
    training.store.drop((), at_once=True)
    assert not training.objects  # it would only take space


def test_without_locks_objects_stay_for_a_day(training, monkeypatch):
    monkeypatch.setattr("affekt.engine.store.lock.fcntl", None)
    with training.store.writing():
        training.store.put(b"weights", training.runs / "link")
    (training.runs / "link").unlink()
    assert not training.store.clean()
    (place,) = training.store.objects.iterdir()
    os.utime(place, (0, 0))
    assert training.store.clean()


def test_a_search_that_takes_long_is_not_repeated_in_every_epoch(training, monkeypatch):
    clock = iter(range(0, 10_000, 10))  # each look at the clock is 10 s later
    monkeypatch.setattr(objects.time, "monotonic", lambda: next(clock))
    training.epoch(1)
    training.epoch(2)
    before = len(training.objects)
    training.epoch(3)
    assert len(training.objects) == before + 1
    training.store.drop((), at_once=True)
    assert len(training.objects) == 2


def test_the_hash_of_the_weights_does_not_depend_on_how_they_are_divided(training, tmp_path):
    from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
    from affekt.engine.weights.checkpoint import model_weights

    training.epoch(1)
    whole = {"state_dict": {f"model.{k}": v for k, v in model_weights(read(training.run.last)).items()}}
    FolderCheckpointIO().save_checkpoint(whole, tmp_path / "one")
    document = read(tmp_path / "one").document
    assert list(document["files"]) == ["model.safetensors", "trainer.json", "trainer.safetensors"]
    assert weights_sha256(document) == document["files"][MODEL]["sha256"]
    assert weights_sha256(read(training.run.last).document) == weights_sha256(document)


def read(folder):
    return read_sealed(folder, kind="checkpoint")


def object_name(link):
    return link.resolve().stem


def test_a_store_that_does_not_exist_holds_nothing(tmp_path):
    store = Store(tmp_path)
    assert store.sizes() == {} and store.clean() == {}
    assert not list(tmp_path.iterdir())
