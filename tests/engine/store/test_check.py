"""A damaged or missing object is named, with every run that needs it."""

import shutil

import pytest

from affekt.core.errors import FolderError, UsageError
from affekt.engine.store.check import check_store
from affekt.engine.store.detach import detach
from affekt.engine.store.usage import measure

FROZEN = "frozen/encoders.T.safetensors"
MODEL = "model.safetensors"


@pytest.fixture
def two(training, further):
    """Two runs with the same encoder."""
    other = further(1)
    training.epoch(1)
    other.epoch(2)
    return training, other


def flip(place):
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)


def test_an_intact_store_has_no_problems(two):
    seen = []
    assert check_store(two[0].store, on_object=lambda done, total: seen.append((done, total))) == []
    assert seen[-1] == (3, 3)


def test_a_damaged_object_is_listed_with_all_files_that_need_it(two):
    place = two[0].file(FROZEN).resolve()
    flip(place)
    (problem,) = check_store(two[0].store)
    assert problem.object.resolve() == place and problem.reason == "damaged: its SHA-256 is not its name"
    assert {link.parents[3] for link in problem.links} == {run.run.path for run in two}


def test_a_missing_object_is_listed_with_the_files_that_need_it(two):
    place = two[1].file(MODEL).resolve()
    place.unlink()
    (problem,) = check_store(two[0].store)
    assert (problem.object, problem.reason) == (place, "missing")
    assert [link.is_relative_to(two[1].run.path) for link in problem.links] == [True]


@pytest.mark.parametrize("damage", [flip, lambda place: place.unlink(), lambda place: place.write_bytes(b"")])
def test_a_checkpoint_on_a_bad_object_is_refused_with_object_run_and_next_step(two, damage):
    place = two[0].file(FROZEN).resolve()
    damage(place)
    with pytest.raises(FolderError) as caught:
        two[0].read()
    said = str(caught.value)
    assert str(place) in said and str(two[0].run.path) in said and "affekt store verify" in said
    assert said.count("\n") == 0


def test_bytes_of_runs_are_those_of_their_files_and_of_each_object_once(two):
    usage = measure(two[0].store, [run.run.path for run in two])
    encoder, head = (two[0].file(name).stat().st_size for name in (FROZEN, MODEL))
    assert [run.shared for run in usage.runs] == [encoder, encoder]
    assert [run.alone for run in usage.runs] == [run.own + run.shared for run in usage.runs]
    assert usage.objects == 3 and usage.object_bytes == encoder + 2 * head
    assert usage.saved_bytes == encoder and usage.unneeded_bytes == 0
    on_disk = [path for path in two[0].runs.rglob("*") if path.is_file() and not path.is_symlink()]
    assert usage.disk_bytes == sum(path.stat().st_size for path in on_disk if path.name != "lock")


def test_all_epochs_of_a_run_count_as_if_each_had_its_weights(training):
    training.keep_all = True
    for number in (1, 2, 3):
        training.epoch(number)
    (run,) = (usage := measure(training.store, [training.run.path])).runs
    encoder = training.file(FROZEN).stat().st_size
    assert run.alone - run.own == usage.saved_bytes == 2 * encoder


def test_objects_that_no_run_needs_are_counted(two):
    size = two[1].file(MODEL).stat().st_size
    shutil.rmtree(two[1].run.path)
    assert measure(two[0].store, [two[0].run.path]).unneeded_bytes == size


def test_a_detached_copy_can_be_moved_and_needs_no_store(two, tmp_path):
    copy = tmp_path / "copy"
    assert detach(two[0].run.path, copy) > 0
    assert two[0].file(FROZEN).is_symlink()
    shutil.rmtree(two[0].runs)
    two[0].run = type(two[0].run)(shutil.move(copy, tmp_path / "a folder"))
    assert two[0].read() == two[0].read("best") == 1
    assert two[0].run.last.is_symlink()


def test_a_run_detached_in_place_frees_its_objects(two):
    detach(two[1].run.path)
    assert two[1].read() == 2 and not two[1].file(FROZEN).is_symlink()
    assert len(two[0].store.clean()) == 1  # its head; the other run needs the encoder
    assert detach(two[1].run.path) == 0
    two[1].epoch(3)
    assert two[1].read() == 3 and two[1].file(FROZEN).is_symlink()


def test_a_run_on_a_bad_object_is_not_detached(two, tmp_path):
    two[0].file(MODEL).resolve().unlink()
    flip(two[0].file(FROZEN).resolve())
    with pytest.raises(FolderError, match="cannot be made self-contained") as caught:
        detach(two[0].run.path, tmp_path / "copy")
    assert "is damaged" in str(caught.value) and "cannot be read" in str(caught.value)
    assert not (tmp_path / "copy").exists()


def test_a_copy_does_not_replace_a_folder(two, tmp_path):
    with pytest.raises(UsageError, match="exists"):
        detach(two[0].run.path, tmp_path)
