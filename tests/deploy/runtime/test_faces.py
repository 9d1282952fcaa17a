"""A bundle of faces finds the faces of photos by itself, and never answers a whole photo as one face."""

import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import affekt
from affekt.assets.errors import MissingAsset
from affekt.cli.media.predict import predict_media
from affekt.core.answers.prediction import Prediction
from affekt.core.errors import AffektError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.deploy.runtime import faces as runtime_faces
from affekt.deploy.runtime.faces import check_faces
from affekt.deploy.runtime.output import writer_for
from affekt.deploy.runtime.samples import NOTHING_STATED
from affekt.media.detection import Detections
from affekt.media.faces.crop import LANDMARKS_IN_BOX
from affekt.media.faces.limits import LEAST_TRUST
from affekt.media.faces.search import STANDS_ON_HEAD
from affekt.methods.compact_voice.config import CompactVoiceConfig
from affekt.methods.compact_voice.preprocess import CompactVoicePreprocess
from affekt.starters.find import FOLDER as STARTERS
from affekt.testing.faces import FramedFaces, draw_photo

BUNDLE = STARTERS / "compact_face"
BOXES = ((40, 60, 120, 160), (260, 200, 340, 300), (460, 90, 540, 190))


@pytest.fixture(scope="module")
def predictor():
    return affekt.load(BUNDLE, backend="onnxruntime")


@pytest.fixture(scope="module")
def drawn():
    """Six drawn faces."""
    corpus = open_dataset("drawn_faces", None, {"people": 8, "faces_per_emotion": 1, "size": 64})
    return [np.asarray(sample.media["image"]) for sample in corpus.samples[:6]]


@pytest.fixture(scope="module")
def party(drawn):
    """A photo of three faces."""
    return draw_photo(list(zip(drawn, BOXES, strict=False)), width=640, height=480)


@pytest.fixture
def nobody(monkeypatch):
    """The default detector is not on this computer."""

    def missing(*arguments, **options):
        raise MissingAsset("asset centerface is not on this computer: affekt assets get centerface")

    monkeypatch.setattr(runtime_faces, "open_detector", missing)
    runtime_faces._default_detector.cache_clear()


def answers(predictor, given, **options):
    return list(predictor.predict(given, detector=FramedFaces(), **options))


def test_each_face_of_a_photo_is_answered_with_its_box(predictor, party, tmp_path):
    path = tmp_path / "party.png"
    Image.fromarray(party).save(path)
    found = answers(predictor, path)
    assert [answer.id for answer in found] == [f"{path}#face-{number}" for number in (1, 2, 3)]
    assert [answer.box for answer in found] == list(BOXES)
    assert {answer.source for answer in found} == {str(path)}
    assert all(sum(answer.scores.values()) == pytest.approx(1) for answer in found)


def test_the_answer_to_a_face_is_that_to_its_crop(predictor, drawn, party):
    left, top, right, bottom = BOXES[1]
    first = answers(predictor, party)[1]
    near = answers(predictor, party[top - 10 : bottom + 10, left - 20 : right + 20], faces="detect")
    assert dict(first.scores) == pytest.approx(dict(near[0].scores), abs=0.05)


def test_a_photo_alone_with_one_face_is_one_answer_and_with_several_is_an_error(predictor, drawn, party):
    one = draw_photo([(drawn[0], BOXES[0])], width=640, height=480)
    assert predictor(one, detector=FramedFaces()).box == BOXES[0]
    with pytest.raises(AffektError, match="holds 3 items: use predict"):
        predictor(party, detector=FramedFaces())


def test_a_photo_without_a_face_is_refused_and_not_answered(predictor):
    blank = np.full((480, 640, 3), 200, np.uint8)
    (found,) = answers(predictor, blank)
    assert isinstance(found, Skipped)
    assert "no face was found in 640 x 480 pixels (detector framed faces)" in found.reason
    assert "--faces whole" in found.reason
    with pytest.raises(AffektError, match="no face was found"):
        predictor(blank, detector=FramedFaces())


