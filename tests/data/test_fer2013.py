"""FER2013: its table, archives with votes, and class folders."""

import io
import zipfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.fer2013.votes import NAMES, mixed, shares, strongest, votes_of
from affekt.data.open import open_dataset
from affekt.media.image import ZippedImage, image_of
from affekt.testing import check_dataset

FER2013 = dataset("fer2013")
CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FER_PLUS_COLUMNS = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)


def pixels(value, size=48 * 48):
    return " ".join([str(value)] * size)


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")


def tabled(root, *rows, header="emotion,pixels,Usage", name="fer2013.csv"):
    write(root / name, header, *rows)
    return root


def fer_plus(root, *rows):
    write(root / "fer2013new.csv", FER_PLUS_COLUMNS, *rows)
    return root


@pytest.fixture
def voted(tmp_path):
    """Three faces of the table, with votes: fear 3 surprise 1, unknown alone, tied."""
    usages = ("Training", "Training", "PrivateTest")
    tabled(tmp_path, *[f"{k},{pixels(k)},{usage}" for k, usage in enumerate(usages)])
    return fer_plus(
        tmp_path,
        "Training,fer0000000.png,0,0,1,0,0,0,3,0,6,0",
        "Training,,0,0,0,0,0,0,0,0,0,10",
        "PrivateTest,fer0000002.png,5,0,0,5,0,0,0,0,0,0",
    )


def archived(root, rows, votes=True, members=None):
    """`labels.csv` and its archives; `rows` are split, file, label, votes by name."""
    names = [f"votes_{name}" for name in NAMES] if votes else []
    lines = [
        [part, file, label, "x", *(said.get(name, 0) for name in NAMES if votes)]
        for part, file, label, said in rows
    ]
    header = ["split", "file", "label", "class", *names]
    write(root / "labels.csv", *[",".join(map(str, line)) for line in (header, *lines)])
    for part in {row[0] for row in rows}:
        with zipfile.ZipFile(root / f"{part}.zip", "w") as archive:
            for file in {row[1] for row in rows if row[0] == part} if members is None else members:
                content = io.BytesIO()
                Image.new("L", (48, 48), 77).save(content, "PNG")
                archive.writestr(file, content.getvalue())
    return root


def said(corpus):
    return {sample.id: (sample.label, sample.split) for sample in corpus.samples}


def weights(corpus):
    return {sample.id: sample.label_weights for sample in corpus.samples}


def reasons(corpus):
    return {item.id: item.reason for item in corpus.skipped}


def test_the_adapter_keeps_the_contract():
    check_dataset("fer2013")


# The table


def test_a_row_of_the_table_gives_label_part_and_pixels(tmp_path):
    rows = (f"3,{pixels(7)},Training", f"6,{pixels(8)},PublicTest", f"0,{pixels(9)},PrivateTest")
    corpus = open_dataset(FER2013, tabled(tmp_path, *rows))
    assert said(corpus) == {
        "fer0000000": ("happiness", "train"),
        "fer0000001": ("neutral", "validation"),
        "fer0000002": ("anger", "test"),
    }
    image = corpus.samples[1].media["image"]
    assert image.dtype == np.uint8 and image.shape == (48, 48) and (image == 8).all()
    assert image_of(corpus.samples[1]).shape == (48, 48, 3)
    assert corpus.labels.names == CLASSES


def test_pixels_run_along_rows(tmp_path):
    values = " ".join(str(k % 48) for k in range(48 * 48))
    (sample,) = open_dataset(FER2013, tabled(tmp_path, f"3,{values},Training")).samples
    np.testing.assert_array_equal(sample.media["image"][5], np.arange(48))


def test_the_table_of_the_challenge_has_spaces_in_its_header(tmp_path):
    tabled(tmp_path, f"3,Training,{pixels(7)}", header="emotion, Usage, pixels", name="icml_face_data.csv")
    assert said(open_dataset(FER2013, tmp_path)) == {"fer0000000": ("happiness", "train")}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"3,{pixels(7, 2303)},Training", "it has 2303 pixels; 48 x 48 = 2304 were expected"),
        ("3,,Training", "it has 0 pixels"),
        (f"3,{pixels(256)},Training", "not numbers from 0 to 255"),
        (f"3,{pixels('x')},Training", "not numbers from 0 to 255"),
        (f"3,{pixels(-1)},Training", "not numbers from 0 to 255"),
        (f"3,{pixels(10**30)},Training", "not numbers from 0 to 255"),
        (f"3,{pixels(1.5)},Training", "not numbers from 0 to 255"),
        (f"7,{pixels(7)},Training", "emotion '7' is not 0 to 6"),
        (f"-1,{pixels(7)},Training", "emotion '-1' is not 0 to 6"),
        (f"3,{pixels(7)},Test", "Usage 'Test' is not one of Training, PublicTest, PrivateTest"),
        ("3", "Usage None"),
    ],
)
def test_a_broken_row_is_skipped_and_costs_only_itself(tmp_path, row, reason):
    corpus = open_dataset(FER2013, tabled(tmp_path, row, f"3,{pixels(7)},Training"))
    assert list(said(corpus)) == ["fer0000001"]
    assert reason in reasons(corpus)["fer0000000"]


