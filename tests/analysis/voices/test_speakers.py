"""Whose voice a turn is, by vectors."""

import numpy as np

from affekt.analysis.voices.speakers import NOBODY, ONE_VOICE, tell_apart
from affekt.analysis.voices.turns import Turn, turns_of, windows_of
from affekt.core.timeline.parts import SpokenLine
from affekt.media.sound import Waveform


class ByLevel:
    """Vectors by the loudness of a turn: one axis for each tenth."""

    name, rate_hz = "levels", 16_000

    def vector(self, samples):
        return np.eye(16, dtype=np.float32)[round(10 * float(np.abs(samples).max()))]


def sound_of_levels(*levels, each_s=4.0):
    samples = np.repeat(np.array(levels, np.float32), round(each_s * 16_000))
    return Waveform(samples[None], 16_000)


def test_turns_with_like_vectors_are_of_one_voice():
    turns = [Turn(0.5, 3.5), Turn(4.5, 7.5), Turn(8.5, 11.5), Turn(12.0, 12.5)]
    found = tell_apart(sound_of_levels(0.3, 0.6, 0.3, 0.9), turns, ByLevel())
    assert found.voices == ["V1", "V2", "V1", NOBODY]
    assert found.notes[0].startswith("assumed: turns are of one person where the voices are alike (levels)")
    assert found.notes[1] == "in 1 of 4 turns it is not clear whose voice it is"


def test_without_vectors_all_turns_are_of_one_voice_and_say_so():
    found = tell_apart(sound_of_levels(0.3), [Turn(0, 1), Turn(2, 3)], None)
    assert found.voices == ["V1", "V1"] and found.notes == (ONE_VOICE,)


def test_lines_have_precedence_over_vectors():
    turns = [Turn(0, 1, "W2"), Turn(2, 3, "W1"), Turn(3, 4)]
    assert tell_apart(sound_of_levels(0.3), turns, ByLevel()).voices == ["V1", "V2", NOBODY]


def line(start_s, end_s, person):
    return SpokenLine(start_s=start_s, end_s=end_s, text="so", person=person)


def test_turns_are_cut_between_lines_of_different_people_only():
    lines = [line(0, 1, "W1"), line(1.2, 2, "W1"), line(2.4, 4, "W2"), line(4, 5, "")]
    assert turns_of([(0.0, 4.0), (4.5, 6.0)], lines, least_s=0.2) == [
        (0.0, 2.2, "W1"),
        (2.2, 4.0, "W2"),
        (4.5, 6.0, ""),
    ]


def test_a_long_line_counts_for_later_turns_too():
    lines = [line(0, 9, "W1"), line(1, 2, "W2")]
    assert [turn.speaker for turn in turns_of([(4.0, 6.0)], lines, least_s=0.2)] == ["W1"]


def test_nothing_shorter_than_the_least_is_cut_off():
    lines = [line(0, 0.1, "W1"), line(0.1, 3, "W2")]
    assert turns_of([(0.0, 3.0)], lines, least_s=0.25) == [(0.0, 3.0, "W2")]


def test_windows_cover_a_turn_without_gaps():
    assert windows_of(Turn(2.0, 7.0), 5.0) == [(2.0, 7.0)]
    windows = windows_of(Turn(2.0, 7.1), 5.0)
    assert windows[0][0] == 2.0 and windows[0][1] == windows[1][0] and windows[1][1] == 7.1
