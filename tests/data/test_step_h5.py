"""STEP containers: names before numbers, columns joint by joint."""

import numpy as np
import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset
from affekt.media.skeleton import JOINT_ORDERS

h5py = pytest.importorskip("h5py")
STEP = dataset("step_h5")
NUMBERED = {"labels": ["happy", "angry", "sad", "neutral"]}


def write(folder, walks, labels=None, suffix=""):
    """A pair of containers; a walk may be an array, or a number of frames."""
    rng = np.random.default_rng(0)
    with h5py.File(folder / f"features{suffix}.h5", "w") as file:
        for name, walk in walks.items():
            file[name] = rng.standard_normal((walk, 48)) if isinstance(walk, int) else walk
    if labels is not None:
        with h5py.File(folder / f"labels{suffix}.h5", "w") as file:
            for name, label in labels.items():
                file[name] = label
    return folder


def labels_of(corpus):
    return {sample.id: sample.label for sample in corpus.samples}


def reasons_of(corpus):
    return {item.id: item.reason for item in corpus.skipped}


def test_a_walk_is_what_its_name_says(tmp_path):
    walks = {"00001_Happy": 5, "00001_Sad": 6, "00001_Angry": 7, "00001_Neutral": 8}
    corpus = open_dataset(STEP, write(tmp_path, walks, dict(zip(walks, (3, 5, 1, 2), strict=True))))
    assert labels_of(corpus) == {
        "00001_Angry": "angry",
        "00001_Happy": "happy",
        "00001_Neutral": "neutral",
        "00001_Sad": "sad",
    }
    assert corpus.samples[1].subject is None
    assert corpus.samples[1].facts == {"file": "features.h5"}


def test_generated_walks_need_no_labels_file(tmp_path):
    corpus = open_dataset(STEP, write(tmp_path, {"00001_Happy": 5, "00001_Sad": 5}))
    assert set(labels_of(corpus).values()) == {"happy", "sad"}


def test_names_without_an_emotion_are_skipped_and_the_option_is_named(tmp_path):
    silent = {"1_Emo0", "walk", "happy", "anna_Sad", "7_sad", "1_Happy_b"}
    corpus = open_dataset(STEP, write(tmp_path, dict.fromkeys(["1_Happy", *silent], 5)))
    assert set(reasons_of(corpus)) == silent
    assert all("options.labels" in reason for reason in reasons_of(corpus).values())


def test_numbers_are_named_by_the_option(tmp_path):
    write(tmp_path, {"a": 5, "b": 5, "c": 5, "d": 5}, {"a": 3, "b": 2, "c": 1, "d": np.int64([0])})
    assert labels_of(open_dataset(STEP, tmp_path, NUMBERED)) == {
        "a": "neutral",
        "b": "sad",
        "c": "angry",
        "d": "happy",
    }


def test_numbers_without_a_name_are_skipped(tmp_path):
    write(tmp_path, {"a": 5, "b": 5, "c": 5}, {"a": 0, "b": 1, "c": 7})
    corpus = open_dataset(STEP, tmp_path, {"labels": ["", "sad"]})
    assert labels_of(corpus) == {"b": "sad"}
    assert reasons_of(corpus)["a"] == "its label is 0, for which options.labels has no name"
    assert reasons_of(corpus)["c"] == "its label is 7, for which options.labels has no name"


def test_two_numbers_may_be_merged_into_one_emotion(tmp_path):
    write(tmp_path, {"a": 5, "b": 5}, {"a": 0, "b": 1})
    assert set(labels_of(open_dataset(STEP, tmp_path, {"labels": ["sad", "sad"]})).values()) == {"sad"}


@pytest.mark.parametrize("options", [{}, NUMBERED])
def test_a_walk_that_the_labels_file_lacks_is_skipped(tmp_path, options):
    write(tmp_path, {"1_Happy": 5, "2_Happy": 5}, {"1_Happy": 0})
    assert reasons_of(open_dataset(STEP, tmp_path, options)) == {
        "2_Happy": "the labels file has no entry of this name"
    }


