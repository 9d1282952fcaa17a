"""Feature files of MMSA are converted without running them, and read as features of lines."""

import json
import os
import pickle

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import DataError, UsageError
from affekt.data.multimodal.mmsa_files import convert
from affekt.data.open import open_dataset

ROWS = 6  # of padded features


def part(lines, *, video="v", scale=3.0, alone=False):
    """A part as MMSA stores it; line k has k % 3 + 1 words and rows of sound, and one row of picture more."""
    rng = np.random.default_rng(len(lines))
    count = len(lines)
    rows = np.arange(count) % 3 + 1
    features = {
        name: rng.normal(size=(count, ROWS, d)) for name, d in (("text", 5), ("audio", 4), ("vision", 3))
    }
    mask = np.zeros((count, 3, ROWS))
    for k in range(count):
        features["text"][k, rows[k] :] = features["audio"][k, rows[k] :] = 0
        features["vision"][k, rows[k] + 1 :] = 0
        mask[k, 1, : rows[k]] = 1
    values = np.linspace(-scale, scale, count)
    found = {
        "raw_text": np.array(lines, object),
        "id": [f"{video}{k // 2}$_${k}" for k in range(count)],
        **features,
        "text_bert": mask,
        "audio_lengths": rows.tolist(),
        "vision_lengths": (rows + 1).tolist(),
        "regression_labels": values,
        "classification_labels": np.sign(values) + 1,
        "annotations": np.array(["Negative", "Neutral", "Positive"], object)[
            (np.sign(values) + 1).astype(int)
        ],
    }
    if alone:
        found |= {f"regression_labels_{letter}": values * 0.5 for letter in "TAV"}
    return found


@pytest.fixture
def content():
    return {
        "train": part(["one", "two", "three", "four", "five"], video="t"),
        "valid": part(["six", "seven", "eight"], video="v"),
        "test": part(["nine", "ten"], video="e"),
    }


@pytest.fixture
def converted(tmp_path):
    """A function that pickles and converts, and reads the data set."""

    def read(content, *, protocol=4, **options):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
        convert(tmp_path / "a.pkl", tmp_path / "out")
        return open_dataset("mmsa", tmp_path / "out", options)

    return read


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_line_has_features_without_padding_words_and_rating(converted, content, protocol):
    corpus = converted(content, protocol=protocol)
    assert [sample.split for sample in corpus.samples] == ["train"] * 5 + ["validation"] * 3 + ["test"] * 2
    second = corpus.samples[1]
    assert (second.id, second.subject, second.facts["line"]) == ("train-t0$_$1", "t0", "1")
    assert second.values == {"sentiment": -1.5} and corpus.labels.scale == (-3.0, 3.0)
    shapes = {name: features.values.shape for name, features in second.media.items()}
    assert shapes == {"text": (2, 5), "audio": (2, 4), "video": (3, 3)}
    np.testing.assert_allclose(second.media["audio"].values, content["train"]["audio"][1, :2].astype("f4"))
    assert second.media["text"].words == "two"


def test_ratings_of_single_modalities_are_annotations_and_set_the_scale(converted):
    parts = {
        name: part(["a", "b", "c"], scale=1.0, alone=True, video=name) for name in ("train", "valid", "test")
    }
    corpus = converted(parts)
    assert corpus.labels.scale == (-1.0, 1.0)
    assert corpus.samples[2].annotations["audio"].values == {"sentiment": 0.5}


def test_the_annotation_can_be_the_label(converted, content):
    corpus = converted(content, label="annotation")
    assert [sample.label for sample in corpus.samples[:5]] == [
        "negative", "negative", "neutral", "positive", "positive",
    ]  # fmt: skip


def test_features_that_are_not_finite_are_read_as_0_and_counted(converted, content):
    content["train"]["audio"][0, 0, :2] = -np.inf
    content["valid"]["audio"][:, 0, 0] = np.nan
    corpus = converted(content)
    assert corpus.samples[0].media["audio"].values[0, :2].tolist() == [0, 0]
    assert corpus.problems[:2] == (
        "train: 2 numbers of audio that are not finite are read as 0",
        "valid: 3 numbers of audio that are not finite are read as 0",
    )


def test_a_modality_of_zeros_is_missing(converted, content):
    content["train"]["vision"][3] = 0
    assert set(converted(content).samples[3].media) == {"text", "audio"}


def test_samples_of_one_file_differ_in_their_content(converted, content):
    from affekt.core.files.content import media_keys

    keys = media_keys(converted(content).samples)
    assert len(set(keys)) == len(keys)


def test_lengths_that_are_not_stated_end_at_the_last_row_that_is_not_0(converted, content):
    for one in content.values():
        del one["audio_lengths"], one["vision_lengths"], one["text_bert"]
    second = converted(content).samples[1]
    assert [len(features.values) for features in second.media.values()] == [2, 2, 3]


class Command:
    def __reduce__(self):
        return os.system, ("touch ran",)


def test_a_file_that_would_run_code_is_refused_and_runs_nothing(converted, content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content["train"]["annotations"] = Command()
    with pytest.raises(DataError, match=f"names {os.system.__module__}.system"):
        converted(content)
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it["train"].pop("id"), "train lacks id"),
        (lambda it: it["train"].update(audio=np.zeros((2, 3, 4))), "audio must be numbers"),
        (lambda it: it["train"].update(raw_text=["one"]), "raw_text has 1 entries for 5 lines"),
        (lambda it: it["valid"].update(regression_labels=[np.nan, 0, 0]), "must be finite"),
        (lambda it: it["valid"].update(audio=np.ones((3, ROWS, 9))), "audio has different widths"),
        (lambda it: it.update(train=[1, 2]), "train is not a table"),
        (lambda it: (it.clear(), it.update(a=1)), "holds none of the parts"),
    ],
)
def test_a_file_that_lacks_something_is_refused(converted, content, change, message):
    change(content)
    with pytest.raises(DataError, match=message):
        converted(content)


def test_a_folder_that_exists_is_not_written_over(converted, content, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="exists"):
        converted(content)


@pytest.mark.parametrize("name", ["train/audio.npy", "train/lines.jsonl", "mmsa.json"])
def test_a_damaged_folder_is_refused(converted, content, tmp_path, name):
    converted(content)
    file = tmp_path / "out" / name
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(DataError, match="damaged"):
        open_dataset("mmsa", tmp_path / "out")


def test_a_pickle_in_the_folder_is_not_read(converted, content, tmp_path):
    converted(content)
    np.save(tmp_path / "out" / "train" / "audio.npy", np.array([None] * 5), allow_pickle=True)
    with pytest.raises(DataError, match="damaged"):
        open_dataset("mmsa", tmp_path / "out")


def test_the_command_line_converts(content, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    arguments = ["data", "convert", "mmsa", str(tmp_path / "a.pkl"), str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["lines"] == {"train": 5, "valid": 3, "test": 2}
    assert json.loads(done.stdout)["widths"] == {"text": 5, "audio": 4, "vision": 3}


def test_a_data_set_that_is_read_as_it_is_is_not_converted(tmp_path):
    done = CliRunner().invoke(app, ["data", "convert", "meld", "a", str(tmp_path / "out")])
    assert done.exit_code != 0 and "nothing is converted" in str(done.exception)