def test_whole_searches_nothing_and_answers_a_photo_as_one_face(predictor, party):
    detector = FramedFaces()
    (answer,) = predictor.predict(party, faces="whole", detector=detector)
    assert answer.box is None and detector.searched == 0
    assert any("look like a whole photo" in note for note in answer.notes)


def test_a_face_crop_is_answered_as_it_is_without_a_search(predictor, drawn):
    detector = FramedFaces()
    (auto,) = predictor.predict(drawn[0], detector=detector)
    (whole,) = predictor.predict(drawn[0], faces="whole")
    assert detector.searched == 0 and auto == whole


def test_detect_searches_crops_as_well(predictor, drawn):
    framed = draw_photo([(drawn[0], (30, 30, 90, 90))], width=128, height=128)
    (found,) = answers(predictor, framed, faces="detect")
    assert found.box == (30, 30, 90, 90)
    (found,) = answers(predictor, drawn[0], faces="detect")
    assert isinstance(found, Skipped)


def test_a_larger_picture_of_the_size_of_a_crop_is_searched_for_several_or_small_faces(predictor, drawn):
    def found(*boxes):
        photo = draw_photo([(drawn[0], box) for box in boxes], width=400, height=400)
        return [answer.box for answer in answers(predictor, photo)]

    assert found() == [None]
    assert found((60, 40, 340, 360)) == [None]
    assert found((100, 100, 180, 180)) == [(100, 100, 180, 180)]
    assert len(found((20, 20, 180, 190), (210, 20, 380, 190))) == 2


def test_a_larger_picture_of_the_size_of_a_crop_without_a_face_is_answered_with_a_note(predictor, drawn):
    blank = np.full((400, 400, 3), 128, np.uint8)
    (answer,) = answers(predictor, blank)
    assert answer.notes[0].startswith("no face was found in it: it is answered as a face crop")
    tiny = draw_photo([(drawn[0], (100, 100, 108, 110))], width=400, height=400)
    (answer,) = answers(predictor, tiny)
    assert "the face is too small" in answer.notes[0]
    (answer,) = answers(predictor, draw_photo([(drawn[0], (60, 40, 340, 360))], width=400, height=400))
    assert answer.notes == ()


@pytest.mark.parametrize("size", [(400, 400), (480, 640)])
def test_an_upside_down_face_that_fills_its_picture_is_turned_and_noted(predictor, drawn, size):
    upright = np.asarray(Image.fromarray(drawn[0]).resize(size))
    box = np.array([[4, 4, size[0] - 4, size[1] - 4]], np.float32)
    points = box[:, None, :2] + np.array(LANDMARKS_IN_BOX) * (box[:, None, 2:] - box[:, None, :2])

    class Turned(FramedFaces):
        """Finds the face of the picture above, upright or upside down."""

        def detect(self, frame):
            found = points if np.array_equal(frame, upright) else np.array(size) - points
            return Detections(box, np.ones(1, np.float32), found.astype(np.float32))

    (answer,) = predictor.predict(np.ascontiguousarray(upright[::-1, ::-1]), detector=Turned())
    assert answer.notes[0] == STANDS_ON_HEAD and answer.box is not None
    (straight,) = predictor.predict(upright, detector=Turned())
    assert STANDS_ON_HEAD not in straight.notes and straight.box is None


def test_a_face_that_fills_a_photo_is_answered_as_the_whole_picture(predictor, drawn):
    filled = draw_photo([(drawn[0], (5, 5, 475, 595))], width=480, height=600)
    filled = np.pad(filled, ((20, 20), (0, 0), (0, 0)), mode="edge")
    assert filled.shape == (640, 480, 3)
    (answer,) = answers(predictor, filled)
    assert answer.box is None and answer.notes == (runtime_faces.FILLED,)
    half = np.ascontiguousarray(filled[:, :200])
    assert [answer.box for answer in answers(predictor, half)] != [None]