def test_names_and_numbers_that_disagree_are_refused(tmp_path):
    write(tmp_path, {"1_Happy": 5, "2_Happy": 5}, {"1_Happy": 0, "2_Happy": 3})
    with pytest.raises(DataError, match="1_Happy is labelled 0, but 2_Happy is labelled 3"):
        open_dataset(STEP, tmp_path)
    assert set(labels_of(open_dataset(STEP, tmp_path, NUMBERED)).values()) == {"happy", "neutral"}


def test_numbers_cannot_be_named_without_a_labels_file(tmp_path):
    with pytest.raises(DataError, match=r"labels\.h5 is missing"):
        open_dataset(STEP, write(tmp_path, {"a": 5}), NUMBERED)


@pytest.mark.parametrize("label", [1.5, "happy", [0, 1]])
def test_a_label_that_is_no_whole_number_is_skipped(tmp_path, label):
    corpus = open_dataset(STEP, write(tmp_path, {"a": 5, "b": 5}, {"a": 0, "b": label}), NUMBERED)
    assert reasons_of(corpus)["b"].startswith("its label cannot be used: it is no")


def test_several_containers_are_read_under_their_suffix(tmp_path):
    write(tmp_path, {"1_Sad": 5}, suffix="")
    write(tmp_path, {"1_Sad": 5}, suffix="_ELMD")
    write(tmp_path, {"1_Sad": 5}, suffix="4DCVAEGCN")
    assert set(labels_of(open_dataset(STEP, tmp_path))) == {"1_Sad", "ELMD-1_Sad", "4DCVAEGCN-1_Sad"}


def test_columns_are_joint_by_joint(tmp_path):
    columns = np.arange(2 * 48, dtype=float).reshape(2, 48)
    walk = open_dataset(STEP, write(tmp_path, {"1_Sad": columns})).samples[0].media["skeleton"]
    assert walk.joints == JOINT_ORDERS["emotion_gait"]
    assert walk.positions[1, walk.joints.index("left_elbow")].tolist() == [63, 64, 65]


def test_another_joint_order_is_an_option(tmp_path):
    walk = (
        open_dataset(STEP, write(tmp_path, {"1_Sad": 5}), {"joints": "bpm_gcn"}).samples[0].media["skeleton"]
    )
    assert walk.joints == JOINT_ORDERS["bpm_gcn"]
    walk = (
        open_dataset(STEP, write(tmp_path, {"1_Sad": np.ones((5, 6))}), {"joints": "root,head"})
        .samples[0]
        .media["skeleton"]
    )
    assert walk.joints == ("root", "head")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"joints": "bpmgcn"}, "did you mean bpm_gcn"),
        ({"labels": ["happy", "joyful"]}, "joyful is not one of happy, sad, angry, neutral"),
        ({"label": ["happy"]}, r"did you mean labels\?"),
    ],
)
def test_wrong_options_are_refused_with_a_suggestion(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        open_dataset(STEP, tmp_path, options)


@pytest.mark.parametrize(
    ("walk", "reason"),
    [
        (np.zeros((5, 47)), "must have 48 columns"),
        (np.zeros((5, 51)), "must have 48 columns"),
        (np.zeros((5, 16, 3)), "a row per frame"),
        (np.zeros(48), "a row per frame"),
        (np.zeros((0, 48)), "a row per frame"),
        (np.zeros((1, 2000)), "a row per frame"),
        (np.full((5, 48), np.nan), "NaN or infinite in 5 of 5 frames"),
        (np.full((5, 48), 1e200), "NaN or infinite in 5 of 5 frames"),
        ("text", "not an HDF5 data set of numbers"),
        (np.zeros((5, 48), complex), "not an HDF5 data set of numbers"),
    ],
)
def test_a_walk_that_is_none_is_skipped_with_the_reason(tmp_path, walk, reason):
    corpus = open_dataset(STEP, write(tmp_path, {"1_Sad": 5, "2_Sad": walk}))
    assert list(reasons_of(corpus)) == ["2_Sad"]
    assert reason in reasons_of(corpus)["2_Sad"]


def test_an_array_that_would_unpack_to_gigabytes_is_skipped_unread(tmp_path):
    write(tmp_path, {"1_Sad": 5})
    with h5py.File(tmp_path / "features.h5", "a") as file:
        file.create_dataset("2_Sad", (10**9, 48), "f8", chunks=(1000, 48), compression="gzip", fillvalue=0.0)
    assert "a row per frame" in reasons_of(open_dataset(STEP, tmp_path))["2_Sad"]


def test_links_and_numbers_of_other_files_are_never_followed(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["1_Sad"] = np.zeros((5, 48))
    (tmp_path / "secret.bin").write_bytes(bytes(5 * 48 * 8))
    write(tmp_path, {"1_Sad": 5})
    with h5py.File(tmp_path / "features.h5", "a") as file:
        file["2_Sad"] = h5py.ExternalLink(str(secret), "1_Sad")
        file["3_Sad"] = h5py.SoftLink("/1_Sad")
        file.create_dataset("4_Sad", (5, 48), "f8", external=[(str(tmp_path / "secret.bin"), 0, 5 * 48 * 8)])
        layout = h5py.VirtualLayout((5, 48), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "1_Sad", (5, 48))
        file.create_virtual_dataset("5_Sad", layout)
        file.create_group("6_Sad")["walk"] = np.zeros((5, 48))
    corpus = open_dataset(STEP, tmp_path)
    assert list(labels_of(corpus)) == ["1_Sad"]
    assert [reason.split(",")[0] for reason in reasons_of(corpus).values()] == [
        "it is a link",
        "it is a link",
        "its numbers are in another file",
        "its numbers are in another file",
        "it is not an HDF5 data set of numbers",
    ]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 100])
