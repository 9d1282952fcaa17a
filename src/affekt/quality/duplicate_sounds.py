"""Sounds that are the same recording: found by a print that survives recompression, loudness and trims.

Every 32 ms of a sound give a word of 32 bits: whether the difference in energy between a band and the next
one rises or falls. Two clips that share a word are candidates; the shift between the two occurrences aligns
them, and all words that are audible in both are compared. Another take of the same sentence by the same
person agrees in hardly more bits than chance, because its bands do not rise and fall at the same moments.
The bands of a single tone rise and fall together, whatever its pitch: such sounds are not compared.

Source: Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002); coarser in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.fft import rfft

RATE_HZ = 8000  # of the samples that `sound_print` takes
LONGEST_S = 60.0  # of a sound, from its start
# Share of bits that may differ. Measured on RAVDESS: at most 0.12 between a recording and its copy (30
# recordings; MP3 at 32 kbit/s, AAC at 24 kbit/s, trims, noise at 20 dB, clipping); at least 0.30 between any
# two of its 1200 recordings.
MOST_DIFFERENT = 0.22
SHARED = 0.6  # share of the audible words of the shorter clip that must meet audible words of the other
# Neighbouring bits of 32 that differ, mean over audible words: at least 11 of 300 recordings of RAVDESS and
# EmoDB, at most 8.6 of tones that swell and fade.
FEWEST_CHANGES = 9.0
FEWEST_WORDS = 24  # audible words (0.8 s); a sound with fewer is not compared

_BANDS = 33
_FRAME, _HOP = 3072, 256  # 384 ms, so that a shift by half a hop changes little
_EDGES = np.round(np.geomspace(300, 2000, _BANDS + 1) * _FRAME / RATE_HZ).astype(int)  # Hz, to bins
_WINDOW = np.hanning(_FRAME).astype(np.float32)
_AUDIBLE = 1e-3  # energy relative to the loudest moment
_NEIGHBOURS = 64  # clips that are compared for one word: a word that many clips have is not evidence


class SoundPrint(NamedTuple):
    """What is kept of a sound: a word (uint32) each 32 ms, and whether it is audible (bool)."""

    words: np.ndarray
    is_audible: np.ndarray

    @property
    def is_comparable(self) -> bool:
        """Whether there is enough sound to compare, and more than a single tone."""
        words = self.words[self.is_audible]
        if len(words) < FEWEST_WORDS:
            return False
        bits = np.unpackbits(words.view(np.uint8)).reshape(len(words), -1)
        return bool((bits[:, 1:] != bits[:, :-1]).sum(axis=1).mean() >= FEWEST_CHANGES)


def sound_print(samples: np.ndarray) -> SoundPrint:
    """The print of samples (n,) float32 at 8000 Hz, of the first minute if there are more."""
    samples = samples[: round(LONGEST_S * RATE_HZ)]
    if len(samples) < _FRAME + _HOP:
        return SoundPrint(np.empty(0, np.uint32), np.empty(0, bool))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    power = np.abs(rfft(frames * _WINDOW, axis=1)) ** 2  # type: ignore[reportArgumentType]
    energy = np.add.reduceat(power, _EDGES, axis=1)[:, :_BANDS]
    slope = energy[:, :-1] - energy[:, 1:]
    words = np.packbits(slope[1:] > slope[:-1], axis=1).view(np.uint32).ravel()
    total = energy[1:].sum(axis=1)
    return SoundPrint(words, total > _AUDIBLE * total.max())


def find_sound_pairs(prints: Sequence[SoundPrint]) -> list[tuple[int, int]]:
    """Pairs of indices, the smaller first, that connect all sounds which are equal or contain each other.

    Of sounds with equal prints only the first is compared with the others.
    """
    firsts: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for place, one in enumerate(prints):
        if one.is_comparable:
            first = firsts.setdefault(one.words.tobytes() + one.is_audible.tobytes(), place)
            if first != place:
                pairs.append((first, place))
    places = list(firsts.values())
    found: set[tuple[int, int]] = set()
    for one, other, shift in _candidates([prints[place] for place in places]).tolist():
        if (one, other) not in found and _agree(prints[places[one]], prints[places[other]], shift):
            found.add((one, other))
    return sorted(pairs + [(places[one], places[other]) for one, other in found])


def _candidates(prints: Sequence[SoundPrint]) -> np.ndarray:
    """Rows (first clip, second clip, shift of the second in words) of clips that share an audible word.

    Those that share many words come first.
    """
    if len(prints) < 2:
        return np.empty((0, 3), np.int64)
    firsts = [_first_uses(one) for one in prints]  # a constant tone repeats its word: it counts once
    words = np.concatenate([one.words[at] for one, at in zip(prints, firsts, strict=True)])
    places = np.concatenate(firsts)
    clips = np.repeat(np.arange(len(prints)), [len(at) for at in firsts])
    order = np.argsort(words, kind="stable")
    words, places, clips = words[order], places[order], clips[order]
    found = [np.empty((0, 3), np.int64)]
    at = np.arange(len(words))
    for step in range(1, _NEIGHBOURS + 1):
        at = at[at + step < len(words)]
        at = at[words[at] == words[at + step]]
        if not len(at):
            break
        # Sorting was stable: among equal words, that of the earlier clip comes first.
        found.append(np.stack([clips[at], clips[at + step], places[at + step] - places[at]], axis=1))
    rows, counts = np.unique(np.concatenate(found), axis=0, return_counts=True)
    return rows[np.argsort(-counts, kind="stable")]


def _first_uses(one: SoundPrint) -> np.ndarray:
    """Index of the first occurrence of each audible word."""
    audible = np.flatnonzero(one.is_audible)
    return audible[np.unique(one.words[audible], return_index=True)[1]]


def _agree(one: SoundPrint, other: SoundPrint, shift: int) -> bool:
    """Whether words that are audible in both agree, with the other clip's taken `shift` words later."""
    start, stop = max(0, -shift), min(len(one.words), len(other.words) - shift)
    both = one.is_audible[start:stop] & other.is_audible[start + shift : stop + shift]
    if both.sum() < SHARED * min(one.is_audible.sum(), other.is_audible.sum()):
        return False
    differing = (one.words[start:stop] ^ other.words[start + shift : stop + shift])[both]
    return bool(np.unpackbits(differing.view(np.uint8)).mean() < MOST_DIFFERENT)
