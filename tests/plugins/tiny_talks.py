"""Invented dialogues: nothing lies in a folder; in the place of one there would be

    ROOT/talk-0.txt       ann: lovely day    (a turn a line: who speaks, and the words)

The label of a turn follows from its words, and from the pitch of its sound. The fourth turn says nothing by
itself: it has the label of the same speaker's turn before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveInt

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.media.sound import Waveform

LABELS = LabelSet.of("happy", "sad")
WORDS = {"happy": ("lovely", "great", "yes", "sun"), "sad": ("awful", "alas", "no", "rain")}
FILLERS = ("well", "day", "it", "is")
PITCH_HZ = {"happy": 880.0, "sad": 220.0}
SPEAKERS, TURNS, ECHO = ("ann", "ben"), 6, 3
RATE_HZ = 8000


class TinyTalksOptions(Settings):
    """How many dialogues there are, of six turns each."""

    talks: PositiveInt = 16


def read(root: Path, options: TinyTalksOptions) -> Corpus:
    samples = [sample for number in range(options.talks) for sample in _talk(number, options.talks)]
    return Corpus(samples, LABELS)


def _talk(number: int, talks: int) -> list[Sample]:
    rng = np.random.default_rng(number)
    labels = [LABELS.names[rng.integers(2)] for _ in range(TURNS)]
    labels[ECHO] = labels[ECHO - 2]
    part = "train" if number < talks // 2 else "validation" if number < 3 * talks // 4 else "test"
    return [
        Sample(
            f"talk-{number}/{turn}",
            _media(label, turn, number, rng),
            label=None if turn == 0 else label,  # the first turn is not annotated
            subject=f"talk-{number}",
            split=part,
            dialogue=f"talk-{number}",
            turn=turn,
            speaker=SPEAKERS[turn % 2],
        )
        for turn, label in enumerate(labels)
    ]


def _media(label: str, turn: int, number: int, rng: np.random.Generator) -> dict[str, Any]:
    if turn == ECHO:
        return {"text": "as said"}
    words = [*rng.choice(WORDS[label], rng.integers(1, 4)), *rng.choice(FILLERS, rng.integers(0, 4))]
    times_s = np.arange(RATE_HZ // 10) / RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * PITCH_HZ[label] * rng.uniform(0.9, 1.1) * times_s)
    media = {"text": " ".join(words), "audio": Waveform(tone[None].astype(np.float32), RATE_HZ)}
    if turn == 4:  # some turns have sound alone, some words alone
        del media["text" if number % 2 else "audio"]
    return media


DATASET = Dataset(
    title="Tiny talks, invented for the tests",
    modalities=("text", "audio"),
    licence="none",
    cite="none",
    read=read,
    labels=LABELS,
    options=TinyTalksOptions,
    needs_root=False,
)
