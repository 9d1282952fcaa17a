"""`predict` takes one input of any usual type as one input, and refuses everything else at once."""

import io
from collections import UserList

import numpy as np
import pytest
import torch
from PIL import Image

import affekt
from affekt.core.answers.prediction import Prediction
from affekt.core.errors import AffektError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.input_types import each_checked, inputs_of, is_one
from affekt.media.skeleton import Skeleton
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"

RGB = np.asarray(
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 3, 3), dtype=np.uint8)).resize((48, 56))
)


@pytest.fixture(scope="module")
def predictor():
    return affekt.load(BUNDLE, backend="onnxruntime")


@pytest.fixture
def file(tmp_path):
    """A picture, beside another that is not an input."""
    Image.fromarray(255 - RGB).save(tmp_path / "other.png")
    Image.fromarray(RGB).save(tmp_path / "face.png")
    return tmp_path / "face.png"


def scores(predictor, given):
    (answer,) = predictor.predict(given)
    assert isinstance(answer, Prediction), answer
    return dict(answer.scores)


def test_one_picture_gets_the_same_answer_in_every_type(predictor, file, monkeypatch):
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("HOME", str(file.parent))
    expected = pytest.approx(dict(predictor(file).scores), abs=1e-5)
    content = file.read_bytes()
    written = io.BytesIO()
    written.write(content)  # its position is the end
    with file.open("rb") as opened:
        kinds = [
            str(file), file, "face.png", "./face.png", "~/face.png",
            np.str_("face.png"), np.array("face.png"), RGB, Image.fromarray(RGB),
            content, bytearray(content), io.BytesIO(content), written, opened,
            torch.from_numpy(RGB.copy()), torch.from_numpy(RGB.copy()).permute(2, 0, 1) / 255,
            RGB / 255, RGB.astype(np.uint16) * 257, RGB.transpose(2, 0, 1),
            np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)]),
            Sample("a", {"image": RGB}), Sample("a", {"image": str(file)}),
        ]  # fmt: skip
        for kind in kinds:
            assert scores(predictor, kind) == expected, type(kind)
            assert dict(predictor(kind).scores) == expected, type(kind)


def test_several_inputs_are_answered_in_any_collection(predictor, file):
    other = file.with_name("other.png")
    column = np.array([str(file), str(other)], dtype=object)
    batch = np.stack([RGB, 255 - RGB])
    several = [
        [file, other], (file, other), (path for path in (file, other)), {file: 1, other: 2}.keys(),
        UserList([file, other]), np.array([str(file), str(other)]), column, [RGB, 255 - RGB],
        batch, torch.from_numpy(batch).permute(0, 3, 1, 2), [file.read_bytes(), Image.fromarray(255 - RGB)],
    ]  # fmt: skip
    expected = [dict(predictor(file).scores), dict(predictor(other).scores)]
    for given in several:
        found = [dict(answer.scores) for answer in predictor.predict(given)]
        for one, other_ in zip(found, expected, strict=True):
            assert one == pytest.approx(other_, abs=1e-5), type(given)
    assert len(list(predictor.predict({file, other}))) == 2
    assert len(list(predictor.predict(file.parent))) == 2
    assert list(predictor.predict([])) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "None.*is not an input"),
        (float("nan"), "nan.*is not an input"),
        (7, "7 .int. is not an input"),
        ({"image": "a.png"}, "dict is not an input"),
        ("https://example.org/face.jpg", "no network connection: download it"),
        ("data:image/png;base64,AAAA", "no network connection"),
        ("nowhere.png", "nowhere.png does not exist"),
        ("", "path is empty"),
        ("a" * 5000, r"aaa\.\.\. cannot be read"),
        ("a\0b", "cannot be read"),
        (io.StringIO("a.png"), "opened as text"),
        (np.zeros((0, 5, 3), np.uint8), "is empty"),
        (np.zeros((0, 4, 4, 3), np.uint8), "is empty"),
        (np.zeros((2, 3, 4, 5, 3), np.uint8), "has the axes"),
        (np.zeros(16000, np.float32), "has the axes"),
        (np.zeros((48, 3), np.uint8), "may be a list of pixels"),
        ([[1, 2], [3, 4]], "pixels as an array"),
        ([1, 2, 3], "pixels as an array"),
        ([None, {}], "none of 2 inputs can be used: None"),
        (["nowhere.png"], "^nowhere.png does not exist"),
        (
            Skeleton(np.zeros((2, 1, 3), np.float32), ("root",)),
            "Skeleton is not an input of a network for image",
        ),
        (Waveform(np.zeros((1, 9), np.float32), 8000), "Waveform is not an input of a network for image"),
        (object(), "object is not an input"),
    ],
)
def test_other_objects_are_refused_at_once_by_name(predictor, given, reason):
    with pytest.raises(UsageError, match=reason):
        predictor.predict(given)  # before the first answer is asked for
    with pytest.raises(UsageError, match=reason if is_one(given) else "use predict"):
        predictor(given)


