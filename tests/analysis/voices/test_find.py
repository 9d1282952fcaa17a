"""The stage of voices on sound with planted turns."""

from itertools import pairwise

import numpy as np
import pytest

from affekt.analysis.found import Found, OpenMedium
from affekt.analysis.voices import VoiceSettings, find_voices
from affekt.core.errors import MediaError, UsageError
from affekt.core.timeline.parts import SpokenLine
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames, open_video

LOUD = VoiceSettings(detector="energy", speakers="one")
TURNS = [(1.0, 2.5), (4.0, 5.0), (8.0, 10.0)]


def line(start_s, end_s, person):
    return SpokenLine(start_s=start_s, end_s=end_s, text="so", person=person)


def test_each_turn_has_an_answer_at_its_time(by_loudness, opened, bursts):
    sound = bursts(TURNS, 12.0, levels=[0.4, 0.1, 0.4])
    done = []
    found = find_voices(opened(sound), by_loudness, LOUD, on_progress=done.append)
    (track,) = found.tracks
    assert (track.modality, track.person, found.missing) == ("voice", "V1", ())
    assert [span.label for span in track.spans] == ["high", "low", "high"]
    assert [(span.start_s, span.end_s) for span in track.spans] == [
        (pytest.approx(start, abs=0.1), pytest.approx(end, abs=0.1)) for start, end in TURNS
    ]
    assert all(span.confidence == max(span.scores.values()) for span in track.spans)
    assert done == sorted(done) and done[-1] == 12.0


def test_what_is_found_is_read_back_as_it_was_written(by_loudness, opened, bursts):
    found = find_voices(opened(bursts(TURNS, 12.0)), by_loudness, LOUD)
    assert Found.model_validate_json(found.model_dump_json()) == found


def test_a_long_turn_is_answered_in_equal_parts(by_loudness, opened, bursts):
    sound = bursts([(1.0, 13.0)], 40.0)
    found = find_voices(opened(sound), by_loudness, LOUD)
    spans = found.tracks[0].spans
    assert len(spans) == 3 and max(span.end_s - span.start_s for span in spans) <= 5.0
    assert all(span.end_s == after.start_s for span, after in pairwise(spans))


def test_turns_are_of_the_speakers_of_the_lines(by_loudness, opened, bursts):
    sound = bursts([(1.0, 5.0), (7.0, 9.0), (11.0, 12.0)], 20.0)
    lines = [line(1.1, 2.8, "W1"), line(3.2, 5.0, "W2"), line(7.0, 9.0, "W1")]
    found = find_voices(opened(sound), by_loudness, LOUD, lines=lines)
    turns = {track.person: [(span.start_s, span.end_s) for span in track.spans] for track in found.tracks}
    assert list(turns) == ["V1", "V2", ""]
    assert turns["V1"][0] == (pytest.approx(1.0, abs=0.1), pytest.approx(3.0))
    assert turns["V2"] == [(pytest.approx(3.0), pytest.approx(5.0, abs=0.1))]
    assert len(turns["V1"]) == 2 and len(turns[""]) == 1
    assert "in 1 of 4 turns no line states who speaks" in " ".join(found.tracks[0].notes)


def test_silence_and_noise_have_no_voice_and_a_reason(by_loudness, opened, bursts):
    silence = Waveform(np.zeros((1, 32_000)), 16_000)
    assert find_voices(opened(silence), by_loudness, LOUD).missing[0].reason == "its sound is silent"
    noise = find_voices(opened(bursts([], 3.0)), by_loudness, LOUD)
    assert noise.tracks == ()
    assert noise.missing[0].reason.startswith("no speech was found in 3.0 s of sound: the highest score of")


def test_a_medium_without_sound_says_so(by_loudness, opened):
    found = find_voices(opened(None, duration_s=3.0, has_sound=False), by_loudness, LOUD)
    assert found.missing[0].reason == "the medium has no sound track"


def test_damaged_sound_is_a_reason_and_no_error(by_loudness, opened, broken_sound_clip):
    found = find_voices(opened(broken_sound_clip, duration_s=2.0), by_loudness, LOUD)
    assert "its sound cannot be used" in found.missing[0].reason


def test_a_turn_that_cannot_be_answered_is_missing_at_its_time(answer_by, opened, bursts):
    def refuses(sample):
        raise MediaError("it is too short")

    found = find_voices(opened(bursts([(1.0, 2.0)], 12.0)), answer_by("audio", refuses), LOUD)
    assert found.tracks == ()
    assert found.missing[0].reason == "it is too short"
    assert found.missing[0].start_s == pytest.approx(1.0, abs=0.1)


def test_sound_of_another_length_than_the_picture_is_noted(by_loudness, opened, bursts):
    frames = np.zeros((20, 16, 16, 3), np.uint8)
    picture = open_video(VideoFrames(frames, np.arange(20) / 2, 10.0))
    medium = opened(bursts([(1.0, 2.0)], 4.0))
    found = find_voices(OpenMedium(medium.medium, medium.path, picture, medium.sound), by_loudness, LOUD)
    assert "its sound covers 40 % of its picture: 4.0 of 10.0 s" in found.notes


def test_a_network_of_pictures_is_refused(answer_by, opened, bursts):
    with pytest.raises(UsageError, match="voices are answered by a network of audio; a_rule takes image"):
        find_voices(opened(bursts([], 1.0)), answer_by("image", len), LOUD)
