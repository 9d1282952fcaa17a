"""TSL-300: the published annotations number by number, and everything a tree can have wrong."""

import csv
import json
from collections import Counter

import numpy as np
import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.core.segment import Point, Segment
from affekt.data.open import open_dataset
from affekt.data.tsl300.files import draw_annotators, natural
from affekt.quality.points import describe_points
from affekt.testing import check_dataset

TSL = dataset("tsl300")
JOY, FEAR, TALK = "9_Ekman6_joy_1", "10_VideoEmotion8_Fear_7", "4_CMU_MOSEI_-ab_cdefghi"
HEADER = "class,class_index,start_frame,stop_frame,video_id,point"


def rows(*points):
    """Lines of a file of points: class, video, frame."""
    return "\n".join([HEADER, *(f"{word},0,{frame},{frame},{name},{frame}" for word, name, frame in points)])


def annotated(*segments):
    return {
        "subset": "train",
        "annotations": [{"segment": [start, end], "label": word} for start, end, word in segments],
    }


@pytest.fixture
def tree(tmp_path):
    """Three small videos, two for training, and a function that changes a file."""
    home = tmp_path / "VideoSenti"

    def write(name, content):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    write("split_train.txt", f"{JOY}\n{FEAR}\n")
    write("split_test.txt", f"{TALK}\n")
    write("fps_dict.json", {JOY: 10.0, FEAR: 25.0, TALK: 29.97})
    write("len_duration_dict.json", {JOY: 60.0, FEAR: 70.0, TALK: 80.0})
    write(
        "videosenti_gt.json",
        {
            "database": {
                JOY: annotated((" 1.5", "4.0 ", "p"), ("10", "12.25", "n")),
                FEAR: annotated(),
                TALK: annotated(("5", "9", "p")),
            }
        },
    )
    write("point_gaussian/point_labels.csv", rows(("p", JOY, 20), ("n", JOY, 110), ("n", JOY, 30)))
    for number in range(3):
        write(f"point_gaussian/train/point_anno_{number}.txt", rows(("p", JOY, number), ("n", FEAR, number)))
    write.root, write.home = tmp_path, home
    return write


def named(corpus):
    return {sample.id: sample for sample in corpus.samples}


def reasons(corpus):
    return {item.id: item.reason for item in corpus.skipped}


def test_the_adapter_keeps_the_contract():
    check_dataset("tsl300")


@pytest.mark.parametrize("folder", ["", "VideoSenti"])
def test_the_folder_itself_or_its_parent_may_be_given(tree, folder):
    corpus = open_dataset(TSL, tree.root / folder)
    assert corpus.task.name == "localization"
    assert corpus.labels.names == ("negative", "positive")
    assert {s.id: s.split for s in corpus.samples} == {JOY: "train", FEAR: "train", TALK: "test"}
    assert corpus.skipped == []


def test_segments_are_read_of_both_parts_from_strings_with_blanks(tree):
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].segments == (Segment(1.5, 4.0, "positive"), Segment(10.0, 12.25, "negative"))
    assert found[FEAR].segments == ()
    assert found[TALK].segments == (Segment(5.0, 9.0, "positive"),)


def test_points_lie_in_the_middle_of_their_frames_in_order(tree):
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].points == (Point(2.05, "positive"), Point(3.05, "negative"), Point(11.05, "negative"))
    assert found[FEAR].points == found[TALK].points == ()


def test_weights_are_shares_of_points_or_else_of_segments(tree):
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].label_weights == {"negative": 2 / 3, "positive": 1 / 3}
    assert found[TALK].label_weights == {"negative": 0.0, "positive": 1.0}
    assert found[FEAR].label_weights is None


def test_facts_tell_rate_length_source_and_what_each_annotator_marked(tree):
    assert named(open_dataset(TSL, tree.root))[FEAR].facts == {
        "rate_hz": 25.0,
        "duration_s": 70.0,
        "source": "VideoEmotion8",
        "annotators": {f"annotator-{n}": [[(n + 0.5) / 25, "negative"]] for n in range(3)},
    }