def test_faces_that_are_small_are_answered_with_less_confidence_and_tiny_ones_skipped(predictor, drawn):
    boxes = ((100, 100, 108, 110), (200, 100, 222, 128), (300, 200, 400, 320))
    photo = draw_photo([(drawn[1], box) for box in boxes], width=640, height=480)
    tiny, small, good = answers(predictor, photo)
    assert isinstance(tiny, Skipped) and tiny.id == "input-0#face-1" and "too small" in tiny.reason
    assert "small" in small.notes[0] and not good.notes
    least = (1 - LEAST_TRUST) / 7
    assert 0.25 * least < min(small.scores.values()) and sum(small.scores.values()) == pytest.approx(1)


def test_faces_at_the_edge_are_answered_with_less_confidence_or_skipped(predictor, drawn):
    places = np.array([(-40, 100, 60, 220), (300, 400, 400, 520), (570, 50, 670, 170)], np.float32)

    class AtEdges(FramedFaces):
        """A detector whose landmarks lie beyond the picture where the face does."""

        def detect(self, frame):
            points = places[:, None, :2] + np.array(LANDMARKS_IN_BOX) * (
                places[:, None, 2:] - places[:, None, :2]
            )
            return Detections(places.clip(0, [640, 480] * 2), np.ones(3, np.float32), points)

    photo = draw_photo(
        [(drawn[1], tuple(place)) for place in places.astype(int).tolist()], width=640, height=480
    )
    left, bottom, right = predictor.predict(photo, detector=AtEdges())
    assert "cut off" in left.notes[0] and "cut off" in right.notes[0]
    assert isinstance(bottom, Skipped) and "the mouth" in bottom.reason


def test_fifty_faces_are_fifty_answers(predictor, drawn):
    places = [(20 + 120 * column, 20 + 150 * row) for row in range(5) for column in range(10)]
    photo = draw_photo(
        [(drawn[0], (left, top, left + 80, top + 100)) for left, top in places], width=1240, height=780
    )
    found = answers(predictor, photo)
    assert len(found) == 50 and all(isinstance(answer, Prediction) for answer in found)
    assert [answer.box[0] for answer in found] == sorted(answer.box[0] for answer in found)


