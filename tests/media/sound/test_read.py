"""Sound files of all formats, read in whole, in spans and in blocks; other files give one clear error."""

import tracemalloc
import wave as wav_files
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from av.audio.resampler import AudioResampler

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.sound import (
    NoSound,
    Waveform,
    read_sound,
    sound_blocks,
    sound_duration_s,
    sound_of,
    sound_span_s,
)
from affekt.media.sound import container as sound_container
from affekt.media.sound import read as module

RATE = 44_100
SECONDS = 5


def chirp(seconds=SECONDS, rate=RATE, seed=0):
    """Two channels of which the second is half as loud."""
    t = np.arange(int(seconds * rate)) / rate
    noise = 0.02 * np.random.default_rng(seed).standard_normal(len(t))
    left = 0.4 * np.sin(2 * np.pi * (300 * t + 40 * t * t)) + noise
    return np.stack([left, 0.5 * left]).astype(np.float32)


CHIRP = chirp()


def encode(path, tracks, codec, *, rate=RATE, picture_s=None, picture_from_s=0.0, delay_s=0.0, hole=None):
    """Write sound tracks and, with `picture_s`, a picture; `hole` = (second, length) shifts what follows."""
    with av.open(str(path), "w") as file:
        if picture_s is not None:
            video = file.add_stream("mpeg4", rate=25)
            video.width = video.height = 32
            video.pix_fmt = "yuv420p"
        streams = []
        for samples in tracks:
            layout = "stereo" if len(samples) == 2 else "mono"
            # Noise that an AAC encoder leaves to the decoder (PNS) differs each time.
            options = {"aac_pns": "0"} if codec == "aac" else {}
            stream = file.add_stream(codec, rate=rate, layout=layout, options=options)
            streams.append((stream, samples, layout))
        packets = []
        if picture_s is not None:
            for number in range(round(picture_s * 25)):
                image = av.VideoFrame(32, 32, "yuv420p")
                image.pts = number + round(picture_from_s * 25)
                image.time_base = Fraction(1, 25)
                packets += video.encode(image)
            packets += video.encode()
        for stream, samples, layout in streams:
            stream.codec_context.open()
            context = stream.codec_context
            resampler = AudioResampler(context.format, context.layout, rate, context.frame_size or 4096)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
            frame.sample_rate, frame.pts = rate, 0
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                piece.pts += round(delay_s * rate)
                if hole is not None and piece.pts >= hole[0] * rate:
                    piece.pts += round(hole[1] * rate)
                packets += stream.encode(piece)
            packets += stream.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return path


def make_vorbis(path):
    with soundfile.SoundFile(path, "w", RATE, 2, format="OGG", subtype="VORBIS") as file:
        for start in range(0, CHIRP.shape[1], 4096):  # libsndfile cannot take more at once
            file.write(CHIRP.T[start : start + 4096])