def test_lengths_and_annotators_may_be_missing(tree):
    tree("len_duration_dict.json", None)
    for number in range(3):
        tree(f"point_gaussian/train/point_anno_{number}.txt", None)
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].facts == {"rate_hz": 10.0, "source": "Ekman6"}
    assert len(found[JOY].points) == 3


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("281_CMU_MOSEI_Q5fZk_jPjBI", "Q5fZk_jPjBI"),
        ("282_CMU_MOSEI_Q5fZk_jPjBI_3", "Q5fZk_jPjBI"),
        ("283_CMU_MOSI_Q5fZk_jPjBI[12]", "Q5fZk_jPjBI"),
        ("71_CMU_MOSEI__gzYkdjNvPc", "_gzYkdjNvPc"),
        ("39_CMU_MOSEI_255226", "255226"),
        ("9_Ekman6_joy_1", "Ekman6 joy_1"),
        ("9_VideoEmotion8_joy_1", "VideoEmotion8 joy_1"),
        ("holiday", "holiday"),
    ],
)
def test_cuts_of_one_video_are_one_subject(tree, name, subject):
    tree("split_train.txt", name)
    tree("fps_dict.json", {name: 25, TALK: 25})
    assert named(open_dataset(TSL, tree.root))[name].subject == subject


# Which points


def test_points_of_one_annotator_or_of_all_can_be_read(tree):
    one = named(open_dataset(TSL, tree.root, {"points": "annotator-2"}))
    assert one[JOY].points == (Point(0.25, "positive"),)
    every = named(open_dataset(TSL, tree.root, {"points": "all"}))
    assert [point.time_s for point in every[JOY].points] == pytest.approx([0.05, 0.15, 0.25])


def test_resampling_takes_one_annotator_for_each_video_and_follows_its_seed(tree):
    drawn = [
        tuple(round(s.points[0].time_s * s.facts["rate_hz"] - 0.5) for s in corpus.samples[:2])
        for corpus in (
            open_dataset(TSL, tree.root, {"points": "resampled", "seed": seed}) for seed in range(12)
        )
    ]
    assert {len(s.points) for s in open_dataset(TSL, tree.root, {"points": "resampled"}).samples[:2]} == {1}
    assert len(set(drawn)) > 3
    again = open_dataset(TSL, tree.root, {"points": "resampled", "seed": 5}).samples
    assert drawn[5] == tuple(round(s.points[0].time_s * s.facts["rate_hz"] - 0.5) for s in again[:2])


def test_the_choice_of_annotators_depends_on_no_order_of_the_list():
    names = [f"{number}_Ekman6_joy_1" for number in range(30)]
    assert draw_annotators(names, 7) == draw_annotators(sorted(names), 7)
    assert sorted(names, key=natural) == names


def test_a_missing_file_of_points_is_named_with_what_there_is_instead(tree):
    tree("point_gaussian/point_labels.csv", None)
    with pytest.raises(DataError, match=r"point_labels\.csv, which option points = 'shipped'.*annotator-0"):
        open_dataset(TSL, tree.root)
    tree("point_gaussian/train/point_anno_1.txt", None)
    with pytest.raises(DataError, match=r"no point_gaussian/train/point_anno_1\.txt, .* 'resampled'"):
        open_dataset(TSL, tree.root, {"points": "resampled"})
    assert open_dataset(TSL, tree.root, {"points": "annotator-0"}).samples


def test_who_has_the_test_part_alone_needs_no_points(tree):
    tree("split_train.txt", None)
    tree("point_gaussian/point_labels.csv", None)
    assert [s.id for s in open_dataset(TSL, tree.root).samples] == [TALK]