def test_a_call_of_the_predictor_takes_exactly_one_input(predictor, file):
    for given in ([file], (file, file), iter([file]), np.array([str(file)])):
        with pytest.raises(UsageError, match="use predict"):
            predictor(given)
    with pytest.raises(UsageError, match="predict"):
        predictor(np.stack([RGB, RGB]))
    with pytest.raises(AffektError, match="holds 2 items: use predict"):
        predictor(file.parent)


def test_a_broken_input_among_others_is_skipped_with_its_reason(predictor, file):
    given = [RGB, None, file.with_name("gone.png"), np.full((9, 9), np.nan), b"not a picture", 255 - RGB]
    answers = list(predictor.predict(given))
    assert [type(answer) for answer in answers] == [Prediction, *[Skipped] * 4, Prediction]
    reasons = [str(answer) for answer in answers[1:5]]
    assert [answer.id for answer in answers[:2]] == ["input-0", "input-1"]
    for reason, part in zip(reasons, ("None", "does not exist", "NaN", "holds the text"), strict=True):
        assert part in reason
    with pytest.raises(AffektError, match="NaN"):
        predictor(given[3])


def test_a_file_that_vanishes_meanwhile_is_skipped(predictor, file):
    other = file.with_name("other.png")
    answers = predictor.predict([file, other], batch_size=1)
    other.unlink()
    first, second = answers
    assert isinstance(first, Prediction)
    assert "does not exist" in str(second)


def test_a_table_is_refused_and_its_column_holds_several_inputs():
    class Series:
        """The part of a column of a data frame that this test needs."""

        __module__ = "pandas.core.series"

        def __init__(self, values):
            self.values = values

        def __iter__(self):
            return iter(self.values)

        def __len__(self):
            return len(self.values)

        def __contains__(self, value):
            return value in self.values

        def __array__(self, dtype=None, copy=None):
            return np.array(self.values, dtype=object)

    class Frame(Series):
        columns = ("path",)

    assert not is_one(Series([__file__]))
    assert len(list(inputs_of(Series([__file__, __file__]), "image"))) == 2
    with pytest.raises(UsageError, match="is a table: give the column"):
        inputs_of(Frame(["path"]), "image")


@pytest.mark.parametrize(
    ("modality", "array", "instead"),
    [
        ("video", np.zeros((20, 8, 8, 3), np.uint8), "no frame rate: give .*VideoFrames"),
        ("video+audio", np.zeros((20, 8, 8, 3), np.uint8), "no frame rate: give .*VideoFrames"),
        ("skeleton", np.zeros((48, 16, 3), np.float32), "joints: give .*Skeleton"),
        ("audio", np.zeros(16000, np.float32), "no sampling rate: give .*Waveform"),
        ("audio", (np.zeros(16000, np.float32), 16000), "no sampling rate: give .*Waveform"),
        ("audio", torch.zeros(16000), "no sampling rate: give .*Waveform"),
        ("audio", b"RIFF", "bytes is not an input of a network for audio: give a path"),
        ("skeleton", io.BytesIO(b"PK"), "an open file is not an input.*give its path"),
        ("skeleton", Image.new("L", (8, 8)), "is not an input of a network for skeleton"),
    ],
)
def test_an_array_for_a_network_that_needs_a_rate_or_names_is_refused_with_the_type_to_give(
    modality, array, instead
):
    with pytest.raises(UsageError, match=instead):
        inputs_of(array, modality)


@pytest.mark.parametrize("tensor", [torch.zeros(3, 8, 8, device="meta"), torch.zeros(3, 8, 8).to_sparse()])
def test_a_tensor_without_numbers_in_memory_is_refused_by_name(tensor):
    with pytest.raises(UsageError, match=r"torch\.Tensor cannot be read as an array"):
        inputs_of(tensor, "image")


def test_decoded_media_are_inputs_of_the_networks_of_their_modality():
    frames = VideoFrames(np.zeros((2, 4, 4, 3), np.uint8), np.array([0.0, 0.5]), 1.0)
    walk = Skeleton(np.zeros((2, 1, 3), np.float32), ("root",))
    wave = Waveform(np.zeros((1, 9), np.float32), 8000)
    for modality, medium in (
        ("video", frames), ("video+audio", frames), ("skeleton", walk), ("audio", wave)
    ):  # fmt: skip
        assert inputs_of(medium, modality) == (medium,)
        assert [checked for _, checked in each_checked([medium], modality)] == [medium]
