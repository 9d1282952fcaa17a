"""WAV files with a wrong header: all samples in the file are read."""

import io
import struct

import numpy as np
import pytest
import soundfile

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.media.sound import NoSound, read_sound, sound_blocks, sound_duration_s

RATE = 8_000
SAMPLES = np.random.default_rng(0).integers(-9000, 9000, 2 * RATE).astype("<i2")
BODY = SAMPLES.tobytes()
EXPECTED = SAMPLES.astype(np.float32) / 2**15


def wav(body=BODY, *, riff=None, data=None, rate=RATE, align=2, after=b"", before=b"", magic=b"RIFF"):
    """A WAV file with one channel of 16 bits and any stated sizes."""
    kind = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate % 2**32, align, 16)
    size = len(body) if data is None else data
    total = 36 + len(body) if riff is None else riff
    head = magic + struct.pack("<I", total) + b"WAVEfmt " + kind + b"data" + struct.pack("<I", size)
    return before + head + body + after


def encoded(format="WAV", subtype="PCM_16", **options):
    """The sound written by libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, RATE, subtype, format=format, **options)
    return file.getvalue()


CASES = {
    "both sizes 0": wav(riff=0, data=0),
    "data size 0": wav(data=0),
    "sizes of a stream": wav(riff=0xFFFFFFFF, data=0xFFFFFFFF),
    "sizes of signed bits": wav(riff=0x7FFFFFFF, data=0x7FFFFFFF - 36),
    "sizes as sox writes": wav(riff=0x7FFFF024, data=0x7FFFF000),
    "half": wav(data=len(BODY) // 2, riff=36 + len(BODY) // 2),
    "two bytes": wav(data=2, riff=38),
    "an ID3 tag in front": wav(before=b"ID3\x03\0\0\0\0\0\x05hello"),
    "an ID3 tag in front and no sizes": wav(before=b"ID3\x03\0\0\0\0\0\0", data=0),
    "alignment 0": wav(align=0),
    "alignment 4": wav(align=4),
    "a LIST behind": wav(after=b"LIST" + struct.pack("<I", 4000) + b"INFO" + bytes(3996)),
    "a tag behind": wav(after=b"TAG" + bytes(125)),
    "filling behind": wav(after=bytes(5000)),
    "reversed bytes": encoded(endian="BIG"),
    "64-bit sizes": encoded("RF64"),
    "NIST": encoded("NIST"),
    "W64": encoded("W64"),
    "CAF": encoded("CAF"),
    "AIFF": encoded("AIFF"),
}


@pytest.mark.parametrize("case", CASES)
def test_all_samples_of_a_file_are_read_whatever_its_header_states(case, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(CASES[case])
    np.testing.assert_array_equal(read_sound(path).samples[0], EXPECTED)
    np.testing.assert_array_equal(
        read_sound(path, start_s=0.5, stop_s=0.75).samples[0], EXPECTED[RATE // 2 : 3 * RATE // 4]
    )
    assert sound_duration_s(path) == 2.0
    blocks = sound_blocks(path, seconds=0.3)
    np.testing.assert_array_equal(np.concatenate([block.samples[0] for block in blocks]), EXPECTED)


def test_a_header_that_states_less_than_the_file_holds_is_noted(tmp_path):
    (tmp_path / "a.wav").write_bytes(CASES["half"])
    with collect_notes() as notes:
        read_sound(tmp_path / "a.wav")
    assert list(notes) == ["its header states 50 % of the sound that the file holds: all of it is read"]


def test_reversed_bytes_without_sizes_are_read_too(tmp_path):
    content = bytearray(encoded(endian="BIG"))
    at = content.index(b"data") + 4
    content[at : at + 4] = bytes(4)
    (tmp_path / "a.wav").write_bytes(content)
    np.testing.assert_array_equal(read_sound(tmp_path / "a.wav").samples[0], EXPECTED)


def test_telephone_sound_in_a_wav_file_is_read_in_whole_and_in_spans(tmp_path):
    tone = (0.3 * np.sin(np.arange(RATE) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", tone, RATE, "GSM610")
    found = read_sound(tmp_path / "a.wav").samples[0]
    assert len(found) == RATE and np.corrcoef(found, tone)[0, 1] > 0.95
    span = read_sound(tmp_path / "a.wav", start_s=0.5, stop_s=0.75).samples[0]
    np.testing.assert_array_equal(span, found[RATE // 2 : 3 * RATE // 4])
    assert sound_duration_s(tmp_path / "a.wav") == 1.0


def test_a_note_states_the_share_that_a_cut_off_file_holds(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav()[: 44 + len(BODY) // 2])
    with collect_notes() as notes:
        assert read_sound(tmp_path / "a.wav").duration_s == 1.0
    assert list(notes) == ["its sound is cut off: the file holds 1.0 s of 2.0 s (50 %)"]
    with collect_notes() as notes:
        read_sound(tmp_path / "a.wav", stop_s=0.5)
    assert not notes  # all of the asked span exists


def test_a_second_file_after_the_first_is_noted(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav() + wav())
    with collect_notes() as notes:
        assert read_sound(tmp_path / "a.wav").duration_s == 2.0
    assert list(notes) == ["the file contains a second WAV file, which is not read"]


@pytest.mark.parametrize("rate", [0, 1, 7, 999, 768_001, 2**32 - 1])
def test_a_file_with_an_implausible_rate_is_refused(rate, tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(rate=rate))
    for read in (read_sound, sound_duration_s, lambda path: next(sound_blocks(path, rate_hz=16_000))):
        with pytest.raises(MediaError, match=r"a\.wav states a sampling rate of .* Hz; whole numbers"):
            read(tmp_path / "a.wav")


def test_an_implausible_number_of_channels_is_refused(tmp_path):
    content = bytearray(wav())
    for channels in (0, 65, 65535):
        content[22:24] = struct.pack("<H", channels)
        (tmp_path / "a.wav").write_bytes(content)
        with pytest.raises(MediaError, match=rf"states {channels} channels; 1 to 64 are read"):
            read_sound(tmp_path / "a.wav")


def test_a_header_without_samples_has_no_sound(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(b""))
    with pytest.raises(NoSound, match="holds no sample"):
        read_sound(tmp_path / "a.wav")


def test_any_four_bytes_of_a_header_may_be_wrong(tmp_path):
    path, content = tmp_path / "a.wav", wav(BODY[:8000])
    for at in range(44):
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            broken = bytearray(content)
            broken[at : at + 4] = struct.pack("<I", value)
            path.write_bytes(broken)
            try:
                assert read_sound(path, rate_hz=16_000, stop_s=1.0).samples.shape[1] <= 16_000
            except MediaError as error:
                assert "a.wav" in str(error)
