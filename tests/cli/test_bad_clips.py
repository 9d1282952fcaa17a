"""Damaged and unusual clips: `affekt predict` gives an answer or one clear error."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from affekt.core.claims.invented import NOTE
from affekt.data.open import open_dataset
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

pytestmark = pytest.mark.xdist_group("clips")

RATE_HZ = 12.0
HOUR_S, MINUTE_S = 3600, 60
# Resident memory of the whole command; onnxruntime alone takes 100 MB of it.
MOST_MB, GROWTH_MB = 600, 100
# What a child process prints at its end: its peak resident memory in kB.
PEAK = "import atexit; atexit.register(lambda: print([line for line in open('/proc/self/status') "
PEAK += "if line.startswith('VmHWM')][0].split()[1], file=sys.stderr));"


def affekt(*arguments, before=""):
    code = f"import sys; {before} from affekt.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def answers(bundle, *paths, **values):
    """Predictions of a call that must succeed with each path."""
    done = affekt("predict", bundle, *paths, "--json", "--backend", "onnxruntime", **values)
    assert done.returncode == 0, done.stderr
    predictions = json.loads(done.stdout)["predictions"]
    assert [prediction["id"] for prediction in predictions] == list(map(str, paths)), done.stderr
    for prediction in predictions:
        assert sum(prediction["scores"].values()) == pytest.approx(1)
    return predictions, done


def refusal(bundle, path):
    """The error, one line, of a call that must fail."""
    done = affekt("predict", bundle, path)
    assert done.returncode == 1 and not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("MediaError") and path.name in line
    return line


@pytest.fixture(scope="module")
def performance():
    """Frames and sound of two seconds."""
    options = {"clips": 24, "pixels": 48, "frames_per_clip": 24}
    media = open_dataset("moving_shapes", None, options).samples[5].media
    return media["video"], media["audio"]


def first(frames, count):
    """The first frames of a video."""
    return VideoFrames(frames.pixels[:count], frames.times_s[:count], count / RATE_HZ)


def encode(path, pixels, codec, pixel_format, **options):
    """A clip in any codec, without sound."""
    with av.open(str(path), "w") as file:
        track = file.add_stream(codec, rate=12, options=options)
        track.height, track.width, track.pix_fmt = *pixels.shape[1:3], pixel_format
        for number, picture in enumerate(pixels):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


# Cut off


def test_a_clip_whose_end_is_missing_is_answered_with_a_note(clip_bundle, performance, tmp_path):
    frames, sound = performance
    whole = write_clip(tmp_path / "whole.mp4", frames, sound).read_bytes()  # its index comes first
    (tmp_path / "cut.mp4").write_bytes(whole[: int(0.7 * len(whole))])
    (prediction,), _ = answers(clip_bundle, tmp_path / "cut.mp4")
    (note,) = [note for note in prediction["notes"] if "cut off" in note]
    assert note.endswith("of 24 stated frames can be decoded")
    assert 0 < prediction["span_s"][1] < 2
    assert prediction["moments"][-1]["end_s"] == prediction["span_s"][1]


def test_a_clip_whose_index_is_missing_is_refused(clip_bundle, performance, tmp_path):
    path = encode(tmp_path / "clip.mp4", performance[0].pixels, "libx264", "yuv420p")  # its index comes last
    path.write_bytes(path.read_bytes()[:-200])
    assert "is cut off or damaged" in (line := refusal(clip_bundle, path)) and "(moov)" in line


# Files of another type than their suffix


def test_a_text_file_with_the_suffix_of_a_clip_is_refused(clip_bundle, tmp_path):
    (tmp_path / "clip.mp4").write_text("dear diary")
    assert "it holds the text 'dear diary'" in refusal(clip_bundle, tmp_path / "clip.mp4")


def test_sound_alone_is_refused_by_a_network_for_video(clip_bundle, performance, tmp_path):
    path = write_clip(tmp_path / "voice.mp4", None, performance[1])
    assert "has no video track: it holds sound only" in refusal(clip_bundle, path)


PLAYLISTS = {
    "clip.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
    "clip.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
    "clip.mkv": "ffconcat version 1.0\nfile {other}\n",
}


def test_playlists_are_refused_and_nothing_they_name_is_opened(clip_bundle, clip_files, tmp_path, listening):
    port, arrived = listening
    for name, text in PLAYLISTS.items():
        (tmp_path / name).write_text(text.format(port=port, other=clip_files / "clip0.mp4"))
    done = affekt("predict", clip_bundle, *(tmp_path / name for name in PLAYLISTS))
    assert done.returncode == 1 and not done.stdout.strip()
    assert f"{next(iter(PLAYLISTS))} is a playlist or script, which refers to other files" in done.stderr
    assert f"({len(PLAYLISTS) - 1} more for this reason)" in done.stderr
    assert not arrived


def test_an_address_is_named_and_not_opened(clip_bundle, listening):
    port, arrived = listening
    done = affekt("predict", clip_bundle, f"http://127.0.0.1:{port}/clip.mp4")
    assert done.returncode == 2 and "is a URL, and affekt opens no network connection" in done.stderr
    assert not arrived


# Missing sound, few frames, unusual pixels


def test_without_a_sound_track_the_picture_is_answered_with_a_note(clip_bundle, performance, tmp_path):
    path = write_clip(tmp_path / "mute.mp4", performance[0], None)
    (prediction,), done = answers(clip_bundle, path)
    assert prediction["modality"] == "video"
    assert prediction["notes"] == ["no sound track: the answer is based on the picture alone", NOTE]
    assert f"{path}: {prediction['notes'][0]}\n" in done.stderr


def test_a_sound_track_that_cannot_be_decoded_is_left_out_with_a_note(clip_bundle, broken_sound_clip):
    (prediction,), _ = answers(clip_bundle, broken_sound_clip)
    assert prediction["modality"] == "video"
    (note, invented) = prediction["notes"]
    assert invented == NOTE
    assert note.startswith("its sound cannot be used") and note.endswith("is based on the picture alone")


def test_a_single_frame_and_a_fifth_of_a_second_are_answered(clip_bundle, performance, tmp_path):
    frames, sound = performance
    paths = []
    for count in (1, 2):
        part = Waveform(sound.samples[:, : round(count / RATE_HZ * sound.rate_hz)], sound.rate_hz)
        paths.append(write_clip(tmp_path / f"{count}.mp4", first(frames, count), part))
    predictions, _ = answers(clip_bundle, *paths)
    for count, prediction in enumerate(predictions, 1):
        assert prediction["modality"] == "video+audio" and prediction["notes"] == [NOTE]
        (moment,) = prediction["moments"]
        assert (moment["start_s"], moment["end_s"]) == (0.0, pytest.approx(count / RATE_HZ, abs=1e-3))


def test_grey_and_deep_pixels_are_answered(clip_bundle, performance, tmp_path):
    pixels = performance[0].pixels
    predictions, _ = answers(
        clip_bundle,
        encode(tmp_path / "grey.mp4", pixels, "libx264", "gray"),
        encode(tmp_path / "grey.mkv", pixels, "ffv1", "gray"),
        encode(tmp_path / "deep.mp4", pixels, "libx264", "yuv420p10le"),
    )
    for prediction in predictions:
        assert prediction["span_s"] == [0.0, pytest.approx(2.0, abs=0.01)]


# Long


@pytest.fixture(scope="module")
def looped(performance, tmp_path_factory):
    """A function that repeats a two-second clip: its packets, copied with later times."""
    folder = tmp_path_factory.mktemp("long")
    source = write_clip(folder / "source.mp4", *performance)

    def make(seconds, *, with_sound):
        path = folder / f"{seconds}-{with_sound}.mp4"
        with av.open(str(source)) as file, av.open(str(path), "w") as out:
            packets = []
            for stream in file.streams if with_sound else file.streams.video:
                copy = out.add_stream_from_template(stream)
                packets += [(packet, copy) for packet in file.demux(stream) if packet.size]
                file.seek(0)
            packets.sort(key=lambda item: item[0].dts * item[0].time_base)
            head = [
                (packet, copy, packet.pts, packet.dts, packet.time_base, round(2 / packet.time_base))
                for packet, copy in packets
            ]
            for turn in range(seconds // 2):
                for packet, copy, pts, dts, base, lap in head:
                    packet.pts, packet.dts, packet.time_base = pts + turn * lap, dts + turn * lap, base
                    packet.stream = copy
                    out.mux(packet)
        return path

    return make


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux reports the peak memory of a process"
)
@pytest.mark.parametrize("with_sound", [False, True], ids=["silent", "with sound"])
def test_an_hour_is_answered_in_the_memory_of_a_minute(clip_bundle, looped, with_sound):
    peaks_mb = []
    for seconds in (MINUTE_S, HOUR_S):
        (prediction,), done = answers(clip_bundle, looped(seconds, with_sound=with_sound), before=PEAK)
        assert prediction["span_s"][1] == pytest.approx(seconds, abs=0.5)
        assert prediction["modality"] == ("video+audio" if with_sound else "video")
        peaks_mb.append(int(done.stderr.split()[-1]) / 1024)
    assert peaks_mb[1] < MOST_MB
    assert peaks_mb[1] - peaks_mb[0] < GROWTH_MB
