"""Notes on lost sound: damaged packets, opposite phases, cut-off files, late pictures."""

import re
import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from affekt.core.errors import MediaError, UsageError
from affekt.core.notes import collect_notes
from affekt.media.sound import Waveform, read_sound, sound_blocks, sound_duration_s
from affekt.media.sound import stream as sound_stream
from affekt.media.sound.mix import CANCELLED_NOTE, FIRST_SILENT_NOTE, one_channel
from affekt.media.sound.notes import (
    combined_readings,
    is_silent,
    note_short,
    note_sound_coverage,
    note_truncated,
)

RATE = 16_000
TONE = (0.4 * np.sin(np.arange(3 * RATE) * 0.2)).astype(np.float32)
NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, 3 * RATE).astype(np.float32)


def write(path, codec, *, picture_from_s=None, samples=TONE, hole=None, container=None):
    """One channel in packets of 1000 samples or of the codec's size, optionally with a picture of 1 s."""
    with av.open(str(path), "w", format=container) as file:
        packets = []
        if picture_from_s is not None:
            video = file.add_stream("mpeg4", rate=25)
            video.width = video.height = 32
            video.pix_fmt = "yuv420p"
        sound = file.add_stream(codec, rate=RATE, layout="mono")
        for number in range(25 if picture_from_s is not None else 0):
            image = av.VideoFrame(32, 32, "yuv420p")
            image.pts, image.time_base = number + round(picture_from_s * 25), Fraction(1, 25)
            packets += video.encode(image)
        packets += video.encode() if picture_from_s is not None else []
        sound.codec_context.open()
        step = sound.codec_context.frame_size or 1000
        for start in range(0, len(samples), step):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + step], "fltp", "mono")
            frame.sample_rate = RATE
            frame.pts = start + (hole[1] if hole is not None and start >= hole[0] else 0)
            converted = av.AudioResampler(sound.codec_context.format, "mono", RATE).resample(frame)
            for piece in converted:
                piece.pts = frame.pts
                packets += sound.encode(piece)
        packets += sound.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return path


