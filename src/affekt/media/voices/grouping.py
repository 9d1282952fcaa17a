"""Turns of one voice, by the cosines of their vectors."""

from __future__ import annotations

import numpy as np
import scipy.cluster.hierarchy

UNCLEAR = -1
# Mean cosine distance between the turns of two groups, up to which they are joined, by the median length of
# the turns in seconds: vectors of longer turns are nearer to each other. Chosen so that about 95 % of the
# pairs that are joined are of one speaker, for two acted speakers in all emotions; see
# benchmarks/voices_apart.py.
LENGTHS_S, MOST_APART = (2.0, 4.0), (0.30, 0.25)
# Up to these distances voices may be of one person: there both kinds of errors are equal for two turns.
ALIKE_APART = (0.39, 0.30)
LEAST_TURN_S = 1.0  # from which a turn is compared: the network reads 1.6 s at a time
LEAST_VOICE_S = 3.0  # of speech of a group, from which it is a voice of its own
# Turns that are compared with each other, whose number enters squared; further ones join the nearest group.
MOST_COMPARED = 1500


def group_voices(
    vectors: np.ndarray,
    lengths_s: np.ndarray,
    *,
    most_apart: float | None = None,
    least_turn_s: float = LEAST_TURN_S,
    least_voice_s: float = LEAST_VOICE_S,
) -> np.ndarray:
    """The group of each turn (n,), from 0, in order of first appearance; `UNCLEAR` where none is near.

    Groups come from agglomerative clustering (average linkage) of the turns that are long enough. Short
    turns, and groups with little speech, join the nearest group if it is near enough. If no group has enough
    speech, all do.

    Args:
        vectors: (n, d), each of length 1.
        lengths_s: (n,), of the turns.
        most_apart: Cosine distance up to which voices count as one; by the length of the turns if not given.
        least_turn_s: Shorter turns are not compared with each other.
        least_voice_s: Groups with less speech are no voices of their own.

    Two voices in 30 turns of 2 s (benchmarks/voices_apart.py): of the pairs of turns in one group 99 % are of
    one speaker where both speak calmly, and a speaker has 1.2 groups; where they act all emotions it is 95 %,
    and a speaker has 2.6 groups, because a shout is another sound than a whisper of the same person.

    Source: agglomerative clustering of vectors by cosine is the usual second step of diarization, as in
    Park et al., A Review of Speaker Diarization, 2022.
    """
    count = len(vectors)
    groups = np.full(count, UNCLEAR)
    if not count:
        return groups
    compared = np.flatnonzero(lengths_s >= least_turn_s)
    if len(compared) > MOST_COMPARED:
        longest = np.argsort(-lengths_s[compared], kind="stable")[:MOST_COMPARED]
        compared = np.sort(compared[longest])
    if not len(compared):
        return np.zeros(count, int)  # nothing is long enough to be told apart
    if most_apart is None:
        most_apart = _by_length(lengths_s[compared], MOST_APART)
    found = np.zeros(len(compared), int)
    if len(compared) > 1:
        tree = scipy.cluster.hierarchy.linkage(vectors[compared], method="average", metric="cosine")
        found = scipy.cluster.hierarchy.fcluster(tree, most_apart, criterion="distance") - 1
    spoken_s = np.bincount(found, weights=lengths_s[compared])
    enough = np.flatnonzero(spoken_s >= least_voice_s)
    if not len(enough):
        enough = np.arange(len(spoken_s))
    is_kept = np.isin(found, enough)
    groups[compared[is_kept]] = found[is_kept]
    centres = np.stack([vectors[compared[found == group]].mean(axis=0) for group in enough])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    rest = np.flatnonzero(groups == UNCLEAR)
    if len(rest):
        cosines = vectors[rest] @ centres.T
        nearest = cosines.argmax(axis=1)
        is_near = 1 - cosines[np.arange(len(rest)), nearest] <= most_apart
        groups[rest[is_near]] = enough[nearest[is_near]]
    return _renumbered(groups)


def _by_length(lengths_s: np.ndarray, limits: tuple[float, float]) -> float:
    """A cosine distance for turns of these lengths, of limits for `LENGTHS_S`."""
    return float(np.interp(np.median(lengths_s), LENGTHS_S, limits))


def alike_groups(vectors: np.ndarray, lengths_s: np.ndarray, groups: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of groups that may be of one person: their mean distance is at most `ALIKE_APART`.

    Somebody who shouts and whispers has several groups: this says which ones could be that person's. Of the
    pairs of groups of one speaker, acting all emotions, it finds about half (45 to 64 %), and 10 to 16 % of
    the pairs of groups of two speakers (benchmarks/voices_apart.py).

    Args:
        vectors, lengths_s: As in `group_voices`.
        groups: Its result.
    """
    found: list[tuple[int, int]] = []
    is_long = (lengths_s >= LEAST_TURN_S) & (groups != UNCLEAR)
    if not is_long.any():
        return found
    limit = _by_length(lengths_s[is_long], ALIKE_APART)
    # The mean of all cosines between two groups is the product of their mean vectors.
    means = {
        group: vectors[is_long & (groups == group)].mean(axis=0)
        for group in sorted(set(groups[is_long].tolist()))
    }
    for group, mean in means.items():
        found += [
            (group, other)
            for other, theirs in means.items()
            if group < other and 1 - float(mean @ theirs) <= limit
        ]
    return found


def _renumbered(groups: np.ndarray) -> np.ndarray:
    order = {group: number for number, group in enumerate(dict.fromkeys(groups[groups != UNCLEAR].tolist()))}
    return np.array([order.get(group, UNCLEAR) for group in groups.tolist()])
