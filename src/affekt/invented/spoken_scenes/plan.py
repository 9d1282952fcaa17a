"""The plan of a line of spoken scenes: who says it, its label, and the cue of each modality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from affekt.core.labels import label_set
from affekt.invented.shares import Channel, draw_cue

LABELS = label_set("meld-7")
MODALITIES = ("text", "audio", "video")
SILENT = len(LABELS)  # number of the cue of a silent modality

LINES, WORDS, VECTORS, SOUNDS, PICTURES, SPEAKERS = range(6)  # independent random streams


class LinePlan(NamedTuple):
    """Everything about a line that is fixed before it is rendered.

    Attributes:
        seed: Seed of the corpus.
        number: Number of the line in the corpus.
        speaker: Number of the speaker.
        label: Number of the label.
        text, audio, video: Number of the label whose cue the modality shows; `SILENT` for none.
        duration_s: Of the clip.
    """

    seed: int
    number: int
    speaker: int
    label: int
    text: int
    audio: int
    video: int
    duration_s: float

    def rng(self, stream: int) -> np.random.Generator:
        """Random generator of this line for one stream."""
        return np.random.default_rng([self.seed, stream, self.number])

    @property
    def cues(self) -> dict[str, int]:
        """Cue of each modality."""
        return {"text": self.text, "audio": self.audio, "video": self.video}


def make_plan(number: int, speaker: int, seed: int, channels: Mapping[str, Channel]) -> LinePlan:
    """The plan of a line: labels are equally frequent, cues are drawn independently."""
    rng = np.random.default_rng([seed, LINES, number])
    label = int(rng.integers(SILENT))
    cues = {name: draw_cue(rng, label, channels[name], SILENT) for name in MODALITIES}
    return LinePlan(seed, number, speaker, label, **cues, duration_s=float(rng.uniform(1.0, 1.6)))
