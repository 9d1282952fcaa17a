"""Emotion-Gait: rows of one npz to samples."""

import numpy as np
import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError, UsageError
from affekt.data.open import open_dataset
from affekt.media.skeleton import BONES, JOINT_ORDERS

EMOTION_GAIT = dataset("emotion_gait")
# numpy's own: it forgets to close a file that begins like an archive and is none.
numpy_leaves_it_open = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def write(folder, **changed):
    """A tiny invented file: five walks of ten frames."""
    rng = np.random.default_rng(0)
    columns = {
        "poses": rng.standard_normal((5, 10, 16, 3)).astype(np.float32),
        "period": np.array([10, 5, 6, 7, 8], np.int32),
        "label": np.array([0, 1, 2, 3, 0]),
        "subject": np.array([1, 1, 2, 2, 3], np.int32),
        "source": np.array(list("AABBC")),
        "split": np.array(["train", "train", "train", "test", "test"]),
        "index": np.array([0, 7, 8, 100, 341], np.int32),
    }
    kept = {name: value for name, value in (columns | changed).items() if value is not None}
    np.savez(folder / "gaits.npz", **kept)
    return folder


def test_rows_become_samples(tmp_path):
    corpus = open_dataset(EMOTION_GAIT, write(tmp_path))
    assert [sample.id for sample in corpus.samples] == [
        "gait-000",
        "gait-007",
        "gait-008",
        "gait-100",
        "gait-341",
    ]
    assert [sample.label for sample in corpus.samples] == ["happy", "angry", "sad", "neutral", "happy"]
    assert [sample.split for sample in corpus.samples] == ["train", "train", "train", "test", "test"]
    assert [sample.subject for sample in corpus.samples] == ["1", "1", "2", "2", "3"]
    skeleton = corpus.samples[1].media["skeleton"]
    assert skeleton.cycle_frames == 5
    assert skeleton.joints == JOINT_ORDERS["emotion_gait"]


def test_a_walk_that_is_not_finite_is_skipped_with_the_reason(tmp_path):
    poses = np.zeros((5, 10, 16, 3), np.float32)
    poses[2, 3] = np.nan
    corpus = open_dataset(EMOTION_GAIT, write(tmp_path, poses=poses))
    assert [(item.id, "NaN" in item.reason) for item in corpus.skipped] == [("gait-008", True)]
    assert len(corpus.samples) == 4


def test_a_label_without_a_name_is_skipped_with_the_reason(tmp_path):
    corpus = open_dataset(EMOTION_GAIT, write(tmp_path, label=np.array([0, 1, 2, 3, 4])))
    assert corpus.skipped[0].id == "gait-341"
    assert corpus.skipped[0].reason.startswith("label 4 is not one of")


def test_a_cycle_longer_than_the_walk_is_skipped_with_the_reason(tmp_path):
    corpus = open_dataset(EMOTION_GAIT, write(tmp_path, period=np.array([10, 5, 6, 7, 11])))
    assert "cycle of 11 frames does not fit" in corpus.skipped[0].reason


@pytest.mark.parametrize("name", ["poses", "label", "subject", "split", "period"])
def test_a_missing_array_is_named(tmp_path, name):
    with pytest.raises(DataError, match=f"lacks {name}; it contains"):
        open_dataset(EMOTION_GAIT, write(tmp_path, **{name: None}))


def test_repeated_numbers_of_walks_are_refused(tmp_path):
    with pytest.raises(DataError, match="sample ids are repeated: gait-000"):
        open_dataset(EMOTION_GAIT, write(tmp_path, index=np.array([0, 0, 1, 2, 3])))


def test_a_folder_without_the_file_says_what_was_expected(tmp_path):
    with pytest.raises(DataError, match=r"gaits\.npz does not exist"):
        open_dataset(EMOTION_GAIT, tmp_path)
    with pytest.raises(UsageError, match=r"give --data-root DIR or set AFFEKT_DATA"):
        open_dataset(EMOTION_GAIT, None)


@numpy_leaves_it_open
@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + b"\0" * 50])
def test_a_file_that_is_no_npz_is_refused(tmp_path, content):
    (tmp_path / "gaits.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"gaits\.npz is (truncated|damaged)"):
        open_dataset(EMOTION_GAIT, tmp_path)


@numpy_leaves_it_open
def test_a_truncated_file_is_refused(tmp_path):
    raw = (write(tmp_path) / "gaits.npz").read_bytes()
    for length in range(0, len(raw), 997):
        (tmp_path / "gaits.npz").write_bytes(raw[:length])
        with pytest.raises(DataError):
            open_dataset(EMOTION_GAIT, tmp_path)


def test_a_pickled_object_is_never_opened(tmp_path):
    with pytest.raises(DataError, match="pickled object"):
        open_dataset(EMOTION_GAIT, write(tmp_path, subject=np.array([{}] * 5, dtype=object)))


# The real file


def test_the_real_walks_are_counted_as_their_source_note_counts_them(shared):
    corpus = open_dataset(EMOTION_GAIT, shared / "data" / "emotion_gait")
    parts = {"train": (233, 86, 73, 24, 53, 83), "test": (61, 19, 23, 5, 14, 19)}
    for split, expected in parts.items():
        samples = [sample for sample in corpus.samples if sample.split == split]
        labels = [sample.label for sample in samples]
        counts = [labels.count(name) for name in ("happy", "angry", "sad", "neutral")]
        assert (len(samples), len({sample.subject for sample in samples}), *counts) == expected
    assert corpus.skipped == []


def test_the_real_walks_stand_upright_on_bones_that_keep_their_length(shared):
    for sample in open_dataset(EMOTION_GAIT, shared / "data" / "emotion_gait").samples:
        walk = sample.media["skeleton"]
        place = {name: walk.positions[:, i] for i, name in enumerate(walk.joints)}
        assert place["head"][:, 1].mean() > place["root"][:, 1].mean() > place["left_foot"][:, 1].mean()
        lengths = np.stack([np.linalg.norm(place[a] - place[b], axis=-1) for a, b in BONES])
        assert (lengths.std(axis=1) / lengths.mean()).max() < 0.12


def test_an_unknown_split_is_kept_out_and_reported_until_an_option_names_it(tmp_path):
    write(tmp_path, split=np.array(["Train", "val", "", "heldout", "heldout"]))
    corpus = open_dataset(EMOTION_GAIT, tmp_path)
    assert {sample.id: sample.split for sample in corpus.samples} == {
        "gait-000": "train",
        "gait-007": "validation",
        "gait-008": None,
    }
    assert [item.kind for item in corpus.skipped] == ["of split 'heldout'"] * 2
    assert corpus.problems[0].startswith("2 walks are in the unknown split 'heldout': skipped")
    named = open_dataset(EMOTION_GAIT, tmp_path, {"splits": {"heldout": "test"}})
    assert [sample.split for sample in named.samples[3:]] == ["test", "test"]
    assert named.problems == ()
