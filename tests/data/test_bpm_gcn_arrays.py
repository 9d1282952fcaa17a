"""The BPM-GCN authors' arrays: parts, labels of three kinds, and pickles that are never run."""

import io
import os
import pickle

import numpy as np
import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.bpm_gcn_arrays import read_plain_pickle
from affekt.data.open import open_dataset
from affekt.media.skeleton import JOINT_ORDERS

ARRAYS = dataset("bpm_gcn_arrays")


def walks(count, frames=48, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 3, frames, 16, 1)).astype(np.float32)


def write(folder, split="train", *, joint=None, label=(0, 1, 2, 3), names=None):
    """One part; labels as .npy, or as .pkl beside names."""
    np.save(folder / f"{split}_joint.npy", walks(4) if joint is None else joint)
    if names is None:
        np.save(folder / f"{split}_label.npy", np.array(label))
    else:
        (folder / f"{split}_label.pkl").write_bytes(pickle.dumps((list(names), list(label))))
    return folder


def labels_of(corpus):
    return [sample.label for sample in corpus.samples]


class Bomb:
    """An object that would make a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_both_parts_are_read_with_the_published_class_order(tmp_path):
    write(write(tmp_path), "test", joint=walks(2, seed=1), label=(3, 0))
    corpus = open_dataset(ARRAYS, tmp_path)
    assert labels_of(corpus) == ["happy", "sad", "angry", "neutral", "neutral", "happy"]
    assert [sample.split for sample in corpus.samples] == ["train"] * 4 + ["test"] * 2
    assert corpus.samples[5].id == "test-00001"
    assert corpus.task.name == "single_label"


def test_coordinates_keep_their_joint_and_frame(tmp_path):
    joint = walks(4)
    skeleton = open_dataset(ARRAYS, write(tmp_path, joint=joint)).samples[2].media["skeleton"]
    assert skeleton.joints == JOINT_ORDERS["bpm_gcn"]
    assert skeleton.positions.shape == (48, 16, 3)
    assert skeleton.positions[7, 5, 1] == joint[2, 1, 7, 5, 0]


def test_names_of_a_pickle_become_ids(tmp_path):
    corpus = open_dataset(ARRAYS, write(tmp_path, names=["g001", "g002", "g003", "g004"]))
    assert [sample.id for sample in corpus.samples] == [
        "train-g001",
        "train-g002",
        "train-g003",
        "train-g004",
    ]
    assert labels_of(corpus) == ["happy", "sad", "angry", "neutral"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_lists_of_every_pickle_protocol_are_read(tmp_path, protocol):
    write(tmp_path)
    (tmp_path / "train_label.npy").unlink()
    (tmp_path / "train_label.pkl").write_bytes(pickle.dumps((["é", "b", "c", "d"], [3, 2, 1, 0]), protocol))
    assert labels_of(open_dataset(ARRAYS, tmp_path)) == ["neutral", "angry", "sad", "happy"]


def test_the_array_is_read_where_array_and_pickle_both_exist(tmp_path):
    write(tmp_path)
    (tmp_path / "train_label.pkl").write_bytes(b"not a pickle")
    assert labels_of(open_dataset(ARRAYS, tmp_path)) == ["happy", "sad", "angry", "neutral"]


def test_another_class_order_is_an_option(tmp_path):
    corpus = open_dataset(ARRAYS, write(tmp_path), {"labels_order": ["angry", "neutral", "happy", "sad"]})
    assert labels_of(corpus) == ["angry", "neutral", "happy", "sad"]
    assert corpus.labels.names == ("happy", "sad", "angry", "neutral")


@pytest.mark.parametrize(
    "order", [["happy", "sad"], ["happy"] * 4, ["happy", "sad", "angry", "calm"], "happy", [1]]
)
def test_an_order_that_is_not_the_four_is_refused(tmp_path, order):
    with pytest.raises(ConfigError, match=r"data\.options\.labels_order"):
        open_dataset(ARRAYS, write(tmp_path), {"labels_order": order})


def test_rows_of_zeros_and_ones_are_several_labels(tmp_path):
    rows = [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1]]
    for names in (None, ["a", "b", "c", "d"]):
        folder = tmp_path / f"named-{names is not None}"
        folder.mkdir()
        corpus = open_dataset(ARRAYS, write(folder, label=rows, names=names))
        assert corpus.task.name == "multi_label"
        assert corpus.samples[1].label_weights == {"sad": 1.0, "angry": 1.0}
        assert corpus.samples[1].label is None


def test_rows_that_name_no_class_or_hold_shares_are_skipped(tmp_path):
    rows = [[1, 0, 0, 0], [0, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0, np.nan, 1]]
    corpus = open_dataset(ARRAYS, write(tmp_path, label=rows))
    assert [item.id for item in corpus.skipped] == ["train-00001", "train-00002", "train-00003"]
    assert "names no class" in corpus.skipped[0].reason
    assert "other values than zeros and ones" in corpus.skipped[1].reason


@pytest.mark.parametrize("label", [4, -1, 1.5, np.nan, np.inf])
def test_a_label_that_is_no_class_number_is_skipped(tmp_path, label):
    corpus = open_dataset(ARRAYS, write(tmp_path, label=[0, 1, 2, label]))
    assert [item.id for item in corpus.skipped] == ["train-00003"]
    assert "is not a class number from 0 to 3" in corpus.skipped[0].reason


def test_frames_of_zeros_at_the_end_are_cut_off_and_others_are_kept(tmp_path):
    joint = walks(4)
    joint[0, :, 30:] = 0
    joint[1, :, 10] = 0  # one empty frame in the middle is a fault of the recording, not padding
    joint[2, :, 40:, 1:] = 0  # a root that still moves is no padding
    lengths = [
        len(s.media["skeleton"].positions) for s in open_dataset(ARRAYS, write(tmp_path, joint=joint)).samples
    ]
    assert lengths == [30, 48, 48, 48]


def test_a_walk_of_zeros_or_with_nan_is_skipped_with_the_reason(tmp_path):
    joint = walks(4)
    joint[0] = 0
    joint[1, 0, 5, 3] = np.nan
    joint[2, 0, 5, 3] = np.inf
    corpus = open_dataset(ARRAYS, write(tmp_path, joint=joint))
    reasons = {item.id: item.reason for item in corpus.skipped}
    assert reasons["train-00000"] == "all coordinates are zero: there is no walk"
    assert "NaN or infinite in 1 of 48 frames, first in frame 5" in reasons["train-00001"]
    assert set(reasons) == {"train-00000", "train-00001", "train-00002"}


def test_numbers_too_large_for_float32_are_skipped(tmp_path):
    joint = walks(4).astype(np.float64)
    joint[3] *= 1e200
    assert "NaN or infinite" in open_dataset(ARRAYS, write(tmp_path, joint=joint)).skipped[0].reason


@pytest.mark.parametrize("shape", [(4, 1488), (4, 1, 48, 31, 1), (1,)])
def test_affective_arrays_of_any_rank_are_not_looked_at(tmp_path, shape):
    np.save(tmp_path / "test_affective.npy", np.zeros(shape))
    (tmp_path / "train_movement.npy").write_text("broken")
    assert len(open_dataset(ARRAYS, write(tmp_path)).samples) == 4


def test_one_part_alone_will_do_and_none_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"contains neither train_joint\.npy nor test_joint\.npy"):
        open_dataset(ARRAYS, tmp_path)
    assert {sample.split for sample in open_dataset(ARRAYS, write(tmp_path, "test")).samples} == {"test"}


ODD_SHAPES = ((4, 3, 48, 16), (4, 48, 16, 3, 1), (4, 3, 48, 15, 1), (4, 3, 48, 16, 2), (4,), ())


@pytest.mark.parametrize(
    "joint",
    [*map(np.zeros, ODD_SHAPES), np.zeros((4, 3, 48, 16, 1), int), np.zeros((4, 3, 48, 16, 1), complex)],
)
def test_arrays_of_another_shape_or_type_are_refused_with_what_was_found(tmp_path, joint):
    with pytest.raises(
        DataError, match=r"must contain \(walks, 3, frames, 16, 1\) floating point numbers, found"
    ):
        open_dataset(ARRAYS, write(tmp_path, joint=joint))


def test_an_array_without_frames_has_no_walks(tmp_path):
    with pytest.raises(DataError, match="not one usable sample"):
        open_dataset(ARRAYS, write(tmp_path, joint=np.zeros((4, 3, 0, 16, 1))))


@pytest.mark.parametrize("label", [[0, 1, 2], [0] * 5, []])
def test_another_number_of_labels_than_walks_is_refused(tmp_path, label):
    with pytest.raises(DataError, match=f"train_joint.npy has 4 walks, but there are {len(label)} labels"):
        open_dataset(ARRAYS, write(tmp_path, label=label))


@pytest.mark.parametrize("label", [[[0, 1]] * 4, ["happy"] * 4, [[[0]]] * 4, 0, [1j] * 4])
def test_labels_of_another_kind_are_refused(tmp_path, label):
    with pytest.raises(DataError, match=r"must contain \(walks,\) class numbers or \(walks, 4\) rows"):
        open_dataset(ARRAYS, write(tmp_path, label=label))


def test_a_part_without_labels_is_refused_and_names_both_files(tmp_path):
    write(tmp_path)
    (tmp_path / "train_label.npy").unlink()
    with pytest.raises(DataError, match=r"neither train_label\.npy nor train_label\.pkl"):
        open_dataset(ARRAYS, tmp_path)


def test_parts_with_labels_of_two_kinds_are_refused(tmp_path):
    write(write(tmp_path), "test", label=[[1, 0, 0, 0]] * 4)
    with pytest.raises(DataError, match="both must have the same form"):
        open_dataset(ARRAYS, tmp_path)


def test_repeated_names_are_refused(tmp_path):
    with pytest.raises(DataError, match="sample ids are repeated: train-a"):
        open_dataset(ARRAYS, write(tmp_path, names=["a", "a", "b", "c"]))


# Damaged arrays


@pytest.mark.parametrize("name", ["train_joint.npy", "train_label.npy"])
def test_every_truncation_of_an_array_is_refused(tmp_path, name):
    raw = (write(tmp_path) / name).read_bytes()
    for length in [*range(140), len(raw) - 1]:
        (tmp_path / name).write_bytes(raw[:length])
        with pytest.raises(DataError, match=name):
            open_dataset(ARRAYS, tmp_path)


@pytest.mark.filterwarnings("ignore")  # numpy warns of headers that an old Python might have written
def test_a_flipped_byte_in_a_header_never_crashes(tmp_path):
    raw = (write(tmp_path) / "train_joint.npy").read_bytes()
    for place in range(128):
        for flip in (0x01, 0x08, 0xFF):
            changed = bytearray(raw)
            changed[place] ^= flip
            (tmp_path / "train_joint.npy").write_bytes(changed)
            try:
                open_dataset(ARRAYS, tmp_path)
            except DataError:
                continue


def test_an_archive_named_npy_is_refused(tmp_path):
    write(tmp_path)
    with (tmp_path / "train_joint.npy").open("wb") as stream:
        np.savez(stream, walks(4))
    with pytest.raises(DataError, match="archive of several arrays"):
        open_dataset(ARRAYS, tmp_path)


def test_an_array_of_objects_is_never_opened(tmp_path):
    write(tmp_path)
    np.save(tmp_path / "train_label.npy", np.array([Bomb(tmp_path / "harm")] * 4, dtype=object))
    with pytest.raises(DataError, match=r"train_label\.npy cannot be read"):
        open_dataset(ARRAYS, tmp_path)
    assert not (tmp_path / "harm").exists()


# Pickles that would run code


def hostile(path):
    """Pickles that would make a folder at `path`, each by another road."""
    yield "reduce", pickle.dumps(Bomb(path), 4)
    yield "reduce, first protocol", pickle.dumps(Bomb(path), 0)
    yield "inside plain lists", pickle.dumps((["a"], [Bomb(path)]), 2)
    yield "inst", b"(S'" + str(path).encode() + b"'\nios\nmkdir\n."
    yield "object", b"(cos\nmkdir\nS'" + str(path).encode() + b"'\no."
    yield (
        "stack global",
        b"\x8c\x02os\x8c\x05mkdir\x93\x8c" + bytes([len(str(path))]) + str(path).encode() + b"\x85R.",
    )
    yield "extension", b"\x82\x01."
    yield "persistent id", b"Pname\n."
    yield "persistent id from the stack", b"K\x01Q."
    yield "build", b"]}b."
    yield "array", pickle.dumps((["a"], np.array([0])))
    yield "numpy number", pickle.dumps((["a"], [np.int64(0)]))
    yield "set", pickle.dumps({1, 2}, 4)
    yield "dictionary", pickle.dumps({"a": 1}, 4)


@pytest.mark.parametrize("case", range(14))
def test_a_pickle_that_asks_for_more_than_lists_is_refused_unopened(tmp_path, case):
    name, content = list(hostile(tmp_path / "harm"))[case]
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(DataError, match=r"save the labels as \.npy"):
        read_plain_pickle(tmp_path / "a.pkl")
    assert not (tmp_path / "harm").exists(), name


def test_the_hostile_pickles_would_do_harm_elsewhere(tmp_path):
    for number, (name, content) in enumerate(list(hostile(tmp_path / "harm"))[:6]):
        pickle.loads(content)
        assert (tmp_path / "harm").exists(), f"case {number}, {name}, proves nothing"
        (tmp_path / "harm").rmdir()


def test_the_unpickler_itself_finds_no_class():
    from affekt.data.bpm_gcn_arrays import _PlainUnpickler

    with pytest.raises(pickle.UnpicklingError, match=r"it refers to builtins\.print"):
        _PlainUnpickler(io.BytesIO(b"cbuiltins\nprint\n.")).load()


@pytest.mark.parametrize(
    "content", [b"", b".", b"hello", b"\x80\x04", b"\x80\x63.", b"]]a", b"(((", b"0.", b"h\x05."]
)
def test_a_damaged_pickle_is_refused(tmp_path, content):
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.pkl"):
        read_plain_pickle(tmp_path / "a.pkl")


def test_every_flipped_byte_of_a_pickle_is_refused_or_read_as_plain_data(tmp_path):
    write(tmp_path, names=["a", "b", "c", "d"])
    raw = (tmp_path / "train_label.pkl").read_bytes()
    for place in range(len(raw)):
        for flip in (0x01, 0x10, 0xFF):
            changed = bytearray(raw)
            changed[place] ^= flip
            (tmp_path / "train_label.pkl").write_bytes(changed)
            try:
                open_dataset(ARRAYS, tmp_path)
            except DataError:
                continue


def test_a_pickle_that_numbers_a_billion_parts_takes_no_memory(tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"]r\xff\xff\xff\x7f.")
    with pytest.raises(DataError, match="a memo index is larger than the file"):
        read_plain_pickle(tmp_path / "a.pkl")


def test_lists_that_hold_one_another_a_billion_times_are_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "train_label.npy").unlink()
    laugh = [0]
    for _ in range(40):
        laugh = [laugh] * 4
    (tmp_path / "train_label.pkl").write_bytes(pickle.dumps((["a"] * 4, laugh)))
    with pytest.raises(DataError, match="must contain two lists of equal length"):
        open_dataset(ARRAYS, tmp_path)


def test_a_pickle_larger_than_any_label_list_is_refused_unread(tmp_path):
    with (tmp_path / "a.pkl").open("wb") as stream:
        stream.truncate(17 * 2**20)
    with pytest.raises(DataError, match="at most 16777216 are read"):
        read_plain_pickle(tmp_path / "a.pkl")


FOUR = ["a"] * 4
NOT_LISTS = (3, None, [], ([],), ("abcd", [0] * 4), (FOUR, "0123"))
NOT_ALIKE = ((["a"], [0], [1]), (["a"] * 3, [0] * 4), (FOUR, [0, [1], 2, 3]), (FOUR, [[0] * 5] * 4))
NOT_NUMBERS = (([None] * 4, [0] * 4), (FOUR, ["0"] * 4), (FOUR, [None] * 4), (FOUR, [10**400] * 4))


@pytest.mark.parametrize("content", [*NOT_LISTS, *NOT_ALIKE, *NOT_NUMBERS])
def test_a_pickle_of_something_else_says_what_was_expected(tmp_path, content):
    write(tmp_path)
    (tmp_path / "train_label.npy").unlink()
    (tmp_path / "train_label.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(DataError, match="must contain"):
        open_dataset(ARRAYS, tmp_path)