def test_an_unknown_choice_is_refused(tree):
    with pytest.raises(ConfigError, match=r"data\.options\.points"):
        open_dataset(TSL, tree.root, {"points": "annotator-3"})


# Media


def feature(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.zeros((2, 4), np.float32))
    return path


def test_without_media_annotations_alone_are_read(tree):
    assert all(not s.media for s in open_dataset(TSL, tree.root).samples)


def test_features_are_found_in_the_folder_of_their_part(tree):
    rgb = feature(tree.home / "features/train/rgb" / f"{JOY}.npy")
    logmel = feature(tree.home / "features/train/logmfcc" / f"{JOY}.npy")
    test = feature(tree.home / "features/test/rgb" / f"{TALK}.npy")
    feature(tree.home / "features/test/rgb" / f"{FEAR}.npy")  # in the wrong part
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].media == {"rgb": rgb, "logmel": logmel}
    assert found[TALK].media == {"rgb": test}
    assert found[FEAR].media == {}


def test_videos_bring_picture_and_sound(tree):
    video = tree(f"videos/{JOY}.MP4", b"")
    tree(f"videos/{FEAR}.txt", b"")
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].media == {"video": video, "audio": video}
    assert found[FEAR].media == {}


def test_names_that_lead_out_are_left_out(tree):
    feature(tree.root / "x.npy")
    tree("split_train.txt", f"../x\n/etc/passwd\na/b\n..\nc\\d\n{JOY}\n")
    tree("fps_dict.json", {name: 25 for name in ("../x", "/etc/passwd", "a/b", "..", "c\\d", JOY, TALK)})
    tree("point_gaussian/point_labels.csv", rows(("p", "../x", 3), ("p", JOY, 3)))
    corpus = open_dataset(TSL, tree.root)
    assert [s.id for s in corpus.samples] == [JOY, TALK]
    found = reasons(corpus)
    for name in ("../x", "/etc/passwd", "a/b", "..", "c\\d"):
        assert "cannot be the name of a video" in found[name]
    assert "point_labels.csv line 2: '../x' cannot be the name" in found["point_labels.csv line 2"]


# What is wrong with a tree


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (("9", "5", "p"), "it ends at 5 s and starts at 9 s"),
        (("5", "5", "p"), "it ends at 5 s and starts at 5 s"),
        (("-1", "5", "p"), "'-1' to '5' are not times in seconds"),
        (("nan", "5", "p"), "'nan' to '5' are not times in seconds"),
        (("1:30", "95", "p"), "'1:30' to '95' are not times in seconds"),
        ((None, 5, "p"), "None to 5 are not times in seconds"),
        ((10**400, 5, "p"), "are not times in seconds"),
        (("1", "5", "happy"), "class 'happy' is not one of n, p"),
        (("1", "5", ["p"]), "class ['p'] is not one of n, p"),
    ],
)
def test_a_segment_that_makes_no_sense_is_left_out_with_the_reason(tree, segment, reason):
    tree("videosenti_gt.json", {"database": {JOY: annotated(("1", "2", "p"), segment)}})
    corpus = open_dataset(TSL, tree.root)
    assert named(corpus)[JOY].segments == (Segment(1.0, 2.0, "positive"),)
    assert reasons(corpus)[JOY].startswith(f"videosenti_gt.json: segment 2 of {JOY} is skipped: ")
    assert reason in reasons(corpus)[JOY]


@pytest.mark.parametrize("entry", [3, {"annotations": {}}, None])
def test_an_entry_without_annotations_is_told_and_its_video_stays(tree, entry):
    tree("videosenti_gt.json", {"database": {JOY: entry}})
    corpus = open_dataset(TSL, tree.root)
    assert named(corpus)[JOY].segments is None
    assert "has no list of annotations" in reasons(corpus)[JOY]


