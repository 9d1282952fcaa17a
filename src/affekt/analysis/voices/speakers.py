"""Whose voice a turn is: by the lines that are said meanwhile, or by voice vectors; else one voice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.analysis.voices.turns import Turn
from affekt.media.sound import SoundSource
from affekt.media.voices.cut import cut
from affekt.media.voices.grouping import UNCLEAR, alike_groups, group_voices
from affekt.media.voices.vectors import VoiceVectors

ONE_VOICE = "speakers are not told apart: all turns are taken as one voice"
NOBODY = ""  # the identity of turns whose voice is not clear


class Speakers(NamedTuple):
    """The voice of each turn.

    Attributes:
        voices: Identities `V1`, `V2`, ... in order of appearance, one for each turn; `NOBODY` where it is not
            clear.
        notes: How they were told apart.
        alike: Pairs of identities whose voices may be of one person.
    """

    voices: list[str]
    notes: tuple[str, ...]
    alike: tuple[tuple[str, str], ...] = ()


def tell_apart(sound: SoundSource, turns: Sequence[Turn], vectors: VoiceVectors | None) -> Speakers:
    """The voice of each turn.

    Args:
        turns: With a speaker where lines state one; then vectors are not used.
        vectors: None: all turns are of one voice if no line states a speaker.

    Raises:
        MediaError: The sound cannot be used.
    """
    if any(turn.speaker for turn in turns):
        return _by_lines(turns)
    if vectors is None:
        return Speakers(["V1"] * len(turns), (ONE_VOICE,))
    spans = [(turn.start_s, turn.end_s) for turn in turns]
    found = [
        vectors.vector(piece.samples[0]) if piece.samples.size else None
        for piece in cut(sound, spans, rate_hz=vectors.rate_hz)
    ]
    heard = [number for number, vector in enumerate(found) if vector is not None]
    groups = np.full(len(turns), UNCLEAR)
    known = np.array([vector for vector in found if vector is not None])
    lengths_s = np.array([turns[number].length_s for number in heard])
    groups[heard] = group_voices(known, lengths_s)
    alike = alike_groups(known, lengths_s, groups[heard])
    voices = [NOBODY if group == UNCLEAR else f"V{group + 1}" for group in groups.tolist()]
    notes = [f"assumed: turns are of one person where the voices are alike ({vectors.name})"]
    if unclear := voices.count(NOBODY):
        notes.append(f"in {unclear} of {len(turns)} turns it is not clear whose voice it is")
    return Speakers(voices, tuple(notes), tuple((f"V{one + 1}", f"V{other + 1}") for one, other in alike))


def _by_lines(turns: Sequence[Turn]) -> Speakers:
    unknown = sum(not turn.speaker for turn in turns)
    notes = ["turns are given to the speakers of the lines that are said meanwhile"]
    if unknown:
        notes.append(f"in {unknown} of {len(turns)} turns no line states who speaks")
    names = dict.fromkeys(turn.speaker for turn in turns if turn.speaker)
    numbers = {name: f"V{number}" for number, name in enumerate(names, start=1)}
    return Speakers([numbers.get(turn.speaker, NOBODY) for turn in turns], tuple(notes))
