"""What a video states about its pixels, times and frames is used where it is plausible, and bounded."""

from fractions import Fraction

import av
import numpy as np
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.image import resize
from affekt.media.sound import read_sound
from affekt.media.video import Video, VideoFrames, open_video
from affekt.media.video import track as video_track


def write(path, *, width=32, height=48, frames=3, aspect=None, rate=25, begin=0, step=1, matrix=None):
    """A video whose columns get brighter from left to right."""
    picture = np.repeat(np.linspace(40, 220, width)[None, :, None], height, axis=0).repeat(3, axis=2)
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=rate, options={"qp": "4", "bf": "0"})
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        if aspect is not None:
            track.codec_context.sample_aspect_ratio = aspect
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = begin + step * number, Fraction(1, rate)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    if matrix is not None:
        content = bytearray(path.read_bytes())
        a, b, c, d = matrix
        stated = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()
        start = content.index(b"tkhd") + 4 + 40
        content[start : start + 36] = stated
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(2), (48, 64)), (Fraction(64, 45), (48, 46)), (Fraction(1, 2), (48, 16))]
)
def test_non_square_pixels_are_scaled_to_square_ones(suffix, aspect, size, tmp_path):
    video = open_video(write(tmp_path / f"a.{suffix}", aspect=aspect))
    plain = open_video(write(tmp_path / f"b.{suffix}"))
    assert (video.height, video.width) == size and (plain.height, plain.width) == (48, 32)
    pixels = video.read([1])
    assert pixels.shape == (1, *size, 3) and video.notes == []
    expected = resize(plain.read([1])[0], *size)
    assert np.abs(pixels[0].astype(int) - expected).mean() < 4
    assert video.read([1], height=24).shape == (1, 24, size[1] // 2, 3)


def test_non_square_pixels_of_a_rotated_video_are_scaled_too(tmp_path):
    video = open_video(write(tmp_path / "a.mp4", aspect=Fraction(2), matrix=(0, 1, -1, 0)))
    assert (video.height, video.width) == (64, 48)
    rows = video.read([0])[0].mean(axis=(1, 2))
    assert rows[-1] > rows[0] + 100 and video.read([0], height=32).shape == (1, 32, 24, 3)


def test_nearly_square_pixels_stay_as_they_are(tmp_path):
    assert open_video(write(tmp_path / "a.mp4", aspect=Fraction(1001, 1000))).width == 32


@pytest.mark.parametrize("aspect", [Fraction(8), Fraction(1, 8)])
def test_an_implausible_pixel_aspect_is_ignored_and_noted(aspect, tmp_path):
    video = open_video(write(tmp_path / "a.mp4", aspect=aspect))
    assert (video.height, video.width) == (48, 32)
    (note,) = video.notes
    assert "times as wide as high: they were taken as square" in note


def test_a_picture_that_begins_late_is_not_cut_off(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        track = file.add_stream("mpeg4", rate=25)
        track.width = track.height = 32
        track.pix_fmt = "yuv420p"
        sound = file.add_stream("flac", rate=16_000, layout="mono")
        packets = []
        for number in range(25):
            frame = av.VideoFrame(32, 32, "yuv420p")
            frame.pts, frame.time_base = number + 25, Fraction(1, 25)
            packets += track.encode(frame)
        packets += track.encode()
        tone = (9000 * np.sin(np.arange(32_000) * 0.2)).astype(np.int16)
        for start in range(0, 32_000, 4000):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 4000], "s16", "mono")
            frame.sample_rate, frame.pts = 16_000, start
            packets += sound.encode(frame)
        packets += sound.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    video = open_video(path)
    assert (len(video), video.end_s, video.notes) == (25, pytest.approx(1.0), [])
    # Both count from the first picture.
    np.testing.assert_allclose(read_sound(path).samples[0], tone[16_000:] / np.float32(2**15), atol=1e-4)


def test_a_late_picture_in_avi_is_not_cut_off_and_a_cut_one_is(tmp_path):
    late = tmp_path / "late.avi"
    with av.open(str(late), "w") as file:
        track = file.add_stream("libx264", rate=25, options={"qp": "4", "bf": "2"})
        track.width, track.height, track.pix_fmt = 32, 32, "yuv420p"
        packets = []
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 5 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            packets += track.encode(frame)
        for packet in packets + track.encode():
            packet.pts, packet.dts = packet.pts + 25, packet.dts + 25
            file.mux(packet)
    video = open_video(late)
    assert video.notes == [] and len(video) == 25
    content = late.read_bytes()
    late.write_bytes(content[: (content.index(b"movi") + content.index(b"idx1")) // 2])
    assert any(note.startswith("cut off: ") for note in open_video(late).notes)


def test_the_error_for_another_layout_of_decoded_frames_names_it():
    pixels, times = np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, 0.1])
    for wrong, advice in (
        (np.moveaxis(pixels, -1, 1), r"np\.moveaxis\(pixels, 1, -1\)"),
        (np.moveaxis(pixels, -1, 0), r"np\.moveaxis\(pixels, 0, -1\)"),
        (np.zeros((2, 4, 6, 4), np.uint8), r"pixels\[\.\.\., :3\]"),
        (pixels[..., 0], "converts grey frames to RGB"),
        (pixels[0], r"pixels\[None\]"),
        (pixels / 255, r"\(255 \* pixels\)"),
    ):
        with pytest.raises(MediaError, match=rf"\(t, h, w, 3\) in RGB, found .*{advice}"):
            VideoFrames(wrong, times, 0.2)


@pytest.mark.parametrize("step_s", [1e-9, 2e4])
def test_decoded_frames_at_an_implausible_rate_are_refused(step_s):
    with pytest.raises(MediaError, match="frames per second"):
        VideoFrames(np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, step_s]), 2 * step_s)
    with pytest.raises(MediaError, match="at most 24 are read"):
        VideoFrames(np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, 1.0]), float("inf"))


@pytest.mark.parametrize("rate_hz", [0.0, 1e-9, 1e9, float("inf"), float("nan")])
def test_an_implausible_frame_rate_is_refused(rate_hz, tmp_path):
    with pytest.raises(UsageError, match=r"frames per second; 0\.0001 to 1e\+06 are possible"):
        open_video(tmp_path, rate_hz=rate_hz)


def test_a_file_whose_times_make_a_billion_frames_a_second_is_refused(tmp_path):
    path = write(tmp_path / "a.mp4")
    content = bytearray(path.read_bytes())
    at = content.index(b"mdhd") + 4 + 12  # ticks per second
    content[at : at + 4] = (2**31 - 1).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"frames per second; 0\.0001 to 1e\+06 are read"):
        open_video(path)


def test_extremely_elongated_frames_are_refused_before_they_are_scaled(tmp_path):
    path = write(tmp_path / "a.mp4", width=2048, height=16)
    with pytest.raises(MediaError, match=r"has frames of 2048 x 16 pixels; at most 10 times"):
        open_video(path)
    assert isinstance(open_video(write(tmp_path / "b.mp4", width=512, height=64)), Video)


def test_large_frames_are_decoded_by_few_threads(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mp4")
    monkeypatch.setattr(video_track.os, "cpu_count", lambda: 16)
    monkeypatch.setattr(video_track, "_THREAD_PIXELS", 2 * 32 * 48)
    with video_track.open_track(path) as (_, stream):
        assert stream.codec_context.thread_count == 3
