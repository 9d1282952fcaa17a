"""CH-SIMS: ratings, classes, ratings of single modalities, and its clips."""

import pytest

from affekt.core.errors import DataError
from affekt.data.open import open_dataset

HEADER = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode"
ROWS = (
    "V_0001,0001,One.,0.4,0.2,0.6,0.4,Positive,train",
    "V_0001,0002,Two.,-0.8,-0.8,0.0,-1.0,Negative,train",
    "V_0002,0001,Three.,0.0,0.0,0.0,0.0,Neutral,valid",
    "V_0003,0001,Four.,1.0,1.0,1.0,1.0,Positive,test",
)


@pytest.fixture
def sims(tmp_path):
    """A function that writes the table and reads the data set."""

    def read(*rows, header=HEADER, **options):
        (tmp_path / "meta.csv").write_text("\n".join([header, *(rows or ROWS), ""]))
        return open_dataset("ch_sims", tmp_path, options)

    return read


def test_a_line_has_its_rating_words_video_and_part(sims):
    corpus = sims()
    first = corpus.samples[0]
    assert (first.id, first.media["text"], first.values) == ("V_0001-0001", "One.", {"sentiment": 0.4})
    assert (first.subject, first.split) == ("V_0001", "train")
    assert [sample.split for sample in corpus.samples] == ["train", "train", "validation", "test"]
    assert corpus.task.name == "regression" and corpus.labels.scale == (-1.0, 1.0)


def test_ratings_of_single_modalities_are_annotations(sims):
    found = sims().samples[1].annotations
    assert {name: it.values["sentiment"] for name, it in found.items()} == {
        "text": -0.8,
        "audio": 0.0,
        "video": -1.0,
    }


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (2, ["positive", "not positive", "not positive", "positive"]),
        (3, ["positive", "negative", "neutral", "positive"]),
        (5, ["weakly positive", "negative", "neutral", "positive"]),
    ],
)
def test_ratings_are_cut_into_classes(sims, classes, expected):
    corpus = sims(classes=classes)
    assert [sample.label for sample in corpus.samples] == expected
    assert len(corpus.labels) == classes and corpus.task.name == "single_label"


def test_class_weights_belong_to_the_classes_that_they_are_named_for(sims):
    torch = pytest.importorskip("torch")
    from affekt.core.recipe import LossSettings
    from affekt.engine.objectives.criterion import class_weights

    rows = [f"V_1,{n},word,{-0.5 if n else 0.5},,,,,train" for n in range(4)]
    corpus = sims(*rows, classes=2)
    targets = torch.from_numpy(corpus.task.targets(corpus.samples, corpus.labels))
    weights = class_weights(LossSettings(class_weights="balanced"), targets, corpus.labels)
    named = dict(zip(corpus.labels.names, weights.tolist(), strict=True))
    assert named == pytest.approx({"positive": 2.0, "not positive": 2 / 3})


def test_clips_and_their_sound_are_found(sims, tmp_path):
    for name in ("V_0001/0001.mp4", "A_0001/0001.flac", "V_0002/0001.mp4"):
        file = tmp_path / "Raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    first, _, third, _ = (sample.media for sample in sims().samples)
    assert first["video"].name == "0001.mp4" and first["audio"].parent.name == "A_0001"
    assert third["audio"] == third["video"]
    assert any("2 lines without a clip" in text for text in sims().problems)


def test_a_clip_is_found_where_a_spreadsheet_dropped_zeros(sims, tmp_path):
    file = tmp_path / "Raw" / "V_0001" / "0007.mp4"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    assert sims("V_0001,7,word,0,,,,,train").samples[0].media["video"] == file


def test_videos_that_the_split_cuts_apart_are_not_subjects(sims):
    rows = ("V_1,1,a,0.2,,,,,train", "V_1,2,b,0.2,,,,,test")
    corpus = sims(*rows)
    assert {sample.subject for sample in corpus.samples} == {None}
    assert "1 video with lines in several parts" in corpus.problems[0]
    apart = sims(*rows, split="videos")
    assert {(sample.subject, sample.split) for sample in apart.samples} == {("V_1", None)}


def test_a_table_without_optional_columns_is_read(sims):
    (sample,) = sims("V_1,1,hello,0.2", header="video_id,clip_id,text,label").samples
    assert sample.split is None and sample.annotations == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("V_1,1,a,1.5,,,,,train", "line 2: label = '1.5' must be numbers from -1 to 1"),
        ("V_1,1,a,good,,,,,train", "label = 'good'"),
        ("V_1,1,a,0,0,nan,inf,,train", "label_V = 'inf'"),
        ("V_1,1,a,0,,,,,later", "mode 'later' is not a part"),
        ("../x,1,a,0,,,,,train", "names without folders"),
        (",1,a,0,,,,,train", "must be given"),
    ],
)
def test_wrong_lines_are_refused(sims, row, message):
    with pytest.raises(DataError, match=message):
        sims(row)


def test_a_line_that_is_there_twice_is_refused(sims):
    with pytest.raises(DataError, match="line 3: a second line V_0001-0001"):
        sims(ROWS[0], ROWS[0])