@pytest.mark.parametrize("row", ["p", {"segment": "12"}, {"segment": ["1"]}, 7])
def test_a_row_that_is_no_segment_is_left_out(tree, row):
    tree("videosenti_gt.json", {"database": {JOY: {"annotations": [row]}}})
    assert "it is not like" in reasons(open_dataset(TSL, tree.root))[JOY]


def test_without_the_fuller_file_nothing_is_known_of_the_training_part(tree):
    tree("videosenti_gt.json", None)
    tree("gt.json", {"database": {JOY: annotated(), TALK: annotated(("5", "9", "p"))}})
    found = named(open_dataset(TSL, tree.root))
    assert found[JOY].segments is None
    assert found[TALK].segments == (Segment(5.0, 9.0, "positive"),)


@pytest.mark.parametrize("rate", [None, 0, -25, "fast", float("nan"), True, []])
def test_a_video_without_a_frame_rate_is_skipped(tree, rate):
    rates = {JOY: rate, FEAR: " 25 ", TALK: 30}
    tree("fps_dict.json", {name: value for name, value in rates.items() if value is not None})
    corpus = open_dataset(TSL, tree.root)
    assert [s.id for s in corpus.samples] == [FEAR, TALK]
    assert reasons(corpus) == {JOY: f"fps_dict.json states no frame rate of {JOY}"}


def test_rows_of_points_that_make_no_sense_are_told_one_by_one(tree):
    lines = [
        f"x,0,1,1,{JOY},1",
        f"p,0,1,1,{JOY},",
        f"p,0,1,1,{JOY},-4",
        f"p,0,1,1,{JOY},3.5",
        f" p ,0,1,1, {JOY} , 7 ",
        "p",
        f"p,0,1,1,{TALK},1",
    ]
    tree("point_gaussian/point_labels.csv", "\n".join([HEADER, *lines]))
    corpus = open_dataset(TSL, tree.root)
    assert named(corpus)[JOY].points == (Point(0.75, "positive"),)
    told = "\n".join(item.reason for item in corpus.skipped)
    for part in (
        "line 2: class 'x' is not one of n, p",
        "line 3: None is not a frame number",
        "line 4: '-4' is not a frame number",
        "line 5: '3.5' is not a frame number",
        "line 7: '' cannot be the name of a video",
        f"points of {TALK} are ignored: it is not a training video",
    ):
        assert part in told


def test_quotes_and_marks_of_spreadsheets_are_understood(tree):
    lines = [HEADER.split(","), ["p", "1", "3", "5", JOY, "4"]]
    text = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    tree("point_gaussian/point_labels.csv", f"\ufeff{text}\r\n")
    tree("split_train.txt", f"\ufeff{JOY}\r\n\r\n  {FEAR}  ")
    found = named(open_dataset(TSL, tree.root))
    assert list(found) == [JOY, FEAR, TALK]
    assert found[JOY].points == (Point(0.45, "positive"),)


def test_a_video_that_is_listed_twice_is_read_once(tree):
    tree("split_train.txt", f"{JOY}\n{JOY}\n{FEAR}\n")
    tree("split_test.txt", f"{FEAR}\n{TALK}\n")
    corpus = open_dataset(TSL, tree.root)
    assert {s.id: s.split for s in corpus.samples} == {JOY: "train", FEAR: "train", TALK: "test"}
    assert "listed twice" in reasons(corpus)[JOY]
    assert "in both lists" in reasons(corpus)[FEAR]


