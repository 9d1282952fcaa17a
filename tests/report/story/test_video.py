"""The annotated and the redacted video, read back frame by frame."""

import av
import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import UsageError
from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Box, Medium, Person, Span, Track
from affekt.media.sound import read_sound
from affekt.media.video import open_video
from affekt.report.story.blur import LIMITS, MARGIN, blur_boxes
from affekt.report.story.drawing import Pen
from affekt.report.story.video import write_annotated


def inside(pixels, box, margin=0.0):
    """The pixels of a box."""
    height, width = pixels.shape[:2]
    wide, high = margin * (box.right - box.left), margin * (box.bottom - box.top)
    rows = slice(max(round((box.top - high) * height), 0), round((box.bottom + high) * height))
    return pixels[rows, max(round((box.left - wide) * width), 0) : round((box.right + wide) * width)].astype(
        int
    )


def detail(pixels):
    """How much neighbouring pixels differ."""
    return np.abs(np.diff(pixels, axis=1)).mean()


def test_an_annotated_video_keeps_times_size_and_sound(filmed, clip, tmp_path):
    done = []
    notes = write_annotated(filmed, clip, tmp_path / "a.mp4", on_progress=done.append)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        times = [float(frame.pts * frame.time_base) for frame in container.decode(video)]
        assert (video.width, video.height, audio.channels) == (160, 96, 2)
    assert times == pytest.approx(open_video(clip).times_s.tolist(), abs=1e-4)
    assert done == pytest.approx(times, abs=1e-4) and notes == ()
    one, other = (read_sound(path).samples[0] for path in (clip, tmp_path / "a.mp4"))
    length = min(len(one), len(other))
    assert abs(len(one) - len(other)) < 2048
    assert np.corrcoef(one[2000 : length - 2000], other[2000 : length - 2000])[0, 1] > 0.99


def test_boxes_labels_and_words_are_drawn_at_their_times(filmed, clip, tmp_path, truth):
    write_annotated(filmed, clip, tmp_path / "a.mp4")
    pixels, box = truth
    frames = open_video(tmp_path / "a.mp4").read([20, 35, 100])
    drawn = np.abs(frames[0].astype(int) - pixels(2.0)).mean(axis=2)
    for person in (0, 1):
        shown = box(person, 2.0)
        edge = drawn[round(shown.top * 96) : round(shown.bottom * 96), round(shown.left * 160)]
        assert edge.mean() > 30, "the left side of the box is drawn"
        assert drawn[round(shown.top * 96) - 6, round(shown.left * 160) + 2] > 30, "a label is above it"
    assert drawn[-8:].mean() > 50, "words are at the bottom from 1 to 5 s"
    after = np.abs(frames[2].astype(int) - pixels(10.0)).mean(axis=2)
    assert after[-8:].mean() < 10, "nobody speaks at 10 s"
    gone = box(1, 10.0)
    assert inside(after[..., None], gone).mean() < 10, "the second person has left"


def test_faces_are_blurred_in_every_frame(filmed, clip, tmp_path, truth):
    # Without the cut: no box is drawn across one, and the line of an earlier one would count as detail.
    whole = filmed.model_copy(update={"shots": ()})
    notes = write_annotated(whole, clip, tmp_path / "a.mp4", redact=True)
    pixels, box = truth
    video = open_video(tmp_path / "a.mp4")
    for number, picture in video.frames():
        time = float(video.times_s[number])
        for person in (0, 1) if time < 8 else (0,):
            # Without the lines of the drawn box.
            core = inside(picture, box(person, time), -0.2)
            assert detail(core) < 0.2 * detail(inside(pixels(time), box(person, time), -0.2)), (time, person)
    assert "not found are not" in notes[0]
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert "Faces that were not found are not" in container.metadata["comment"]


def test_a_face_between_detections_and_before_the_first_one_is_blurred(filmed, clip, tmp_path, truth):
    def rare(track):
        return track.model_copy(
            update={"boxes": tuple(b for b in track.boxes if b.time_s in (1.0, 3.0, 5.0))}
        )

    few = filmed.model_copy(update={"tracks": tuple(map(rare, filmed.tracks)), "words": ()})
    write_annotated(few, clip, tmp_path / "a.mp4", redact=True)
    pixels, box = truth
    frames = open_video(tmp_path / "a.mp4").read([1, 20, 45, 58, 90])
    for picture, time in zip(frames[:4], (0.1, 2.0, 4.5, 5.8), strict=True):
        core = inside(picture, box(1, time), -0.2)
        assert detail(core) < 0.2 * detail(inside(pixels(time), box(1, time), -0.2)), time
    found, true = (inside(it, box(0, 9.0), -0.2) for it in (frames[4], pixels(9.0)))
    assert detail(found) > 0.3 * detail(true), "a face that was not found is not blurred"


def test_a_face_that_is_no_track_is_blurred_as_well(filmed, clip, tmp_path, truth):
    pixels, box = truth
    brief = filmed.model_copy(
        update={"tracks": filmed.tracks[:4], "other_faces": (box(1, 2.0), box(1, 2.2)), "words": ()}
    )
    write_annotated(brief, clip, tmp_path / "a.mp4", redact=True)
    frames = open_video(tmp_path / "a.mp4").read([15, 21, 30, 55])
    for picture, time, is_covered in zip(
        frames, (1.5, 2.1, 3.0, 5.5), (True, True, True, False), strict=True
    ):
        shown, true = (inside(it, box(1, time), -0.2) for it in (picture, pixels(time)))
        assert (detail(shown) < 0.2 * detail(true)) == is_covered, time