def test_boxes_are_those_of_the_upright_picture(predictor, party, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the picture is stored on its side
    stored = Image.fromarray(party).transpose(Image.Transpose.ROTATE_90)
    stored.save(tmp_path / "turned.png", exif=exif)
    found = answers(predictor, tmp_path / "turned.png")
    assert [answer.box for answer in found] == list(BOXES)


def test_without_the_detector_photos_are_skipped_with_the_command_and_crops_are_answered(
    predictor, party, drawn, nobody
):
    photo, crop = predictor.predict([party, drawn[0]])
    assert isinstance(photo, Skipped) and isinstance(crop, Prediction) and crop.notes == ()
    assert "affekt assets get centerface" in photo.reason and "--faces whole" in photo.reason
    with pytest.raises(AffektError, match="affekt assets get centerface"):
        predictor(party)
    with pytest.raises(MissingAsset, match="affekt assets get centerface"):
        predictor.predict(drawn[0], faces="detect")


def test_without_the_detector_a_large_crop_is_answered_with_a_note(predictor, drawn, nobody):
    large = np.asarray(Image.fromarray(drawn[0]).resize((400, 400)))
    answer = predictor(large)
    assert answer.box is None
    assert answer.notes == (
        "the picture was not searched for faces: affekt assets get centerface gets the detector",
    )


def test_the_detector_is_opened_once_and_only_if_a_picture_is_searched(predictor, party, drawn):
    opened = []

    def opener():
        opened.append(1)
        return FramedFaces()

    list(predictor.predict([drawn[0], drawn[1]], detector=opener))
    assert opened == []
    list(predictor.predict([party, drawn[0], party], detector=opener))
    assert opened == [1]


def test_a_folder_of_photos_and_crops_is_answered_in_order(predictor, party, drawn, tmp_path):
    Image.fromarray(party).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(drawn[0]).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"broken")
    Image.fromarray(np.zeros((480, 640, 3), np.uint8)).save(tmp_path / "d.png")
    (tmp_path / "e.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    found = answers(predictor, tmp_path)
    assert [Path(answer.id).name for answer in found] == [
        "a.jpg#face-1", "a.jpg#face-2", "a.jpg#face-3", "b.png", "c.png", "d.png",
    ]  # fmt: skip
    assert [type(answer) for answer in found[3:]] == [Prediction, Skipped, Skipped]


def test_a_video_is_refused_with_the_command_that_answers_it(predictor, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(50))
    (found,) = answers(predictor, tmp_path / "clip.mp4")
    assert isinstance(found, Skipped) and found.reason.endswith("answered by affekt analyze")


def test_samples_keep_what_they_state(predictor, party):
    sample = Sample("s", {"image": party}, facts={"notes": ("stated",)})
    found = answers(predictor, [sample])
    assert [answer.id for answer in found] == ["s#face-1", "s#face-2", "s#face-3"]
    assert all(answer.notes[0] == "stated" for answer in found)


def test_a_mode_that_does_not_exist_is_refused(predictor, party):
    with pytest.raises(UsageError, match="one of auto, whole, detect; found 'all'"):
        predictor.predict(party, faces="all")


def test_many_photos_need_the_memory_of_one(predictor, party):
    def peak(count):
        tracemalloc.start()
        photos = (party.copy() for _ in range(count))
        for _ in predictor.predict(photos, detector=FramedFaces(), batch_size=2):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(2)
    assert peak(10) < peak(4) + 1e6  # a photo has 0.9 MB


def test_tables_and_documents_hold_the_boxes(predictor, party, drawn, tmp_path):
    found = answers(predictor, [drawn[0], party])
    for suffix in (".csv", ".jsonl", ".json"):
        path = tmp_path / f"answers{suffix}"
        writer_for(path)(path, found, [])
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [rows[0][side] for side in ("left", "top", "right", "bottom")] == [""] * 4
    assert [float(rows[2][side]) for side in ("left", "top", "right", "bottom")] == list(BOXES[1])
    document = json.loads((tmp_path / "answers.json").read_text())
    assert document["predictions"][0]["box"] is None
    assert document["predictions"][3]["box"] == list(BOXES[2])
    lines = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["box"] == list(BOXES[0])


def test_the_page_shows_the_photo_with_its_boxes_and_each_face(predictor, party, tmp_path):
    Image.fromarray(party).save(tmp_path / "party.png")
    page = tmp_path / "page.html"
    writer_for(page)(page, answers(predictor, tmp_path / "party.png"), [])
    html = page.read_text()
    assert "<title>party.png: 3 faces</title>" in html
    assert html.count('href="#clip-') == 3 and html.count("data:image/jpeg") == 4
    assert "left: 6.25%; top: 12.50%; width: 12.50%; height: 20.83%" in html


def test_the_command_prints_a_table_with_boxes(predictor, party, tmp_path, capsys):
    Image.fromarray(party).save(tmp_path / "party.png")
    predict_media(
        predictor, [tmp_path / "party.png"], NOTHING_STATED, output=None, json=False, scores=False,
        batch_size=None, stdin=None, detector=FramedFaces,
    )  # fmt: skip
    printed = capsys.readouterr()
    assert "80 x 100 at 40, 60" in printed.out and "party.png#face-3" in printed.out


def test_a_network_without_faces_refuses_the_option():
    with pytest.raises(UsageError, match="takes no pictures of faces"):
        check_faces("detect", CompactVoicePreprocess(CompactVoiceConfig()))