@pytest.mark.parametrize("name", ["fps_dict.json", "len_duration_dict.json", "videosenti_gt.json"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", pytest.param(b"[" * 100_000, id="deep")])
def test_a_file_that_is_no_object_is_named(tree, name, content):
    tree(name, content)
    with pytest.raises(DataError, match=rf"{name} (cannot be read|contains no object)"):
        open_dataset(TSL, tree.root)


@pytest.mark.parametrize("content", ["class,point\np,1\n", HEADER + '\n"p,0', b"\xff\xfe"])
def test_a_file_of_points_that_is_no_table_is_named(tree, content):
    tree("point_gaussian/point_labels.csv", content)
    with pytest.raises(DataError, match=r"point_labels\.csv (cannot be read|lacks the column)"):
        open_dataset(TSL, tree.root)


def test_a_folder_without_lists_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"VideoSenti in it contains split_train\.txt or split_test\.txt"):
        open_dataset(TSL, tmp_path)


def test_nothing_is_written_to_the_data(tree):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tree.root.rglob("*.*")}
    for points in ("shipped", "resampled", "all"):
        open_dataset(TSL, tree.root, {"points": points})
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tree.root.rglob("*.*")}


# The published annotations


@pytest.fixture(scope="module")
def real(shared):
    """Folder of the published annotation files."""
    return shared / "data" / "tsl300"


@pytest.fixture(scope="module")
def published(real):
    return open_dataset(TSL, real)


def test_the_published_numbers_are_found(published):
    assert Counter(s.split for s in published.samples) == {"train": 200, "test": 100}
    assert published.skipped == []
    segments = Counter((s.split, it.label) for s in published.samples for it in s.segments)
    assert segments == {
        ("train", "positive"): 600,
        ("train", "negative"): 458,
        ("test", "positive"): 352,
        ("test", "negative"): 232,
    }
    points = Counter(point.label for s in published.samples for point in s.points)
    assert points == {"positive": 770, "negative": 457}
    assert all(s.points for s in published.samples if s.split == "train")
    assert Counter((s.split, s.facts["source"]) for s in published.samples) == {
        ("train", "CMU_MOSEI"): 91,
        ("test", "CMU_MOSEI"): 49,
        ("train", "Ekman6"): 80,
        ("test", "Ekman6"): 35,
        ("train", "VideoEmotion8"): 22,
        ("test", "VideoEmotion8"): 13,
        ("train", "CMU_MOSI"): 7,
        ("test", "CMU_MOSI"): 3,
    }
    assert sum(s.facts["duration_s"] for s in published.samples) / 60 == pytest.approx(1291.2, abs=0.05)


def test_two_published_videos_are_empty(published):
    assert [s.id for s in published.samples if s.segments == ()] == [
        "71_CMU_MOSEI__gzYkdjNvPc",
        "371_CMU_MOSEI_36o2cux9kfQ",
    ]


def test_no_published_video_was_cut_from_the_same_as_another(published):
    assert len({s.subject for s in published.samples}) == 300


@pytest.mark.parametrize(
    ("points", "count"), [("annotator-0", 1438), ("annotator-1", 1254), ("annotator-2", 840), ("all", 3532)]
)
def test_each_annotator_has_the_published_number_of_points(real, points, count):
    assert sum(len(s.points) for s in open_dataset(TSL, real, {"points": points}).samples) == count


def test_resampling_with_the_published_seed_gives_what_was_shipped(real, published):
    again = open_dataset(TSL, real, {"points": "resampled", "seed": 123})
    assert [s.points for s in again.samples] == [s.points for s in published.samples]
    other = open_dataset(TSL, real, {"points": "resampled", "seed": 124})
    assert sum(a.points != b.points for a, b in zip(other.samples, published.samples, strict=True)) > 80


def test_points_are_middles_of_what_was_marked(real):
    with (real / "point_gaussian" / "point_labels.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            assert int(row["point"]) == (int(row["start_frame"]) + int(row["stop_frame"])) // 2


def test_the_published_noise_of_points_is_found(published):
    found = describe_points(published)
    assert found is not None
    places = ("points", "inside", "opposite", "outside")
    assert [found["points"][place] for place in places] == [1227, 691, 29, 507]
    assert {name: part["inside"] for name, part in found["annotators"].items()} == {
        "annotator-0": 823,
        "annotator-1": 752,
        "annotator-2": 406,
    }