def rewrap(source, path, *, times=1, period_s=0.0):
    """The same packets in another container, repeated `times` times."""
    with av.open(str(source)) as file, av.open(str(path), "w") as out:
        stream = file.streams.audio[0]
        copy = out.add_stream_from_template(stream)
        packets = [packet for packet in file.demux(stream) if packet.dts is not None]
        packets = [packet for packet in packets if packet.pts >= 0 or times == 1]
        period = (
            round(period_s / stream.time_base) if period_s else sum(packet.duration for packet in packets)
        )
        head = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(times):
            for packet, (pts, dts) in zip(packets, head, strict=True):
                packet.pts, packet.dts, packet.time_base = (
                    pts + turn * period,
                    dts + turn * period,
                    stream.time_base,
                )
                packet.stream = copy
                out.mux(packet)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same sound in files of all formats."""
    folder = tmp_path_factory.mktemp("sounds")
    soundfile.write(folder / "16bit.wav", CHIRP.T, RATE, subtype="PCM_16")
    soundfile.write(folder / "24bit.wav", CHIRP.T, RATE, subtype="PCM_24")
    soundfile.write(folder / "float.wav", CHIRP.T, RATE, subtype="FLOAT")
    soundfile.write(folder / "sound.aiff", CHIRP.T, RATE)
    soundfile.write(folder / "sound.flac", CHIRP.T, RATE)
    soundfile.write(folder / "sndfile.mp3", CHIRP.T, RATE)
    make_vorbis(folder / "vorbis.ogg")
    rewrap(folder / "vorbis.ogg", folder / "vorbis.mka")
    encode(folder / "lame.mp3", [CHIRP], "libmp3lame")
    encode(folder / "sound.m4a", [CHIRP], "aac")
    encode(folder / "opus.webm", [soxr.resample(CHIRP.T, RATE, 48_000).T], "libopus", rate=48_000)
    encode(folder / "clip.mp4", [CHIRP], "aac", picture_s=SECONDS)
    encode(folder / "clip.mkv", [CHIRP], "aac", picture_s=SECONDS)
    encode(folder / "clip.ts", [CHIRP], "aac", picture_s=SECONDS)
    encode(folder / "clip.mpg", [CHIRP], "mp2", picture_s=SECONDS)
    encode(folder / "clip.mov", [CHIRP], "pcm_s16le", picture_s=SECONDS)
    return folder


EXACT = {
    "16bit.wav": 2**-15,
    "24bit.wav": 2**-23,
    "float.wav": 1e-9,
    "sound.aiff": 2**-15,
    "sound.flac": 2**-15,
}
EXACT["clip.mov"] = 2**-15
LOSSY = [
    "sndfile.mp3", "vorbis.ogg", "vorbis.mka", "lame.mp3", "sound.m4a", "opus.webm", "clip.mp4", "clip.mkv",
    "clip.ts", "clip.mpg",
]  # fmt: skip
EVERY = [*EXACT, *LOSSY]
INDEX_LAST = {"sound.m4a", "clip.mp4", "clip.mov"}  # cannot be read when cut off


def lag(found, expected):
    """How many samples `found` lies behind `expected`."""
    size = 2 ** (len(found) + len(expected)).bit_length()
    product = np.fft.rfft(found, size) * np.conj(np.fft.rfft(expected, size))
    place = int(np.argmax(np.fft.irfft(product)))
    return place if place < size // 2 else place - size


@pytest.mark.parametrize("name", EXACT)
def test_lossless_files_are_read_exactly(name, files):
    found = read_sound(files / name, mono=False)
    assert (found.rate_hz, found.samples.dtype) == (RATE, np.float32)
    np.testing.assert_allclose(found.samples, CHIRP, rtol=0, atol=EXACT[name])


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_files_keep_the_sound_at_its_time(name, files):
    found = read_sound(files / name, mono=False, rate_hz=RATE)
    assert found.samples.shape[0] == 2
    assert abs(found.duration_s - SECONDS) < 0.05
    assert lag(found.samples[0], CHIRP[0]) == 0
    both = min(found.samples.shape[1], CHIRP.shape[1])
    assert np.corrcoef(found.samples[0, :both], CHIRP[0, :both])[0, 1] > 0.98


@pytest.mark.parametrize("rate_hz", [None, 16_000])
@pytest.mark.parametrize("name", EVERY)
def test_a_span_equals_that_part_of_the_whole(name, rate_hz, files):
    whole = read_sound(files / name, rate_hz=rate_hz)
    for start_s, stop_s in ((0.25, 0.5), (2.3456, 3.1), (3.777, 99.0)):
        span = read_sound(files / name, rate_hz=rate_hz, start_s=start_s, stop_s=stop_s)
        first, last = round(start_s * whole.rate_hz), round(stop_s * whole.rate_hz)
        expected = whole.samples[:, first:last]
        assert span.samples.shape == expected.shape
        # MPEG layer 2 is decoded to 16 bit, whose last one may differ; resampling filters are 1e-6 exact.
        atol = 2**-14 if name == "clip.mpg" else 2e-6 if rate_hz else 5e-7
        np.testing.assert_allclose(span.samples, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("rate_hz", [None, 16_000, 48_000])
@pytest.mark.parametrize("name", ["16bit.wav", "lame.mp3", "clip.mp4"])
def test_blocks_joined_together_are_the_whole(name, rate_hz, files):
    blocks = list(sound_blocks(files / name, seconds=0.7, rate_hz=rate_hz, mono=False))
    whole = read_sound(files / name, rate_hz=rate_hz, mono=False)
    assert {block.samples.shape[1] for block in blocks[:-1]} == {round(0.7 * whole.rate_hz)}
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks], axis=1), whole.samples)


@pytest.mark.parametrize("name", EVERY)
def test_the_duration_is_that_of_what_can_be_read(name, files):
    assert sound_duration_s(files / name) == read_sound(files / name).duration_s


def test_mono_is_the_mean_of_the_channels(files):
    both = read_sound(files / "sound.flac", mono=False).samples
    np.testing.assert_allclose(
        read_sound(files / "sound.flac").samples, both.mean(0, keepdims=True), atol=1e-7
    )


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_101, 48_000])
def test_resampling_is_that_of_soxr(rate_hz, files):
    found = read_sound(files / "float.wav", rate_hz=rate_hz, mono=False)
    expected = soxr.resample(CHIRP.T, RATE, rate_hz, quality="HQ").T
    assert found.rate_hz == rate_hz and found.samples.shape == expected.shape
    np.testing.assert_allclose(found.samples, expected, rtol=0, atol=1e-6)


def test_decoded_sound_is_cut_and_resampled_as_a_file_is(files):
    decoded = read_sound(files / "16bit.wav", mono=False)
    for options in ({}, {"rate_hz": 16_000}, {"mono": False, "start_s": 1.0, "stop_s": 2.5}):
        expected = read_sound(files / "16bit.wav", **options)
        np.testing.assert_array_equal(read_sound(decoded, **options).samples, expected.samples)
    assert sound_duration_s(decoded) == decoded.duration_s == SECONDS


def test_eight_channels_are_read_though_pyav_cannot_count_their_planes(tmp_path):
    """PyAV reads beyond a frame's memory there: 7.1 sound would crash the process."""
    pitches = np.arange(1, 9)[:, None] * 200
    tones = (0.4 * np.sin(2 * np.pi * pitches * np.arange(48_000) / 48_000)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tones.T.reshape(1, -1)), "flt", "7.1")
    frame.sample_rate, frame.pts = 48_000, 0
    with av.open(str(tmp_path / "a.m4a"), "w") as file:
        stream = file.add_stream("aac", rate=48_000, layout="7.1")
        stream.bit_rate = 512_000
        stream.codec_context.open()
        context = stream.codec_context
        resampler = AudioResampler(context.format, context.layout, 48_000, context.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode())
    found = read_sound(tmp_path / "a.m4a", mono=False).samples
    assert len(found) == 8
    loudest = np.abs(np.fft.rfft(found[:, :48_000])).argmax(axis=1)
    assert sorted(np.delete(loudest, 3)) == [200, 400, 600, 1000, 1200, 1400, 1600]
    mono = read_sound(tmp_path / "a.m4a").samples
    np.testing.assert_allclose(mono[0], found.mean(axis=0), rtol=0, atol=1e-6)