@pytest.mark.parametrize("name", ["features.h5", "labels.h5"])
def test_a_file_that_is_no_container_is_refused(tmp_path, name, content):
    write(tmp_path, {"1_Sad": 5}, {"1_Sad": 0})
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name.partition('.')[0]}\.h5 is damaged or not an HDF5 file"):
        open_dataset(STEP, tmp_path)


def test_a_truncated_container_is_refused(tmp_path):
    raw = (write(tmp_path, {"1_Sad": 50}) / "features.h5").read_bytes()
    for length in range(8, len(raw), 499):
        (tmp_path / "features.h5").write_bytes(raw[:length])
        with pytest.raises(DataError):
            open_dataset(STEP, tmp_path)


def test_a_folder_without_containers_and_an_empty_container_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"contains no features\*\.h5"):
        open_dataset(STEP, tmp_path)
    with pytest.raises(DataError, match="not one usable sample"):
        open_dataset(STEP, write(tmp_path, {}))


# The real container


def test_the_real_container_has_ten_walks_of_each_named_emotion(shared):
    corpus = open_dataset(STEP, shared / "data" / "emotion_gait" / "h5_samples")
    labels = list(labels_of(corpus).values())
    assert {name: labels.count(name) for name in set(labels)} == dict.fromkeys(
        ("happy", "sad", "angry", "neutral"), 10
    )
    assert {name.rpartition("_")[2] for name in reasons_of(corpus)} == {"Emo0", "Emo4"}


def test_names_and_numbers_of_the_real_container_agree(shared):
    folder = shared / "data" / "emotion_gait" / "h5_samples"
    numbered = open_dataset(STEP, folder, {"labels": ["", "angry", "neutral", "happy", "", "sad"]})
    assert labels_of(numbered) == labels_of(open_dataset(STEP, folder))


def test_the_real_columns_make_an_upright_body_joint_by_joint_only(shared):
    with h5py.File(shared / "data" / "emotion_gait" / "h5_samples" / "features4DCVAEGCN.h5") as file:
        columns = np.stack([file[name][()] for name in file])
    spine = [JOINT_ORDERS["emotion_gait"].index(name) for name in ("root", "spine", "neck", "head")]

    def is_upright(positions):
        return (np.diff(positions[:, :, spine, 1], axis=2) > 0).all(axis=2).mean()

    assert is_upright(columns.reshape(60, 18, 16, 3)) == 1
    assert is_upright(columns.reshape(60, 18, 3, 16).swapaxes(2, 3)) == 0