def test_a_table_without_a_column_is_refused(tmp_path):
    with pytest.raises(DataError, match="lacks the column Usage; found emotion, pixels"):
        open_dataset(FER2013, tabled(tmp_path, "3,7", header="emotion,pixels"))


# Votes beside the table


def test_votes_are_not_read_unless_asked_for(voted):
    (voted / "fer2013new.csv").write_text("broken")
    assert set(weights(open_dataset(FER2013, voted)).values()) == {None}


def test_votes_become_shares_of_the_seven_classes_in_training_only(voted):
    corpus = open_dataset(FER2013, voted, {"labels": "votes"})
    assert weights(corpus) == {"fer0000000": {"fear": 0.75, "surprise": 0.25}, "fer0000002": None}
    assert said(corpus)["fer0000000"] == ("anger", "train")
    assert "no vote is for one of anger" in reasons(corpus)["fer0000001"]


def test_both_mixes_the_original_class_with_the_votes(voted):
    corpus = open_dataset(FER2013, voted, {"labels": "both"})
    assert weights(corpus) == {
        "fer0000000": {"fear": 0.375, "surprise": 0.125, "anger": 0.5},
        "fer0000001": {"disgust": 1.0},
        "fer0000002": None,
    }


def test_the_share_of_the_original_class_can_be_chosen(voted):
    corpus = open_dataset(FER2013, voted, {"labels": "both", "original_share": 0.2})
    assert weights(corpus)["fer0000000"] == pytest.approx({"fear": 0.6, "surprise": 0.2, "anger": 0.2})


def test_other_parts_get_votes_where_asked(voted):
    found = weights(open_dataset(FER2013, voted, {"labels": "votes", "votes_for": ["train", "test"]}))
    assert found["fer0000002"] == {"sadness": 0.5, "neutral": 0.5}


def test_the_truth_may_be_what_most_people_voted(tmp_path):
    tabled(tmp_path, *[f"0,{pixels(k)},PrivateTest" for k in range(4)])
    fer_plus(
        tmp_path,
        "PrivateTest,a,0,0,1,0,0,0,9,0,0,0",
        "PrivateTest,b,5,0,0,5,0,0,0,0,0,0",
        "PrivateTest,c,4,0,0,0,0,0,0,6,0,0",
        "PrivateTest,d,0,0,0,0,0,0,0,0,0,0",
    )
    corpus = open_dataset(FER2013, tmp_path, {"truth": "majority"})
    assert said(corpus) == {"fer0000000": ("fear", "test")}
    found = reasons(corpus)
    assert "sadness and neutral got most votes" in found["fer0000001"]
    assert "most votes are for contempt" in found["fer0000002"]
    assert "no name got most votes" in found["fer0000003"]


@pytest.mark.parametrize("options", [{"labels": "votes"}, {"labels": "both"}, {"truth": "majority"}])
def test_votes_that_are_not_there_are_asked_for_by_file(tmp_path, options):
    with pytest.raises(DataError, match=r"fer2013new\.csv does not exist: it contains the FER\+ votes"):
        open_dataset(FER2013, tabled(tmp_path, f"3,{pixels(7)},Training"), options)


@pytest.mark.parametrize("rows", [[], ["Training,a,9,0,0,0,0,0,0,0,0,0"] * 2])
def test_votes_of_another_number_of_rows_are_refused(tmp_path, rows):
    fer_plus(tabled(tmp_path, f"3,{pixels(7)},Training"), *rows)
    with pytest.raises(DataError, match=rf"fer2013\.csv has 1 rows, fer2013new\.csv {len(rows)}"):
        open_dataset(FER2013, tmp_path, {"labels": "votes"})


def test_votes_in_another_order_are_refused(tmp_path):
    tabled(tmp_path, f"3,{pixels(7)},Training")
    fer_plus(tmp_path, "PublicTest,a,9,0,0,0,0,0,0,0,0,0")
    with pytest.raises(DataError, match=r"row 1 is Training in fer2013\.csv and PublicTest in"):
        open_dataset(FER2013, tmp_path, {"labels": "votes"})