def test_eight_bit_sound_is_centred_on_zero(tmp_path):
    with wav_files.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 1, 8_000, 0, "NONE", ""))
        file.writeframes(bytes([0, 128, 192]))
    assert read_sound(tmp_path / "a.wav").samples.tolist() == [[-1.0, 0.0, 0.5]]


def test_overshoots_are_clipped_and_other_numbers_are_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([0.5, 1.2, -1.5], np.float32), 8_000, subtype="FLOAT")
    assert read_sound(path).samples.tolist() == [[0.5, 1.0, -1.0]]
    for wrong in (20_000.0, np.nan, np.inf):
        soundfile.write(path, np.array([0.5, 0.1, 0.2, wrong], np.float32), 8_000, subtype="FLOAT")
        with pytest.raises(MediaError, match=r"holds values up to"):
            read_sound(path)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_sound_that_begins_after_the_picture_follows_silence(suffix, tmp_path):
    path = encode(tmp_path / f"late.{suffix}", [CHIRP], "aac", picture_s=6.0, delay_s=1.0)
    found = read_sound(path, mono=False).samples[0]
    assert not found[: int(0.95 * RATE)].any()
    assert abs(lag(found, CHIRP[0]) - RATE) < 0.002 * RATE  # MP4 states the delay in milliseconds
    inside = read_sound(path, mono=False, start_s=3.0, stop_s=3.5).samples[0]
    np.testing.assert_array_equal(inside, found[3 * RATE : round(3.5 * RATE)])


