"""Any frame of any video equals that of sequential decoding; other files give one clear error."""

import os
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.video import SUFFIXES, Video, VideoFrames, open_video, video_of
from affekt.media.video import decoder as video_decoder
from affekt.media.video import index as video_index
from affekt.media.video import track as video_track

RNG = np.random.default_rng(0)


def drawn(number, height, width):
    """A unique picture: stripes that encode the frame number in binary over a moving pattern."""
    pixels = np.kron(
        np.random.default_rng(0).integers(60, 200, (height // 8 + 1, width // 8 + 1, 3)), np.ones((8, 8, 1))
    )
    pixels = np.roll(pixels, number, axis=1)[:height, :width].astype(np.uint8)
    for bit in range(8):
        pixels[: height // 2, bit * width // 8 : (bit + 1) * width // 8] = 235 if number >> bit & 1 else 20
    return pixels


def number_in(pixels):
    """The frame number that a drawn picture encodes."""
    height, width = pixels.shape[:2]
    middles = [(2 * bit + 1) * width // 16 for bit in range(8)]
    return sum(int(pixels[height // 4, middle].mean() > 127) << bit for bit, middle in enumerate(middles))


def write(
    path, frames=60, codec="libx264", height=48, width=64, pixels="yuv420p", rate=25, times_ms=None, sounds=0,
    container=None, picture=drawn, mux=None, **options,
):  # fmt: skip
    """Make a video of drawn pictures; `times_ms` are display times, if not regular."""
    with av.open(str(path), "w", format=container, options=mux or {}) as file:
        track = file.add_stream(
            codec, rate=rate, options={name.replace("_", "-"): str(v) for name, v in options.items()}
        )
        track.height, track.width, track.pix_fmt = height, width, pixels
        if times_ms is not None:
            track.codec_context.time_base = Fraction(1, 1000)
        tracks = [
            file.add_stream("libmp3lame" if path.suffix == ".avi" else "aac", rate=16000)
            for _ in range(sounds)
        ]
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, height, width), format="rgb24")
            frame.pts = number if times_ms is None else int(times_ms[number])
            frame.time_base = Fraction(1, rate) if times_ms is None else Fraction(1, 1000)
            file.mux(track.encode(frame))
        file.mux(track.encode())
        for sound in tracks:
            for start in range(0, frames * 16000 // rate, 1000):
                tone = av.AudioFrame.from_ndarray(
                    np.zeros((1, 1000), np.float32), format="fltp", layout="mono"
                )
                tone.rate, tone.pts = 16000, start
                file.mux(sound.encode(tone))
            file.mux(sound.encode())
    return path


def in_order(path, height=None):
    """All frames by plain sequential decoding."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


# Formats that identify frames in different ways.
KINDS = {
    "b_frames.mp4": {"x264_params": "keyint=20:bframes=3"},
    "long_gop.mp4": {"x264_params": "keyint=250:bframes=5:b-pyramid=normal"},
    "open_gop.mkv": {"x264_params": "keyint=20:bframes=3:open-gop=1"},
    "open_gop.ts": {"x264_params": "keyint=20:bframes=3:open-gop=1"},
    "intra_refresh.ts": {"x264_params": "keyint=20:intra-refresh=1"},
    "unordered.avi": {"x264_params": "keyint=20:bframes=3"},  # AVI has no presentation times
    "raw.h264": {"container": "h264"},  # and raw H.264 has no times at all
    "programme.mpg": {"codec": "mpeg2video", "bf": 2, "g": 15},
    "hidden.webm": {
        "codec": "libvpx",
        "auto_alt_ref": 1,
        "lag_in_frames": 16,
        "g": 30,
        "deadline": "realtime",
    },
    "windows.wmv": {"codec": "wmv2", "g": 20},
    "flash.flv": {"x264_params": "keyint=20"},
    "pictures.mov": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "phone.3gp": {"codec": "mpeg4", "g": 20},
    "grey.mkv": {"codec": "ffv1", "pixels": "gray"},
    "ten_bits.mkv": {"pixels": "yuv420p10le"},
    "odd.mkv": {"codec": "ffv1", "height": 49, "width": 67},
    "varying.mp4": {"times_ms": np.cumsum(RNG.integers(5, 90, 60)), "x264_params": "keyint=20"},
    "varying.mkv": {"times_ms": np.cumsum(RNG.integers(5, 90, 60)), "x264_params": "keyint=20"},
    "alone.mp4": {"frames": 1},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A function that makes a clip of a kind once."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def clip(name):
        if name not in made:
            made[name] = write(folder / name, **KINDS[name])
        return made[name]

    return clip


@pytest.mark.parametrize("name", KINDS)
def test_any_frames_in_any_order_are_those_of_sequential_decoding(name, clips):
    video, expected = open_video(clips(name)), in_order(clips(name))
    assert len(video) == len(expected) == KINDS[name].get("frames", 60)
    for size in (1, 3, 40):
        numbers = RNG.integers(0, len(video), size)
        np.testing.assert_array_equal(video.read(numbers), np.stack([expected[n] for n in numbers]))
    for number, pixels in video.frames():
        assert number_in(pixels) == number
        np.testing.assert_array_equal(pixels, expected[number])
    assert not [note for note in video.notes if "replaced" in note]


@pytest.mark.parametrize("name", KINDS)
def test_times_increase_from_zero_and_the_last_frame_lasts(name, clips):
    video = open_video(clips(name))
    assert video.times_s[0] == 0 and video.times_s.dtype == np.float64
    assert np.all(np.diff([*video.times_s, video.end_s]) > 0)
    if "times_ms" in KINDS[name]:
        times = KINDS[name]["times_ms"] / 1000
        np.testing.assert_allclose(video.times_s, times - times[0], atol=1e-3)
    else:
        np.testing.assert_allclose(video.times_s, np.arange(len(video)) / 25, atol=1e-3)
        assert video.end_s == pytest.approx(len(video) / 25, abs=1e-3)


def test_a_note_states_that_a_file_has_no_timestamps(clips):
    assert open_video(clips("raw.h264")).notes == [
        "it has no usable timestamps: 25 frames per second are assumed"
    ]
    assert open_video(clips("b_frames.mp4")).notes == []


def test_frames_before_a_far_keyframe_are_not_decoded(tmp_path, monkeypatch):
    path, decoded = write(tmp_path / "a.mp4", 200, x264_params="keyint=20:scenecut=0"), []
    video = open_video(path)
    plain = video_decoder._decode
    monkeypatch.setattr(
        video_decoder, "_decode", lambda context, packet: decoded.append(packet) or plain(context, packet)
    )
    assert [number_in(pixels) for pixels in video.read([190, 63, 60])] == [190, 63, 60]
    assert len(decoded) < 60


def test_a_height_scales_and_keeps_the_aspect(clips):
    video = open_video(clips("b_frames.mp4"))
    small = video.read([5, 9], height=24)
    assert small.shape == (2, 24, 32, 3)
    assert [number_in(pixels) for pixels in small] == [5, 9]
    blocks = video.read([5]).reshape(24, 2, 32, 2, 3).mean((1, 3, 4))
    assert np.abs(small[0].mean(axis=2) - blocks).mean() < 3  # grey: chroma is stored at half the size anyway
    assert video.read([5], height=96).shape == (1, 96, 128, 3)
    with pytest.raises(UsageError, match="cannot be read at a height of 0"):
        video.read([0], height=0)
    with pytest.raises(UsageError, match="cannot be read at a height"):
        video.read([0], height=100_000)


def test_an_odd_size_is_kept(clips):
    video = open_video(clips("odd.mkv"))
    assert (video.height, video.width) == (49, 67)
    assert video.read([0], height=25).shape == (1, 25, 34, 3)


@pytest.mark.parametrize("standard", ["bt709", "smpte170m"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p"])
def test_colours_are_those_that_were_drawn(tmp_path, standard, pixels):
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (230, 230, 230)]
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=25, options={"crf": "1"})
        track.height, track.width, track.pix_fmt = 32, 32, pixels
        track.codec_context.colorspace = {"bt709": 1, "smpte170m": 6}[standard]
        track.codec_context.color_range = 2 if pixels == "yuvj420p" else 1
        for number, colour in enumerate(colours):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), colour, np.uint8), format="rgb24")
            frame = frame.reformat(
                format=pixels, dst_colorspace="ITU709" if standard == "bt709" else "SMPTE170M",
                dst_color_range="JPEG" if pixels == "yuvj420p" else "MPEG",
            )  # fmt: skip
            frame.pts = number
            file.mux(track.encode(frame))
        file.mux(track.encode())
    for height in (32, 16):
        seen = open_video(path).read(range(4), height=height)[:, 8, 8].astype(int)
        assert np.abs(seen - colours).max() <= 4


# What cameras write to the track header: a b c d of x' = a x + c y, y' = b x + d y.
TURNS = {
    "none": ((1, 0, 0, 1), lambda p: p),
    "quarter clockwise": ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
    "half": ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
    "quarter counterclockwise": ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
    "mirror": ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "mirror and quarter": ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_rotation_metadata_is_applied(tmp_path, clips, turn):
    (a, b, c, d), expected = TURNS[turn]
    content = bytearray(clips("b_frames.mp4").read_bytes())
    start = content.index(b"tkhd") + 4 + 40  # version 0
    matrix = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], ">i4")
    content[start : start + 36] = matrix.tobytes()
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    video, stored = open_video(path), in_order(path)[7]
    np.testing.assert_array_equal(video.read([7])[0], expected(stored))
    assert (video.height, video.width) == expected(stored).shape[:2]
    half = video.read([7], height=video.height // 2)
    assert half.shape == (1, video.height // 2, video.width // 2, 3)


def test_sound_tracks_are_counted(tmp_path, clips):
    assert open_video(write(tmp_path / "a.mp4", 10, sounds=2)).sound_tracks == 2
    assert open_video(write(tmp_path / "a.avi", 10, codec="mpeg4", sounds=1)).sound_tracks == 1
    assert open_video(clips("b_frames.mp4")).sound_tracks == 0


def test_every_suffix_that_is_listed_is_a_video(clips):
    assert {path for path in KINDS if "raw" not in path and not path.endswith(SUFFIXES)} == set()


def test_part_of_a_video_counts_from_zero_again(clips):
    video = open_video(clips("b_frames.mp4"))
    part = video.part(0.4, 1.2)
    assert len(part) == 20 and part.times_s[0] == 0 and part.end_s == pytest.approx(0.8)
    assert [number_in(pixels) for pixels in part.read([0, 19])] == [10, 29]
    assert [number for number, _ in part.frames()] == list(range(20))
    assert [number_in(pixels) for pixels in part.part(0.2, 9.0).read([0])] == [15]
    assert len(video.part(0.42, 0.43)) == 1  # within a frame
    for start, stop in ((9.0, 10.0), (1.0, 1.0), (1.0, 0.5), (-1.0, 1.0), (float("nan"), 1.0)):
        with pytest.raises(MediaError, match=r"b_frames\.mp4 ends at 2\.4 s"):
            video.part(start, stop)


def test_chosen_frames_are_read_in_one_pass_with_their_own_numbers(clips):
    video = open_video(next(clips(name) for name in KINDS))
    part, numbers = video.part(video.times_s[5], video.end_s), [0, 3, 4, 20]
    found = list(part.chosen(numbers, height=12))
    assert [number for number, _ in found] == numbers
    np.testing.assert_array_equal(np.stack([pixels for _, pixels in found]), part.read(numbers, height=12))
    for wrong in ([3, 3], [4, 2], [-1, 2], [0, len(part)]):
        with pytest.raises(UsageError, match="increasing frame numbers"):
            part.chosen(wrong)


def test_a_sample_is_cut_to_its_span(clips):
    path = clips("b_frames.mp4")
    video = video_of(Sample(id="a", media={"video": path}, span_s=(1.0, 2.0)))
    assert len(video) == 25 and number_in(video.read([0])[0]) == 25
    with pytest.raises(
        MediaError, match=r"sample a: .*b_frames\.mp4 ends at 2\.4 s; 4\.0 to 6\.0 s were asked for"
    ):
        video_of(Sample(id="a", media={"video": path}, span_s=(4.0, 6.0)))
    with pytest.raises(MediaError, match="sample a has no video; it has audio"):
        video_of(Sample(id="a", media={"audio": path}))


def test_a_video_is_pickled_with_its_index_and_keeps_no_file_open(tmp_path, clips):
    path = tmp_path / "a.mp4"
    path.write_bytes(clips("b_frames.mp4").read_bytes())
    video = pickle.loads(pickle.dumps(open_video(path)))
    assert open_video(video) is video
    assert number_in(video.read([33])[0]) == 33
    path.unlink()
    with pytest.raises(MediaError, match=r"a\.mp4 cannot be read: No such file"):
        video.read([0])


def test_wrong_numbers_are_refused_and_none_give_none(clips):
    video = open_video(clips("b_frames.mp4"))
    assert video.read([]).shape == (0, 48, 64, 3)
    for wrong in ([60], [-1], np.array([0.5]), np.array([[1]])):
        with pytest.raises(UsageError):
            video.read(wrong)


# Damage


@pytest.fixture(scope="module")
def streamed(tmp_path_factory):
    """A clip with its index in front, so that it can be cut anywhere."""
    return write(
        tmp_path_factory.mktemp("cut") / "a.mp4",
        120,
        mux={"movflags": "faststart"},
        x264_params="keyint=50:bframes=3",
    )


@pytest.mark.parametrize("share", [0.5, 0.6, 0.8, 0.95])
def test_the_decodable_part_of_a_cut_off_file_is_used_and_noted(tmp_path, streamed, share):
    content = streamed.read_bytes()
    (tmp_path / "a.mp4").write_bytes(content[: int(share * len(content))])
    video = open_video(tmp_path / "a.mp4")
    assert video.notes == [f"cut off: {len(video)} of 120 stated frames can be decoded"]
    assert 1 <= len(video) < 120
    numbers = [number_in(pixels) for pixels in video.read(range(len(video)))]
    assert numbers == sorted(set(numbers)) and numbers[0] == 0
    np.testing.assert_allclose(video.times_s, np.array(numbers) / 25, atol=1e-3)


def test_a_note_states_where_a_cut_off_matroska_file_ends(tmp_path):
    content = write(tmp_path / "a.mkv", 100, codec="mpeg4", g=10).read_bytes()
    (tmp_path / "a.mkv").write_bytes(content[: len(content) // 2])
    (note,) = open_video(tmp_path / "a.mkv").notes
    assert note.startswith("cut off: it ends at") and note.endswith("of 4.0 s")


def test_a_file_cut_off_before_its_first_frame_is_refused_with_the_reason(tmp_path, streamed):
    content = streamed.read_bytes()
    (tmp_path / "a.mp4").write_bytes(content[: content.index(b"mdat") + 8])
    with pytest.raises(MediaError, match="is cut off or damaged: none of its 120 frames can be decoded"):
        open_video(tmp_path / "a.mp4")


def test_a_file_cut_off_before_its_index_is_refused_with_the_reason(tmp_path, clips):
    content = clips("b_frames.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(
        MediaError, match=r"a\.mp4 is cut off or damaged: .* its index \(moov\) cannot be read"
    ):
        open_video(tmp_path / "a.mp4")


def damaged(path, source, numbers):
    """A copy in which the packets of some frames are noise."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as file:
        places = {packet.pts: (packet.pos, packet.size) for packet in file.demux(video=0) if packet.size}
    for number in numbers:
        pos, size = places[sorted(places)[number]]
        content[pos : pos + size] = bytes(size)
    path.write_bytes(content)
    return path


def test_frames_that_cannot_be_decoded_are_replaced_by_the_nearest_earlier_ones(tmp_path):
    source = write(tmp_path / "whole.mov", 40, codec="mjpeg", pixels="yuvj420p")
    video = open_video(damaged(tmp_path / "a.mov", source, [0, 20, 21]))
    assert len(video) == 40
    assert [number_in(pixels) for pixels in video.read([22, 21, 20, 19, 0])] == [22, 19, 19, 19, 1]
    assert video.notes == ["3 frames could not be decoded and were replaced by the nearest decodable ones"]
    assert [number_in(pixels) for _, pixels in video.frames()] == [1, *range(1, 20), 19, 19, *range(22, 40)]
    assert video.part(1.0, 1.2).notes == []


def test_a_pass_through_a_damaged_file_gives_every_frame_in_order(tmp_path):
    source = write(tmp_path / "whole.mov", 60, codec="mjpeg", pixels="yuvj420p")
    video = open_video(damaged(tmp_path / "a.mov", source, [0, 1, 7, 30, 31, 32, 59]))
    walked = [(number, number_in(pixels)) for number, pixels in video.frames()]
    shown = {0: 2, 1: 2, 7: 6, 30: 29, 31: 29, 32: 29, 59: 58}
    assert walked == [(number, shown.get(number, number)) for number in range(60)]
    np.testing.assert_array_equal(video.read(range(60)), np.stack([pixels for _, pixels in video.frames()]))


def test_a_damaged_packet_does_not_change_the_numbers_of_other_frames(tmp_path):
    source = write(tmp_path / "whole.mp4", 120, x264_params="keyint=20:bframes=3")
    video = open_video(damaged(tmp_path / "a.mp4", source, [50]))
    assert len(video) == 120
    shown = [number_in(pixels) for pixels in video.read([119, 10, 70, 45])]
    assert shown == [119, 10, 70, 45]
    assert sum(1 for _ in video.frames()) == 120


def test_a_file_without_decodable_frames_is_refused_with_the_reason(tmp_path):
    source = write(tmp_path / "whole.mov", 10, codec="mjpeg", pixels="yuvj420p")
    with pytest.raises(MediaError, match=r"a\.mov is cut off or damaged: none of its 10 frames"):
        open_video(damaged(tmp_path / "a.mov", source, range(10)))


def test_random_damage_never_escapes_as_another_error(tmp_path, clips):
    rng = np.random.default_rng(1)
    for name in ("b_frames.mp4", "open_gop.mkv", "open_gop.ts", "unordered.avi", "hidden.webm"):
        content, path = clips(name).read_bytes(), tmp_path / name
        for _ in range(12):
            broken = bytearray(content)
            for place in rng.integers(0, len(content), 30):
                broken[place] = rng.integers(0, 256)
            path.write_bytes(broken)
            try:
                video = open_video(path)
                assert len(video.read([0, len(video) - 1])) == 2
                assert sum(1 for _ in video.frames(height=16)) == len(video)
            except MediaError as error:
                assert name in str(error)


# What is not a video


def test_the_error_for_a_file_without_video_states_its_content(tmp_path):
    (tmp_path / "text.mp4").write_text("hello, this is no video")
    (tmp_path / "empty.mp4").touch()
    with av.open(str(tmp_path / "sound.mp4"), "w") as file:
        track = file.add_stream("aac", rate=16000)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        tone.rate = 16000
        file.mux(track.encode(tone))
        file.mux(track.encode())
    for name, message in {
        "text.mp4": r"text\.mp4 cannot be read as video.*it holds the text 'hello",
        "empty.mp4": r"empty\.mp4 is empty",
        "sound.mp4": r"sound\.mp4 has no video track: it holds sound only",
        "nowhere.mp4": r"nowhere\.mp4 cannot be read: No such file",
    }.items():
        with pytest.raises(MediaError, match=message):
            open_video(tmp_path / name)


def test_tags_in_latin_1_do_not_refuse_a_file(tmp_path):
    path = write(tmp_path / "a.mkv", 12)
    with av.open(str(path)) as file, av.open(str(tmp_path / "b.mkv"), "w") as out:
        out.metadata["title"] = "Gesprache in Koln"
        copy = out.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(video=0):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    content = (tmp_path / "b.mkv").read_bytes()
    assert b"Gesprache in Koln" in content
    path.write_bytes(content.replace(b"Gesprache in Koln", "Gespräche in Köln".encode("latin-1")))
    assert len(open_video(path)) == 12


def threads_of(path):
    """Threads of the decoder of a file."""
    with video_track.open_track(path) as (_, stream):
        return stream.codec_context.thread_count


def test_a_decoder_in_a_worker_process_takes_one_core(clips, monkeypatch):
    path = clips("b_frames.mp4")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert threads_of(path) == 4
    monkeypatch.setattr(video_track.multiprocessing, "parent_process", object)
    assert threads_of(path) == 1


def test_a_picture_is_not_a_video(tmp_path):
    Image.fromarray(drawn(1, 48, 64)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    with pytest.raises(MediaError, match=r"a\.mp4 cannot be read as video"):
        open_video(tmp_path / "a.mp4")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2.4,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{other}'\n",
        "ffconcat version 1.0\nfile {address}\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2.4,\n{address}\n#EXT-X-ENDLIST\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        '<AdaptationSet><Representation id="1"><BaseURL>{address}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ffconcat", ".mpd", ".sdp"])
def test_a_playlist_is_refused_and_nothing_it_names_is_opened(tmp_path, clips, listening, text, suffix):
    path, (port, arrived) = tmp_path / f"clip{suffix}", listening
    path.write_text(
        text.format(other=clips("b_frames.mp4"), address=f"http://127.0.0.1:{port}/a.ts", port=port)
    )
    with pytest.raises(MediaError, match="is a playlist or script, which refers to other files"):
        open_video(path)
    assert not arrived


@pytest.mark.parametrize(
    "reference",
    ["http://127.0.0.1:{port}/a.mp4", "tcp://127.0.0.1:{port}", "cache:http://127.0.0.1:{port}/", "pipe:0",
     "concat:{other}|{other}", "file:{other}", "subfile,,start,0,end,0,,:{other}", "lavfi:testsrc", "-", "\0",
     "%03d.jpg"],
)  # fmt: skip
def test_an_address_or_protocol_is_refused_and_nothing_is_downloaded(clips, listening, reference):
    port, arrived = listening
    with pytest.raises(MediaError):
        open_video(reference.format(port=port, other=clips("b_frames.mp4")))
    assert not arrived


def test_an_address_and_a_missing_file_have_different_errors():
    with pytest.raises(MediaError, match=r"http://a\.b/c\.mp4 is not a file; .* nothing is downloaded"):
        open_video("http://a.b/c.mp4")


def test_a_file_with_a_colon_in_its_name_is_a_file(tmp_path, clips, monkeypatch):
    (tmp_path / "concat:a.mp4").write_bytes(clips("b_frames.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(open_video("concat:a.mp4")) == 60


def test_devices_and_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", "/dev/zero", "/dev/null"):
        with pytest.raises(MediaError, match="is not a regular file"):
            open_video(path)


def test_other_files_that_a_movie_refers_to_are_not_opened(tmp_path, clips):
    content = clips("b_frames.mp4").read_bytes()
    other = str(clips("long_gop.mp4")).encode()
    # A data reference without the "self-contained" flag, as old QuickTime movies have: url + path.
    entry = (12 + len(other) + 1).to_bytes(4, "big") + b"url " + bytes(4) + other + b"\0"
    start = content.index(b"url ") - 4
    grown = bytearray(content[:start] + entry + content[start + 12 :])
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = grown.index(box) - 4
        size = int.from_bytes(grown[place : place + 4], "big") + len(entry) - 12
        grown[place : place + 4] = size.to_bytes(4, "big")
    (tmp_path / "a.mp4").write_bytes(grown)
    expected = in_order(clips("b_frames.mp4"))[5]
    video = open_video(tmp_path / "a.mp4")
    np.testing.assert_array_equal(video.read([5])[0], expected)


# Bounds


def test_too_large_frames_are_refused_before_they_are_decoded(clips, monkeypatch):
    monkeypatch.setattr(video_track, "MAX_PIXELS", 1000)
    monkeypatch.setattr(video_decoder, "_decode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(MediaError, match="has frames of 64 x 48 pixels; at most"):
        open_video(clips("b_frames.mp4"))


def test_too_many_frames_are_refused(clips, monkeypatch):
    monkeypatch.setattr(video_index, "MAX_FRAMES", 50)
    with pytest.raises(MediaError, match="has more than 50 frames; cut out a shorter part"):
        open_video(clips("b_frames.mp4"))


def test_an_absurd_duration_is_refused(tmp_path):
    path = write(tmp_path / "a.mkv", 3, codec="mjpeg", pixels="yuvj420p", times_ms=[0, 40, 360_000_000])
    with pytest.raises(MediaError, match="states that it lasts 100 h; at most 24 are read"):
        open_video(path)


def test_an_hour_is_read_in_the_memory_of_its_asked_frames(tmp_path):
    def plain(number, height, width):
        bars = [235 if number >> bit & 1 else 20 for bit in range(8)]
        return np.broadcast_to(
            np.repeat(np.uint8(bars), width // 8)[None, :, None], (height, width, 3)
        ).copy()

    path = write(tmp_path / "hour.mp4", 3600, codec="mpeg4", rate=1, g=12, picture=plain)
    video = open_video(path)
    assert len(video) == 3600 and video.end_s == pytest.approx(3600)
    numbers = np.concatenate([np.arange(start, start + 16) for start in range(0, 3600, 300)])
    pixels = video.read(numbers)
    assert [number_in(picture) for picture in pixels] == (numbers % 256).tolist()
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the peak of a process's memory apart from that of its parent")
    # In a separate process, to measure its own peak only. All pixels of the hour are 33 MB.
    code = (
        "import sys; from affekt.media.video import open_video; video = open_video(sys.argv[1]);"
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]);"
        "video.read(range(16)); before = peak(); video.read(range(0, 3600, 20));"
        "seen = sum(1 for _ in video.frames()); print(seen, peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True)
    seen, grown_kb = map(int, done.stdout.split())
    assert seen == 3600 and grown_kb < 12_000


# Folders and decoded frames


@pytest.fixture
def folder(tmp_path):
    """A function that writes a folder of frames of some numbers."""

    def make(numbers, count=None):
        path = tmp_path / "frames"
        path.mkdir()
        for number in numbers:
            Image.fromarray(drawn(number, 48, 64)).save(path / f"{number:06}.jpg", quality=95)
        if count is not None:
            (path / "n_frames").write_text(str(count))
        return path

    return make


@pytest.mark.parametrize(
    ("count", "frames", "note"),
    [
        (None, 12, None),
        (12, 12, None),
        ("8\n", 8, None),
        (20, 12, "n_frames states 20, but the files are numbered 1 to 12: all were used"),
        (0, 12, "n_frames states 0, but the files are numbered 1 to 12: all were used"),
        ("many", 12, "n_frames states 'many', which is not a number: all 12 files were used"),
    ],
)
def test_a_folder_of_frames_is_a_video(folder, count, frames, note):
    video = open_video(folder(range(1, 13), count), rate_hz=10.0)
    assert len(video) == frames and video.notes == ([note] if note else [])
    assert (video.height, video.width, video.sound_tracks) == (48, 64, 0)
    np.testing.assert_allclose(video.times_s, np.arange(frames) / 10)
    assert video.end_s == pytest.approx(frames / 10)
    assert [number_in(pixels) for pixels in video.read([7, 0, 7])] == [8, 1, 8]
    assert video.read([0], height=24).shape == (1, 24, 32, 3)


def test_missing_frames_of_a_folder_are_replaced_by_the_nearest_earlier_ones(folder):
    video = open_video(folder([1, 2, 5, 6, 8]))
    assert [number_in(pixels) for _, pixels in video.frames()] == [1, 2, 2, 2, 5, 6, 6, 8]
    assert video.notes == ["3 of 8 frames are missing: they were replaced by the nearest earlier ones"]
    assert video.end_s == pytest.approx(8 / 25)


def test_broken_frames_of_a_folder_are_replaced_by_their_neighbours(folder):
    path = folder(range(1, 7))
    for number in (1, 4, 5):
        (path / f"{number:06}.jpg").write_bytes(b"no picture")
    video = open_video(path)
    assert [number_in(pixels) for _, pixels in video.frames()] == [2, 2, 3, 3, 3, 6]
    assert video.notes == ["3 frames could not be decoded and were replaced by the nearest decodable ones"]


def test_the_error_for_a_folder_without_frames_states_what_is_expected(tmp_path, folder):
    with pytest.raises(MediaError, match=r"holds no frames: pictures named 000001\.jpg"):
        open_video(tmp_path)
    path = folder([1, 2])
    for file in path.iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(MediaError, match="holds no picture that can be read"):
        open_video(path)


def test_a_folder_with_one_stray_number_is_refused(folder):
    path = folder([1, 2])
    (path / "000002.jpg").rename(path / "999999999.jpg")
    with pytest.raises(MediaError, match="are missing"):
        open_video(path)


def test_an_impossible_rate_is_refused(folder):
    for rate in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="frames per second"):
            open_video(folder([1]) if rate == 0 else "frames", rate_hz=rate)


def test_the_rate_of_a_folder_is_a_fact_of_its_sample(folder):
    video = video_of(Sample(id="a", media={"video": folder(range(1, 11))}, facts={"rate_hz": 5.0}))
    assert video.end_s == pytest.approx(2.0)


def test_decoded_frames_are_a_video():
    pixels = np.stack([drawn(number, 48, 64) for number in range(6)])
    video = open_video(VideoFrames(pixels, np.array([0.0, 0.1, 0.2, 0.5, 0.6, 0.7]), 0.9))
    assert isinstance(video, Video) and video.name == "decoded frames" and video.sound_tracks == 0
    np.testing.assert_array_equal(video.read([5, 0]), pixels[[5, 0]])
    assert video.read([1], height=24).shape == (1, 24, 32, 3)
    assert len(video.part(0.25, 0.6)) == 2  # what is shown then: the frames from 0.2 and 0.5 s


def test_decoded_frames_of_a_wrong_kind_are_refused():
    pixels, times = np.zeros((2, 4, 4, 3), np.uint8), np.array([0.0, 0.1])
    for wrong in (
        (pixels.astype(float), times, 0.2), (pixels[..., :2], times, 0.2), (pixels[:0], times[:0], 0.2),
        (pixels, times[:1], 0.2), (pixels, times + 1, 2.0), (pixels, times, 0.1), (pixels, times[::-1], 0.2),
    ):  # fmt: skip
        with pytest.raises(MediaError):
            VideoFrames(*wrong)


# Real files


def test_a_real_clip_whose_edit_list_hides_three_frames_has_the_others(shared):
    path = shared / "data/media_samples/no_face.mp4"
    video, expected = open_video(path), in_order(path)
    assert len(video) == len(expected) == 95
    assert video.notes == ["95 of 98 stated frames are shown: the file hides the others"]
    numbers = [94, 3, 50, 0, 50]
    np.testing.assert_array_equal(video.read(numbers), np.stack([expected[n] for n in numbers]))


def test_a_real_clip_read_in_random_order_equals_sequential_decoding(shared):
    path = shared / "data/media_samples/WolfgangLanger_Pexels.mp4"
    video, expected = open_video(path), in_order(path)
    assert len(video) == 472 and video.sound_tracks == 1 and video.notes == []
    assert video.end_s == pytest.approx(472 * 1001 / 24000)
    numbers = RNG.integers(0, 472, 24)
    np.testing.assert_array_equal(video.read(numbers), np.stack([expected[n] for n in numbers]))