def test_a_shot_in_which_no_face_was_found_is_blurred_as_a_whole(filmed, clip, tmp_path, truth):
    track = filmed.track("face-1")
    # The track reaches to the end of its shot, with a box that the detector did not find.
    boxes = (*(it for it in track.boxes if it.time_s < 5), Box(5.0, 0.3, 0.3, 0.5, 0.5))
    first = filmed.model_copy(update={"tracks": (track.model_copy(update={"boxes": boxes}),), "words": ()})
    notes = write_annotated(first, clip, tmp_path / "a.mp4", redact=True)
    pixels, box = truth
    with_face, without = open_video(tmp_path / "a.mp4").read([45, 90])
    assert detail(without.astype(int)) < 0.2 * detail(pixels(9.0).astype(int))
    assert detail(inside(with_face, box(1, 4.5))) > 0.3 * detail(inside(pixels(4.5), box(1, 4.5)))
    assert "the whole picture in shots in which none was found" in notes[0]


def test_without_any_face_the_whole_picture_is_blurred(filmed, clip, tmp_path, truth):
    nobody = filmed.model_copy(update={"tracks": (), "words": ()})
    notes = write_annotated(nobody, clip, tmp_path / "a.mp4", redact=True)
    (picture,) = open_video(tmp_path / "a.mp4").read([100])
    assert detail(picture.astype(int)) < 0.2 * detail(truth[0](10.0).astype(int))
    assert "whole picture" in notes[0]


def test_the_margin_around_a_face_is_blurred_and_nothing_else():
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    blurred = noise.copy()
    blur_boxes(blurred, [Box(0, 0.4, 0.4, 0.6, 0.6)])
    changed = (blurred != noise).any(axis=2)
    low, high = round(40 - 20 * MARGIN), round(60 + 20 * MARGIN)
    assert changed[low:high, low:high].mean() > 0.98
    changed[low:high, low:high] = False
    assert not changed.any()


def test_a_box_partly_beyond_the_picture_is_blurred():
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    blurred = noise.copy()
    blur_boxes(blurred, [Box(0, -0.2, 0.8, 0.2, 1.3), Box(0, 1.5, 0, 1.9, 0.2)])
    assert (blurred != noise)[-12:, :12].any(axis=2).mean() > 0.98


def test_a_picture_is_annotated_as_a_picture(tmp_path):
    Image.new("RGB", (120, 90), "white").save(tmp_path / "photo.png")
    face = Track(
        id="f", modality="face", person="P1",
        spans=(Span(start_s=0, end_s=0, label="joy", scores={"joy": 0.9}, confidence=0.9),),
        boxes=(Box(0, 0.3, 0.4, 0.6, 0.8),),
    )  # fmt: skip
    still = Timeline(
        medium=Medium(path="photo.png", duration_s=0, width=120, height=90),
        persons=(Person(id="P1"),),
        tracks=(face,),
    )
    write_annotated(still, tmp_path / "photo.png", tmp_path / "out.png")
    drawn = np.asarray(Image.open(tmp_path / "out.png"))
    assert drawn.shape == (90, 120, 3) and (drawn[:, 37] < 200).any() and (drawn[60, 50] == 255).all()
    with pytest.raises(UsageError, match=r"picture is written as \.png"):
        write_annotated(still, tmp_path / "photo.png", tmp_path / "out.mp4")


def test_sound_alone_is_refused(tmp_path):
    heard = Timeline(medium=Medium(path="a.wav", duration_s=2, has_sound=True))
    with pytest.raises(UsageError, match="has no picture"):
        write_annotated(heard, tmp_path / "a.wav", tmp_path / "a.mp4")


def test_a_medium_is_not_replaced_by_its_annotated_video(filmed, clip, tmp_path):
    (tmp_path / "link.mp4").symlink_to(clip)
    for place in (clip, tmp_path / "link.mp4"):
        with pytest.raises(UsageError, match="is an input"):
            write_annotated(filmed, clip, place)
    assert open_video(clip).width == 160


def test_characters_that_the_font_lacks_are_left_out_and_noted(filmed, clip, tmp_path):
    line = filmed.words[0].model_copy(update={"text": "\u4f60\u597d hello"})
    notes = write_annotated(filmed.model_copy(update={"words": (line,)}), clip, tmp_path / "a.mp4")
    assert "\u4f60\u597d" in "".join(notes) and "subtitles" in notes[-1]


def test_high_frames_are_scaled_down_and_it_says_so(filmed, clip, tmp_path):
    notes = write_annotated(filmed, clip, tmp_path / "a.mp4", rows=47)
    video = open_video(tmp_path / "a.mp4")
    assert (video.height, video.width) == (48, 78) and notes == ("scaled down from 96 to 47 rows",)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1920, 800)])
def test_the_limits_of_a_redacted_video_are_shown_to_their_end(size):
    def shown(text):
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        Pen(size[1]).notice(pixels, text)
        return pixels

    end = "pass it on."
    assert LIMITS.endswith(end)
    assert (shown(LIMITS) != shown(LIMITS.removesuffix(end) + "keep it.")).any()
    assert (shown(LIMITS)[: size[1] // 3] == 255).all(), "the picture is still to be seen"
