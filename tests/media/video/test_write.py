from fractions import Fraction

import av
import numpy as np
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.sound import Waveform, read_sound
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.write import CLOCK_HZ, write_clip, write_mp4


def shaded(times_s, end_s, *, height=32, width=48) -> VideoFrames:
    """Frames with a gradient, each brighter than the one before."""
    ramp = np.linspace(0, 100, width, dtype=np.uint8)
    pixels = np.broadcast_to(ramp[:, None], (len(times_s), height, width, 3))
    levels = np.linspace(20, 150, len(times_s)).astype(np.uint8)
    return VideoFrames(pixels + levels[:, None, None, None], np.array(times_s, float), float(end_s))


def tone(rate_hz=16000, seconds=1.0, channels=1) -> Waveform:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    samples = [0.3 * np.sin(2 * np.pi * (440 + 220 * channel) * t) for channel in range(channels)]
    return Waveform(np.array(samples, np.float32), rate_hz)


def test_frames_are_read_at_their_times(tmp_path):
    times_s = [0.0, 0.1, 0.15, 0.5, 0.7]
    video = open_video(write_clip(tmp_path / "clip.mp4", shaded(times_s, 1.0), None))
    np.testing.assert_allclose(video.times_s, times_s, atol=1 / 90_000)
    assert video.end_s == pytest.approx(1.0, abs=1e-3)
    assert video.sound_tracks == 0


def test_frames_keep_their_colours(tmp_path):
    frames = shaded(np.arange(12) / 12, 1)
    video = open_video(write_clip(tmp_path / "clip.mp4", frames, None))
    difference = np.abs(video.read(range(12)).astype(int) - frames.pixels)
    assert difference.mean() < 4


def test_a_rate_replaces_the_frames_own_times(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", shaded([0, 0.1, 0.5], 1), None, rate_hz=30000 / 1001)
    with av.open(path) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert times == [Fraction(1001, 30000) * number for number in range(3)]


@pytest.mark.parametrize(("height", "width"), [(33, 48), (32, 47), (35, 51), (1, 1)])
def test_an_odd_size_becomes_even(tmp_path, height, width):
    frames = shaded([0, 0.5], 1, height=height, width=width)
    video = open_video(write_clip(tmp_path / "clip.mp4", frames, None))
    assert (video.height, video.width) == (height + height % 2, width + width % 2)
    last = video.read([1])[0]
    assert np.abs(last[:height, :width].astype(int) - frames.pixels[1]).mean() < 6


def test_sound_is_read_beside_the_picture(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", shaded(np.arange(10) / 10, 1), tone())
    sound = read_sound(path)
    assert sound.rate_hz == 16000
    heard, played = sound.samples[0, 2000:14000], tone().samples[0, 2000:14000]
    assert np.corrcoef(heard, played)[0, 1] > 0.99, "neither late nor early"
    assert open_video(path).sound_tracks == 1


def test_sound_in_blocks_is_that_of_the_whole(tmp_path):
    """Blocks are encoded beside the frames, so that a player finds both at one place of the file."""
    whole, frames = tone(seconds=3.0, channels=2), shaded(np.arange(30) / 10, 3)
    ticks = [CLOCK_HZ * number // 10 for number in range(31)]
    blocks = (Waveform(whole.samples[:, at : at + 7001], 16000) for at in range(0, 48000, 7001))
    for name, sound in (("whole.mp4", whole), ("blocks.mp4", blocks)):
        write_mp4(tmp_path / name, frames.pixels, ticks, sound=sound, comment="A remark.")
    one, other = (read_sound(tmp_path / name, mono=False).samples for name in ("whole.mp4", "blocks.mp4"))
    np.testing.assert_allclose(one[:, :47000], other[:, :47000], atol=1e-3)
    with av.open(str(tmp_path / "blocks.mp4")) as container:
        kinds = [
            (packet.stream.type, float(packet.pts * packet.time_base))
            for packet in container.demux()
            if packet.pts is not None
        ]
        assert container.metadata["comment"] == "A remark."
    video = [place for place, (kind, time) in enumerate(kinds) if kind == "video" and time > 1.5]
    audio = [place for place, (kind, time) in enumerate(kinds) if kind == "audio" and time < 1.0]
    assert max(audio) < min(video)


def test_sound_alone_is_written_in_stereo(tmp_path):
    sound = read_sound(write_clip(tmp_path / "voice.m4a", None, tone(44100, channels=2)), mono=False)
    assert sound.samples.shape[0] == 2
    assert sound.duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("rate_hz", "written_hz"), [(10000, 11025), (96000, 48000), (3000, 8000)])
def test_a_rate_that_players_do_not_have_is_converted(tmp_path, rate_hz, written_hz):
    sound = read_sound(write_clip(tmp_path / "voice.m4a", None, tone(rate_hz)))
    assert sound.rate_hz == written_hz
    peak_hz = np.abs(np.fft.rfft(sound.samples[0])).argmax() / sound.duration_s
    assert peak_hz == pytest.approx(440, abs=5)


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = write_clip(tmp_path / "new" / "clip.mp4", shaded([0, 0.5], 1), None)
    write_clip(path, shaded([0, 0.5], 1), None)
    assert list(path.parent.iterdir()) == [path]


def test_input_that_cannot_be_written_leaves_no_file(tmp_path):
    frames = shaded([0, 0.5], 1)
    for error, path, video, sound, rate_hz in (
        (UsageError, "clip.mp4", None, None, None),
        (UsageError, "clip.avi", frames, None, None),
        (UsageError, "clip.mp4", frames, None, 0.0),
        (UsageError, "clip.mp4", frames, None, float("nan")),
        (MediaError, "clip.mp4", shaded([0, 1e-7], 1), None, None),
        (MediaError, "clip.mp4", None, tone(channels=3), None),
        (MediaError, "clip.mp4", None, Waveform(np.zeros((1, 0), np.float32), 16000), None),
    ):
        with pytest.raises(error):
            write_clip(tmp_path / path, video, sound, rate_hz=rate_hz)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_a_media_error(tmp_path):
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(MediaError, match="cannot be written"):
        write_clip(tmp_path / "clip.mp4", shaded([0, 0.5], 1), None)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