def test_sound_before_the_first_picture_is_left_out(tmp_path):
    path = encode(tmp_path / "early.mkv", [CHIRP], "aac", picture_s=3.0, picture_from_s=1.0)
    found = read_sound(path, mono=False)
    assert abs(found.duration_s - (SECONDS - 1)) < 0.05
    assert abs(lag(found.samples[0], CHIRP[0, RATE:])) < 0.002 * RATE


def test_a_hole_in_the_timestamps_is_silence(tmp_path):
    path = encode(tmp_path / "hole.mkv", [CHIRP], "flac", hole=(2.0, 1.5))
    found = read_sound(path, mono=False)
    assert abs(found.duration_s - (SECONDS + 1.5)) < 0.002
    assert not found.samples[:, round(2.2 * RATE) : round(3.4 * RATE)].any()
    assert abs(lag(found.samples[0, 4 * RATE :], CHIRP[0, 4 * RATE - round(1.5 * RATE) :])) < 0.002 * RATE
    inside = read_sound(path, mono=False, start_s=5.0, stop_s=5.5).samples
    assert abs(lag(inside[0], CHIRP[0, round(3.5 * RATE) : 4 * RATE])) < 0.002 * RATE


def test_the_first_of_several_tracks_is_read(tmp_path):
    path = encode(tmp_path / "two.mkv", [CHIRP, -0.1 * CHIRP[:, ::-1]], "flac", picture_s=1.0)
    np.testing.assert_allclose(read_sound(path, mono=False).samples, CHIRP, rtol=0, atol=2**-15)


def test_a_video_without_sound_is_reported(tmp_path):
    path = encode(tmp_path / "silent.mp4", [], "aac", picture_s=1.0)
    with pytest.raises(NoSound, match=r"silent\.mp4 has no sound track"):
        read_sound(path)
    with pytest.raises(NoSound):
        next(sound_blocks(path))


def test_a_file_of_no_samples_has_no_sound(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 1), np.float32), 8_000)
    with pytest.raises(NoSound, match="holds no sample"):
        read_sound(tmp_path / "a.wav")
    with pytest.raises(NoSound, match="holds no sample"):
        read_sound(Waveform(np.zeros((1, 0), np.float32), 8_000))