def test_votes_that_are_no_numbers_cost_only_their_face(voted):
    lines = (voted / "fer2013new.csv").read_text().splitlines()
    lines[1] = "Training,fer0000000.png,0,0,many,0,0,0,3,0,6,0"
    write(voted / "fer2013new.csv", *lines)
    found = reasons(open_dataset(FER2013, voted, {"labels": "both"}))
    assert found == {"fer0000000": "surprise is 'many', not a number of votes"}


# Archives with labels.csv


def test_archives_are_read_without_unpacking(tmp_path):
    rows = (
        ("train", "angry/a.png", 0, {}),
        ("val", "happy/b.png", 3, {}),
        ("test", "neutral/c.png", 6, {}),
    )
    corpus = open_dataset(FER2013, archived(tmp_path, rows))
    assert said(corpus) == {
        "train/angry/a.png": ("anger", "train"),
        "val/happy/b.png": ("happiness", "validation"),
        "test/neutral/c.png": ("neutral", "test"),
    }
    assert corpus.samples[0].media["image"] == ZippedImage(tmp_path / "train.zip", "angry/a.png")
    assert (image_of(corpus.samples[0]) == 77).all()


@pytest.mark.parametrize(
    ("file", "label", "name", "contradicts"),
    [
        ("a.png", 0, "happy", "class 'happy'"),
        ("a.png", 0, "3", "class '3'"),
        ("a.png", 0, "contempt", "class 'contempt'"),
        ("sad/a.png", 0, "Angry", "folder 'sad'"),
        ("2/shard/a.png", 0, "anger", None),
        ("a.png", 0, "", None),
        ("a.png", 0, "x", None),
    ],
)
def test_a_row_whose_columns_contradict_each_other_is_left_out_and_reported(
    tmp_path, file, label, name, contradicts
):
    archived(tmp_path, (("train", "angry/ok.png", 0, {}), ("Train", file, label, {})), votes=False)
    text = (tmp_path / "labels.csv").read_text().replace(f"{file},{label},x", f"{file},{label},{name}")
    (tmp_path / "labels.csv").write_text(text)
    corpus = open_dataset(FER2013, tmp_path)
    if contradicts is None:
        assert len(corpus.samples) == 2 and corpus.problems == ()
    else:
        assert [sample.id for sample in corpus.samples] == ["train/angry/ok.png"]
        assert "1 row with columns that contradict each other" in corpus.problems[0]
        assert contradicts in corpus.skipped[0].reason


def test_columns_of_votes_are_used(tmp_path):
    rows = (("train", "a.png", 0, {"anger": 1, "fear": 3, "NF": 6}), ("test", "b.png", 3, {"fear": 2}))
    corpus = open_dataset(FER2013, archived(tmp_path, rows), {"labels": "votes"})
    assert weights(corpus) == {"train/a.png": {"anger": 0.25, "fear": 0.75}, "test/b.png": None}


def test_columns_of_votes_are_missed_only_where_asked_for(tmp_path):
    archived(tmp_path, [("train", "a.png", 0, {})], votes=False)
    assert len(open_dataset(FER2013, tmp_path).samples) == 1
    with pytest.raises(DataError, match="lacks the column votes_anger and"):
        open_dataset(FER2013, tmp_path, {"labels": "votes"})


def test_rows_that_cannot_be_used_are_skipped(tmp_path):
    rows = (("train", "a.png", 0, {}), ("train", "b.png", 7, {}), ("best", "c.png", 0, {}))
    archived(tmp_path, [*rows, ("train", "none.png", 0, {})], members=("a.png", "b.png", "c.png"))
    found = reasons(open_dataset(FER2013, tmp_path))
    assert "label '7' is not 0 to 6" in found["train/b.png"]
    assert "split 'best' is not one of train" in found["best/c.png"]
    assert "train.zip has no member 'none.png'" in found["train/none.png"]


