"""How well voices are told apart by voice vectors: pairs of turns, and whole conversations.

    python benchmarks/voices_apart.py --ravdess DIR --emodb DIR

Turns are acted utterances without the silence at their ends, in all emotions, which makes it harder than
reading aloud: a shout is another sound than a whisper of the same person. Thresholds are chosen on one half
of the speakers and scored on the other half.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import as_table, machine, write_report

from affekt.data.open import open_dataset
from affekt.media.sound import sound_of
from affekt.media.sound.views import sounding_span
from affekt.media.voices.grouping import UNCLEAR, alike_groups, group_voices
from affekt.media.voices.resemblyzer import RATE_HZ, ResemblyzerVectors

OUTPUT = Path(__file__).parent / "results" / "voices_apart.md"
EACH = 24  # utterances of a speaker
TALKS = 60  # conversations for each number of speakers
TURNS = 30  # of a conversation
JOINED = (1, 2, 3)  # utterances of one emotion that make a turn
THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
LEASTS_S = (0.0, 3.0)
CALM = {"neutral", "calm", "boredom"}


class Turns(NamedTuple):
    """Turns of several speakers: vectors (n, d), lengths (n,), speakers (n,)."""

    vectors: np.ndarray
    lengths_s: np.ndarray
    speakers: np.ndarray

    def of(self, speakers: set[str]) -> Turns:
        """Those of some speakers."""
        inside = np.isin(self.speakers, sorted(speakers))
        return Turns(self.vectors[inside], self.lengths_s[inside], self.speakers[inside])


def turns_of(name: str, root: Path, network: ResemblyzerVectors, joined: int, only: set[str]) -> Turns:
    """Turns of `joined` utterances of the same speaker and emotion, of `only` some emotions if stated."""
    rng = np.random.default_rng(0)
    groups: dict[tuple[str, str], list] = {}
    for sample in open_dataset(name, root).samples:
        if not only or sample.label in only:
            groups.setdefault((sample.subject or "", sample.label or ""), []).append(sample)
    by_speaker: dict[str, list[list]] = {}
    for (speaker, _), samples in sorted(groups.items()):
        order = rng.permutation(len(samples))
        whole = [samples[int(number)] for number in order]
        cut = [whole[start : start + joined] for start in range(0, len(whole) - joined + 1, joined)]
        by_speaker.setdefault(speaker, []).extend(cut)
    vectors, lengths, speakers = [], [], []
    for speaker, turns in by_speaker.items():
        for place in rng.permutation(len(turns))[: EACH // joined]:
            sound = np.concatenate([trimmed(sample) for sample in turns[int(place)]])
            vectors.append(network.vector(sound))
            lengths.append(len(sound) / RATE_HZ)
            speakers.append(f"{name}/{speaker}")
    return Turns(np.array(vectors), np.array(lengths), np.array(speakers))


def trimmed(sample) -> np.ndarray:
    samples = sound_of(sample, rate_hz=RATE_HZ).samples[0]
    start, stop = sounding_span(samples, RATE_HZ, below_db=35.0, margin_s=0.05)
    return samples[start:stop]


def equal_error(turns: Turns) -> tuple[float, float]:
    """Equal error rate over all pairs of turns, and the cosine distance there."""
    distances = 1 - turns.vectors @ turns.vectors.T
    first, last = np.triu_indices(len(turns.speakers), 1)
    pairs = distances[first, last]
    same = turns.speakers[first] == turns.speakers[last]
    order = np.sort(pairs)
    missed = 1 - np.searchsorted(np.sort(pairs[same]), order, side="right") / same.sum()
    false = np.searchsorted(np.sort(pairs[~same]), order, side="right") / (~same).sum()
    place = int(np.argmin(np.abs(missed - false)))
    return float((missed[place] + false[place]) / 2), float(order[place])


class Grouped(NamedTuple):
    """Means over conversations.

    Attributes:
        right: Share of the pairs in one group that are of one speaker.
        covered: Share of the speech that is in a group.
        together: Share of the pairs of one speaker that are in one group.
        groups: For each speaker.
    """

    right: float
    covered: float
    together: float
    groups: float


def conversations(
    turns: Turns, people: int, most_apart: float | None, least_voice_s: float, seed: int
) -> Grouped:
    rng = np.random.default_rng(seed)
    names = np.unique(turns.speakers)
    rows = []
    for _ in range(TALKS):
        chosen = rng.choice(names, people, replace=False)
        inside = np.flatnonzero(np.isin(turns.speakers, chosen))
        picked = rng.permutation(inside)[: min(TURNS, len(inside))]
        groups = group_voices(
            turns.vectors[picked],
            turns.lengths_s[picked],
            most_apart=most_apart,
            least_voice_s=least_voice_s,
        )
        truth, lengths = turns.speakers[picked], turns.lengths_s[picked]
        first, last = np.triu_indices(len(picked), 1)
        joined = (groups[first] == groups[last]) & (groups[first] != UNCLEAR)
        same = truth[first] == truth[last]
        rows.append(
            (
                same[joined].mean() if joined.any() else 1.0,
                lengths[groups != UNCLEAR].sum() / lengths.sum(),
                joined[same].mean(),
                len(set(groups.tolist()) - {UNCLEAR}) / people,
            )
        )
    return Grouped(*np.mean(rows, axis=0).tolist())


def talk_rows(turns: Turns, seed: int) -> Iterator[tuple[str, ...]]:
    for least_s in LEASTS_S:
        for threshold in (None, *THRESHOLDS) if least_s else THRESHOLDS:
            cells = ["as set" if threshold is None else f"{threshold:.2f}", f"{least_s:g} s"]
            for people in (1, 2, 4):
                found = conversations(turns, people, threshold, least_s, seed)
                cells.append(
                    f"{found.right:.2f} / {found.together:.2f} / {found.covered:.2f} / {found.groups:.1f}"
                )
            yield tuple(cells)


def alike_cells(turns: Turns, seed: int) -> tuple[str, ...]:
    """Shares of the pairs of groups that are alike, of one speaker and of two, and whose groups are pure."""
    rng = np.random.default_rng(seed)
    names = np.unique(turns.speakers)
    counts = {True: [0, 0], False: [0, 0]}  # by whether they are of one speaker: alike, all
    for _ in range(TALKS):
        inside = np.flatnonzero(np.isin(turns.speakers, rng.choice(names, 2, replace=False)))
        picked = rng.permutation(inside)[:TURNS]
        vectors, lengths, truth = turns.vectors[picked], turns.lengths_s[picked], turns.speakers[picked]
        groups = group_voices(vectors, lengths)
        alike = set(alike_groups(vectors, lengths, groups))
        # A group is of the speaker of most of its turns.
        owners = {group: mode(truth[groups == group]) for group in set(groups.tolist()) - {UNCLEAR}}
        for one in owners:
            for other in owners:
                if one < other:
                    counts[owners[one] == owners[other]][0] += (one, other) in alike
                    counts[owners[one] == owners[other]][1] += 1
    return tuple(f"{found / max(every, 1):.2f} of {every}" for found, every in counts.values())


def mode(names: np.ndarray) -> str:
    values, counts = np.unique(names, return_counts=True)
    return str(values[counts.argmax()])


def pair_cells(turns: Turns) -> tuple[str, ...]:
    rate, place = equal_error(turns)
    return (
        f"{turns.lengths_s.mean():.1f} s",
        f"{len(set(turns.speakers.tolist()))}",
        f"{len(turns.speakers)}",
        f"{rate:.3f}",
        f"{place:.2f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ravdess", type=Path, required=True)
    parser.add_argument("--emodb", type=Path, required=True)
    given = parser.parse_args()
    network = ResemblyzerVectors()
    roots = {"ravdess": given.ravdess, "emodb": given.emodb}
    pair_rows, alike_rows = [], []
    lines: list[str] = []
    for title, only in (("all emotions", set()), ("neutral, calm, bored", CALM)):
        for joined in JOINED:
            parts = [turns_of(name, root, network, joined, only) for name, root in roots.items()]
            for name, turns in zip(roots, parts, strict=True):
                pair_rows.append((f"{name}, {title}", *pair_cells(turns)))
            if joined == JOINED[-1]:
                continue
            every = Turns(*(np.concatenate([part[axis] for part in parts]) for axis in range(3)))
            names = sorted(set(every.speakers.tolist()))
            for role, half, seed in (("chosen on", names[::2], 1), ("scored on", names[1::2], 2)):
                if only and role == "chosen on":
                    continue
                turns = every.of(set(half))
                alike_rows.append(
                    (f"{title}, {turns.lengths_s.mean():.1f} s, {role}", *alike_cells(turns, seed))
                )
                lines += [
                    "",
                    f"Conversations of {TURNS} turns of {turns.lengths_s.mean():.1f} s, {title}, {role} "
                    f"{len(half)} speakers:",
                    "",
                    *as_table(
                        ("distance", "least speech", "1 speaker", "2 speakers", "4 speakers"),
                        list(talk_rows(turns, seed)),
                    ),
                ]
    write_report(
        OUTPUT,
        [
            "# Voices distinguished by the vectors of Resemblyzer",
            "",
            "Pairs of turns: the equal error rate, and the cosine distance at which both errors are equal. "
            "Turns of two and three utterances hold those of one emotion.",
            "",
            *as_table(
                ("recordings", "mean length", "speakers", "turns", "equal error rate", "at distance"),
                pair_rows,
            ),
            "",
            "Conversations: turns of several speakers in random order, grouped as `group_voices` does. Each "
            "cell: share of the pairs in one group that are of one speaker / share of the pairs of one "
            "speaker that are in one group / share of the speech that is in any group / groups for each "
            "speaker. A group needs the least speech to count. `As set`: the distance depends on the length "
            "of the turns, as `grouping.MOST_APART` states it.",
            *lines,
            "",
            "Pairs of groups that `alike_groups` calls alike, in conversations of two speakers, grouped as "
            "set. A group is of the speaker of most of its turns.",
            "",
            *as_table(("conversations", "groups of one speaker", "groups of two speakers"), alike_rows),
            "",
            machine(),
        ],
    )


if __name__ == "__main__":
    main()