@pytest.mark.parametrize("name", [name for name in EVERY if name not in INDEX_LAST])
def test_of_a_cut_off_file_the_decodable_part_is_read(name, files, tmp_path):
    content = (files / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 6 // 10])
    found = read_sound(path, mono=False)
    whole = read_sound(files / name, mono=False).samples
    length = found.samples.shape[1]
    assert 0.3 * SECONDS < found.duration_s < 0.75 * SECONDS
    certain = length - 4096  # the last frame may be concealed by the decoder
    np.testing.assert_allclose(found.samples[:, :certain], whole[:, :certain], rtol=0, atol=1e-4)
    assert sound_duration_s(path) == pytest.approx(found.duration_s, abs=0.002)


def test_a_cut_off_file_without_its_index_is_one_clear_error(files, tmp_path):
    content = (files / "sound.m4a").read_bytes()
    (tmp_path / "a.m4a").write_bytes(content[: len(content) // 2])
    with pytest.raises(MediaError, match=r"a\.m4a cannot be read as sound"):
        read_sound(tmp_path / "a.m4a")


def test_random_damage_never_escapes_as_another_error(files, tmp_path):
    rng = np.random.default_rng(3)
    for name in ("16bit.wav", "sound.flac", "lame.mp3", "vorbis.ogg", "sound.m4a", "opus.webm", "clip.ts"):
        content = (files / name).read_bytes()
        for turn in range(6):
            broken = bytearray(content)
            for place in rng.integers(0, len(content) if turn % 2 else 400, 8):
                broken[place] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(broken)
            try:
                found = read_sound(tmp_path / name, stop_s=30.0)
                sound_duration_s(tmp_path / name)
                assert found.samples.dtype == np.float32 and np.abs(found.samples).max() <= 1
            except MediaError as error:
                assert name in str(error)


def test_the_error_for_text_named_mp3_states_that_it_is_text(tmp_path):
    (tmp_path / "a.mp3").write_text("hello, this is no sound " * 100)
    with pytest.raises(MediaError, match=r"a\.mp3 cannot be read as sound.*it holds the text 'hello"):
        read_sound(tmp_path / "a.mp3")


def test_empty_missing_and_irregular_files_have_errors_of_their_own(tmp_path):
    (tmp_path / "a.mp3").touch()
    for path, reason in (("a.mp3", "is empty"), ("b.mp3", "No such file"), (".", "not a regular file")):
        with pytest.raises(MediaError, match=reason):
            read_sound(tmp_path / path)
    with pytest.raises(MediaError, match="not a regular file"):
        read_sound("/dev/zero")
    with pytest.raises(MediaError, match="cannot be read"):
        read_sound("https://example.org/a.mp3")


@pytest.mark.parametrize(
    "name", ["a.m3u8", "a.mp3", "a.mp4", "a.wav", "a.mpd", "a.sdp", "a.txt", "a.ffconcat"]
)
@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na={}\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{}</BaseURL></MPD>',
    ],
)
def test_scripts_that_name_other_files_are_refused_whatever_their_suffix(name, script, files, tmp_path):
    (tmp_path / name).write_text(script.format(files / "lame.mp3"))
    with pytest.raises(MediaError, match="cannot be read as sound"):
        read_sound(tmp_path / name)


def test_a_file_name_that_looks_like_an_address_is_a_file_name(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("concat:a.mp3").write_bytes((files / "lame.mp3").read_bytes())
    assert read_sound(Path("concat:a.mp3")).samples.shape[1] == CHIRP.shape[1]


def test_the_suffix_is_ignored(files, tmp_path):
    for name in ("lame.mp3", "16bit.wav"):
        (tmp_path / "a.raw").write_bytes((files / name).read_bytes())
        assert sound_duration_s(tmp_path / "a.raw") == SECONDS


@pytest.mark.parametrize(("name", "minutes"), [("long.m4a", 60), ("long.wav", 60), ("long.mp3", 6)])
def test_five_seconds_of_a_long_sound_cost_five_seconds(name, minutes, tmp_path):
    rate = 16_000
    path = tmp_path / name
    if name == "long.wav":
        soundfile.write(path, np.zeros(minutes * 60 * rate, np.int16), rate)
    else:
        codec = "aac" if name == "long.m4a" else "libmp3lame"
        short = encode(tmp_path / f"short{path.suffix}", [chirp(36, rate)[:1]], codec, rate=rate)
        rewrap(short, path, times=minutes * 60 // 36)
    tracemalloc.start()
    try:
        found = read_sound(path, start_s=minutes * 30.0, stop_s=minutes * 30.0 + 5)
        peak = tracemalloc.get_traced_memory()[1]
        assert sound_duration_s(path) == pytest.approx(minutes * 60, abs=3)
        blocks = sound_blocks(path, seconds=5.0)
        assert next(blocks).duration_s == 5.0
        blocks.close()
    finally:
        tracemalloc.stop()
    assert found.samples.shape == (1, 5 * rate)
    assert peak < 4 * found.samples.nbytes + 2**20


def test_too_much_sound_is_refused_before_it_is_decoded(files, monkeypatch):
    monkeypatch.setattr(module, "MAX_VALUES", 3 * RATE)
    for name in ("16bit.wav", "clip.mp4"):
        with monkeypatch.context() as patch:
            patch.setattr(module, "stream", lambda *_: pytest.fail("it was decoded"))
            with pytest.raises(MediaError, match="read a span"):
                read_sound(files / name)
        assert read_sound(files / name, stop_s=2.0).duration_s == 2.0


def test_reading_stops_at_the_size_limit_if_a_file_states_no_length(files, monkeypatch):
    monkeypatch.setattr(module, "MAX_VALUES", 3 * RATE)
    monkeypatch.setattr(sound_container.ContainerTrack, "stated_s", lambda _: None)
    with pytest.raises(MediaError, match="read a span"):
        read_sound(files / "clip.mp4")


def test_the_error_for_a_span_beyond_the_end_states_the_end(files):
    with pytest.raises(MediaError, match=r"16bit\.wav ends at 5\.0 s; 6\.0 to 7\.0 s was asked for"):
        read_sound(files / "16bit.wav", start_s=6.0, stop_s=7.0)
    with pytest.raises(MediaError, match=r"clip\.mp4 ends at 5\.0 s; sound from 6\.0 s on"):
        read_sound(files / "clip.mp4", start_s=6.0)


def test_wrong_calls_and_broken_media_raise_different_errors(files):
    path = files / "16bit.wav"
    for options in ({"start_s": -1.0}, {"start_s": 2.0, "stop_s": 1.0}, {"stop_s": np.inf}, {"rate_hz": 0}):
        with pytest.raises(UsageError):
            read_sound(path, **options)
    with pytest.raises(UsageError):
        sound_blocks(path, seconds=0.0)
    with pytest.raises(MediaError, match="holds complex128 numbers"):
        read_sound(Waveform(np.zeros((1, 8), complex), 8_000))


def test_the_sound_of_a_sample_is_its_audio_or_else_that_of_its_video(files):
    audio, video = files / "16bit.wav", files / "clip.mp4"
    expected = read_sound(audio)
    both = Sample(id="a", media={"audio": audio, "video": video})
    np.testing.assert_array_equal(sound_of(both).samples, expected.samples)
    alone = sound_of(Sample(id="a", media={"video": str(video)}))
    np.testing.assert_array_equal(alone.samples, read_sound(video).samples)
    for media in ({}, {"video": files}, {"video": object()}):
        with pytest.raises(NoSound, match="sample a has no sound"):
            sound_of(Sample(id="a", media=media))


def test_the_sound_of_a_sample_is_limited_to_its_span_and_the_asked_length(files):
    sample = Sample(id="a", media={"audio": files / "16bit.wav"}, span_s=(1.0, 3.0))
    expected = read_sound(files / "16bit.wav", rate_hz=16_000, start_s=1.0, stop_s=3.0)
    np.testing.assert_array_equal(sound_of(sample, rate_hz=16_000).samples, expected.samples)
    assert sound_of(sample, longest_s=0.5).duration_s == 0.5
    assert sound_of(sample, longest_s=9.0).duration_s == 2.0
    assert sound_of(Sample(id="a", media=sample.media), longest_s=1.5).duration_s == 1.5


def test_the_stated_span_of_a_sample_is_the_span_that_is_read(files):
    media = {"audio": files / "16bit.wav"}
    end_s = sound_duration_s(files / "16bit.wav")
    for span_s, heard in ((None, (0.0, end_s)), ((1.0, 3.0), (1.0, 3.0)), ((1.0, 60.0), (1.0, end_s))):
        assert sound_span_s(Sample("a", media, span_s=span_s)) == heard
        read_s = sound_of(Sample("a", media, span_s=span_s)).duration_s
        assert read_s == pytest.approx(heard[1] - heard[0], abs=1e-4)
    with pytest.raises(MediaError, match=r"the sound of a ends at 5\.0 s; 7\.0 to 9\.0 s was asked for"):
        sound_span_s(Sample("a", media, span_s=(7.0, 9.0)))