def test_an_archive_that_is_missing_or_broken_is_refused(tmp_path):
    archived(tmp_path, [("train", "a.png", 0, {})])
    whole = (tmp_path / "train.zip").read_bytes()
    (tmp_path / "train.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"train\.zip is truncated or not a zip archive"):
        open_dataset(FER2013, tmp_path)
    (tmp_path / "train.zip").unlink()
    with pytest.raises(DataError, match=r"train\.zip does not exist; labels\.csv lists"):
        open_dataset(FER2013, tmp_path)


# Class folders


@pytest.fixture
def folders(tmp_path):
    for name in ("train/angry/a.png", "train/5/b.png", "validation/happy/c.png", "test/Sad/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (48, 48)).save(tmp_path / name)
    return tmp_path


def test_class_folders_are_called_by_name_or_number(folders):
    assert said(open_dataset(FER2013, folders)) == {
        "train/angry/a.png": ("anger", "train"),
        "train/5/b.png": ("surprise", "train"),
        "validation/happy/c.png": ("happiness", "validation"),
        "test/Sad/d.jpg": ("sadness", "test"),
    }


def test_class_folders_hold_no_votes(folders):
    with pytest.raises(
        DataError, match=r"class folders contain no votes; use fer2013new\.csv next to fer2013\.csv"
    ):
        open_dataset(FER2013, folders, {"labels": "both"})


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither fer2013\.csv, nor labels\.csv and archives, nor folders"):
        open_dataset(FER2013, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "vote"}, r"data\.options\.labels = 'vote'"),
        ({"original_share": 1.5}, r"data\.options\.original_share = 1\.5"),
        ({"votes_for": ["val"]}, r"data\.options\.votes_for"),
    ],
)
def test_wrong_options_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        open_dataset(FER2013, tmp_path, options)


# Votes alone


def test_only_votes_that_were_given_are_kept():
    assert votes_of({"fear": " 2 ", "NF": "", "anger": None, "neutral": 0}) == {"fear": 2}


def test_shares_sum_to_one_and_leave_others_out():
    assert shares({"fear": 1, "anger": 3, "contempt": 5}) == {"anger": 0.75, "fear": 0.25}
    assert shares({"unknown": 10}) == {}


@pytest.mark.parametrize("label_share", [0.0, 0.3, 1.0])
def test_a_mixture_sums_to_one(label_share):
    assert sum(mixed({"fear": 3, "anger": 1}, "sadness", label_share).values()) == pytest.approx(1)


def test_a_mixture_of_one_side_alone_is_that_side():
    assert mixed({"fear": 3, "anger": 1}, "sadness", 1.0) == {"sadness": 1.0}
    assert mixed({"fear": 3, "anger": 1}, "sadness", 0.0) == {"fear": 0.75, "anger": 0.25}


def test_the_strongest_vote_may_not_be_outvoted_by_no_face():
    assert strongest({"fear": 4, "NF": 3}) == "fear"
    with pytest.raises(DataError, match="most votes are for NF"):
        strongest({"fear": 4, "NF": 5})


# The real material, where it is beside the project: one worker reads it
ONE_WORKER = pytest.mark.xdist_group("real fer2013")


@pytest.fixture(scope="module")
def real(shared):
    if not (shared / "data" / "fer2013" / "labels.csv").is_file():
        pytest.skip("the pictures of FER2013 are not there")
    return shared / "data" / "fer2013"


@pytest.fixture(scope="module")
def faces(real):
    return open_dataset(FER2013, real)


@ONE_WORKER
def test_the_real_faces_are_as_many_as_their_source_says(faces):
    assert faces.skipped == []
    counts = Counter((sample.split, sample.label) for sample in faces.samples)
    assert {part: [counts[part, name] for name in CLASSES] for part in ("train", "validation", "test")} == {
        "train": [3361, 313, 3372, 6296, 4163, 2198, 4308],
        "validation": [374, 35, 375, 700, 462, 244, 479],
        "test": [455, 53, 482, 883, 642, 378, 595],
    }
    assert Counter(sample.split for sample in faces.samples) == {
        "train": 24011,
        "validation": 2669,
        "test": 3488,
    }


@ONE_WORKER
def test_a_real_face_has_48_by_48_grey_pixels(faces):
    for sample in faces.samples[::10_000]:
        picture = image_of(sample)
        assert picture.shape == (48, 48, 3)
        assert (picture == picture[..., :1]).all()


@ONE_WORKER
def test_real_votes_are_read(real):
    corpus = open_dataset(FER2013, real, {"labels": "votes"})
    first = corpus.samples[0]  # train,angry/fer0000000.png,0,angry,4,0,0,1,3,2,0,0,0,0
    assert first.label == "anger"
    assert first.label_weights == {"anger": 0.3, "disgust": 0.2, "sadness": 0.1, "neutral": 0.4}
    assert {sample.split for sample in corpus.samples if sample.label_weights} == {"train"}
    assert len(corpus.skipped) < 10


@ONE_WORKER
def test_original_label_and_majority_agree_as_often_as_the_source_says(real, faces):
    original = {sample.id: sample.label for sample in faces.samples}
    majority = open_dataset(FER2013, real, {"truth": "majority"}).samples
    agree = sum(original[sample.id] == sample.label for sample in majority) / len(original)
    assert agree == pytest.approx(0.63, abs=0.03)  # the source counts ties as it likes, we leave them out