def damage(source, path, is_damaged):
    """A copy of the file in which the chosen sound packets are overwritten."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as file:
        places = [(packet.pos, packet.size) for packet in file.demux(audio=0) if packet.size]
    for number, (start, size) in enumerate(places):
        if is_damaged(number, len(places)):
            content[start : start + size] = b"\xff" * size
    path.write_bytes(content)
    return path


def noted(path, **options):
    with collect_notes() as notes:
        found = read_sound(path, **options)
    return found, list(notes)


@pytest.mark.parametrize(
    ("is_damaged", "share"),
    [
        (lambda number, count: number % 20 > 0, (92, 98)),
        (lambda number, count: number >= count // 2, (45, 55)),
        (lambda number, count: number < count // 2, (45, 55)),
    ],
    ids=["all but each twentieth", "second half", "first half"],
)
def test_the_share_of_damaged_packets_is_noted(is_damaged, share, tmp_path):
    whole = write(tmp_path / "whole.mp4", "aac", picture_from_s=0.0)
    path = damage(whole, tmp_path / "a.mp4", is_damaged)
    _, (note,) = noted(path)
    assert "of its sound is damaged or missing" in note
    assert share[0] <= int(note.split()[0]) <= share[1]
    with collect_notes() as notes:
        for _ in sound_blocks(path, seconds=1.0):
            pass
    assert list(notes) == [note]
    assert noted(whole)[1] == []


def test_only_damage_within_a_span_is_noted(tmp_path):
    whole = write(tmp_path / "whole.mp4", "aac")
    path = damage(whole, tmp_path / "a.mp4", lambda number, count: number >= count // 2)
    assert noted(path, stop_s=1.0)[1] == []
    _, (note,) = noted(path, start_s=1.0, stop_s=2.0)
    assert 40 <= int(note.split()[0]) <= 60


def test_a_hole_in_the_timestamps_is_noted(tmp_path):
    path = write(tmp_path / "a.mkv", "flac", hole=(RATE, 2 * RATE))
    _, (note,) = noted(path)
    assert note.startswith("40 % of its sound is damaged or missing: 3.0 s of 5.0 s were read")


def test_a_few_packets_may_not_state_hours_of_silence(tmp_path):
    def times(number):
        return number * 3000 * RATE

    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        sound = file.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(5):
            frame = av.AudioFrame.from_ndarray(np.ones((1, 1000), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = RATE, times(number)
            file.mux(sound.encode(frame))
        file.mux(sound.encode())
    with pytest.raises(MediaError, match="are missing between its packets; its timestamps are damaged"):
        for _ in sound_blocks(tmp_path / "a.mkv", seconds=60.0):
            pass


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.mka"])
def test_the_share_that_a_cut_off_file_holds_is_noted(name, tmp_path):
    codec = {"a.flac": "flac", "a.mp3": "libmp3lame", "a.mka": "flac"}[name]
    path = write(tmp_path / name, codec, samples=NOISE)
    assert noted(path)[1] == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, notes = noted(path)
    assert (
        len(notes) == 1
        and notes[0].startswith("its sound is cut off: the file holds 1.")
        and "of 3.0 s" in notes[0]
    )


PLAIN = [("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"), ("SVX", "PCM_16"), ("NIST", "PCM_16")]
CODED = [("AIFF", "PCM_24"), ("AIFF", "GSM610"), ("W64", "GSM610"), ("AU", "ULAW"), ("CAF", "ALAC_16")]


@pytest.mark.parametrize(("container", "codec"), PLAIN + CODED)
def test_complete_files_of_any_format_have_no_note(container, codec, tmp_path):
    path = tmp_path / "a.sound"
    soundfile.write(path, TONE, RATE, format=container, subtype=codec)
    assert noted(path)[1] == []


@pytest.mark.parametrize(("container", "codec"), PLAIN + CODED[:4])
def test_missing_samples_are_noted_in_any_format_that_states_its_length(container, codec, tmp_path):
    path = tmp_path / "a.sound"
    soundfile.write(path, TONE, RATE, format=container, subtype=codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (note,) = noted(path)[1]
    assert re.fullmatch(r"its sound is cut off: the file holds 1\.\d s of [23]\.\d s \((4\d|50) %\)", note)


def test_joined_files_have_one_length(tmp_path):
    part = write(tmp_path / "part.mp3", "libmp3lame")
    path = tmp_path / "a.mp3"
    path.write_bytes(2 * part.read_bytes())
    assert read_sound(path).duration_s == sound_duration_s(path) == pytest.approx(6.0, abs=0.2)


def test_sound_before_the_first_picture_is_noted(tmp_path):
    found, notes = noted(write(tmp_path / "a.mkv", "flac", picture_from_s=1.0))
    assert found.duration_s == pytest.approx(2.0, abs=0.01)
    assert notes == ["1.0 s of its sound lie before its first picture and are left out"]


@pytest.mark.parametrize("balance", [1.0, 0.9])
def test_channels_of_opposite_phase_do_not_become_silence(balance, tmp_path):
    stereo = np.stack([TONE, -balance * TONE])
    for rate_hz in (None, 8_000):
        found, notes = noted(Waveform(stereo, RATE), rate_hz=rate_hz)
        np.testing.assert_allclose(
            found.samples, noted(Waveform(TONE[None], RATE), rate_hz=rate_hz)[0].samples
        )
        assert notes == [CANCELLED_NOTE]
    assert noted(Waveform(stereo, RATE), mono=False)[1] == []


def test_ordinary_channels_are_averaged():
    rng = np.random.default_rng(1)
    for other in (TONE, 0 * TONE, -0.5 * TONE, rng.uniform(-0.4, 0.4, len(TONE)).astype(np.float32)):
        found, notes = noted(Waveform(np.stack([TONE, other]), RATE))
        np.testing.assert_array_equal(found.samples[0], (TONE + other) * np.float32(0.5))
        assert notes == []
    many = np.zeros((6, len(TONE)), np.float32)
    many[2] = TONE
    assert noted(Waveform(many, RATE))[1] == []


def test_the_loudest_channel_replaces_a_silent_first_channel():
    with collect_notes() as notes:
        np.testing.assert_array_equal(one_channel(np.stack([0 * TONE, TONE])), TONE)
        np.testing.assert_array_equal(one_channel(np.stack([0.1 * TONE, TONE])), np.float32(0.1) * TONE)
    assert list(notes) == [FIRST_SILENT_NOTE]


def test_several_readings_of_one_sound_are_noted_once(tmp_path):
    whole = write(tmp_path / "whole.mp4", "aac")
    path = damage(whole, tmp_path / "a.mp4", lambda number, count: number % 3 == 0)
    with collect_notes() as notes, combined_readings() as readings:
        for start_s in (0.0, 1.0, 2.0):
            read_sound(path, start_s=start_s, stop_s=start_s + 0.7)
    assert len(notes) == 1 and not readings.is_silent


def test_only_silent_and_short_sound_is_noted():
    assert is_silent(np.full((1, 9), 1e-5)) and not is_silent(np.array([[0.0, -0.1]]))
    with collect_notes() as notes:
        note_sound_coverage(2.8, 3.0, silent=False)
        note_short(2.0, 3.0)
        note_truncated(59.9, 60.0)
    assert not notes
    with collect_notes() as notes:
        note_sound_coverage(0.01, 3.0, silent=False)
        note_sound_coverage(3.0, 3.0, silent=True)
        note_short(0.01, 2.5)
        note_truncated(60.0, 3600.0)
    assert list(notes) == [
        "its sound covers 0.3 % of its picture: 0.01 s of 3.0 s",
        "its sound is silent: the answer is based on the picture alone",
        "its sound lasts 0.01 s, 0.4 % of the 2.5 s that the network takes: it was repeated",
        "only the first 60.0 s of its sound are used, 2 % of 3600.0 s",
    ]


@pytest.mark.parametrize("seconds", [0.05, 2.0])
def test_blocks_of_the_slowest_sound_take_constant_memory_and_linear_time(seconds):
    slow = Waveform(np.zeros((1, 400_000), np.float32), 1_000)
    count, peak = 0, 0
    tracemalloc.start()
    try:
        for block in sound_blocks(slow, seconds=seconds, rate_hz=48_000):
            count += block.samples.shape[1]
            peak = max(peak, tracemalloc.get_traced_memory()[1])
            if count > 2**22:
                break
    finally:
        tracemalloc.stop()
    assert count > 2**22 and peak < 16 * 2**20


def test_reading_a_tenth_of_a_second_decodes_little_more(monkeypatch):
    sizes, limited = [], sound_stream._limited
    monkeypatch.setattr(
        sound_stream, "_limited", lambda block, *rest: sizes.append(block.shape[1]) or limited(block, *rest)
    )
    sound = Waveform(np.zeros((1, 500_000), np.float32), 1_000)
    assert read_sound(sound, rate_hz=16_000, start_s=100.0, stop_s=100.1).samples.shape == (1, 1600)
    assert sum(sizes) <= 2**16


def test_impossible_rates_and_block_lengths_are_refused():
    sound = Waveform(TONE[None], RATE)
    for rate_hz in (0, 1, 999, 768_001):
        with pytest.raises(UsageError, match="1000 to 768000 is possible"):
            read_sound(sound, rate_hz=rate_hz)
    with pytest.raises(UsageError, match=r"blocks of 1000000000\.0 s"):
        sound_blocks(sound, seconds=1e9, rate_hz=16_000)


def test_the_blocks_of_a_span_join_to_that_span():
    sound = Waveform(NOISE[None], RATE)
    expected = read_sound(sound, rate_hz=8_000, start_s=0.7, stop_s=2.3).samples
    blocks = sound_blocks(sound, seconds=0.5, rate_hz=8_000, start_s=0.7, stop_s=2.3)
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks], axis=1), expected)
    with pytest.raises(MediaError, match=r"ends at 3\.0 s; 4\.0 to 5\.0 s"):
        list(sound_blocks(sound, start_s=4.0, stop_s=5.0))
