"""Moving shapes: an invented corpus of short clips with sound, for trying video without a film of anybody.

    nothing on disk   `clips` clips of `frames_per_clip` frames, `pixels` x `pixels`, with a voice beside
                      them; drawn and sung anew each time they are asked for, in a hundredth of a second, so
                      that a corpus takes no memory
    one sample        id troupe-03-anger-1, subject troupe-03, label anger; every fifth of six troupes is
                      validation, every sixth test
    segments          one, where it tells: 1.25 to 3.0 s, anger

Grey shapes drift and a voice hums. For a third of the clip or a little more, at a random place, both tell
something. The picture tells whether it is positive (the shapes turn warm, open and sway) or negative (cold,
sinking, huddled); the sound tells whether it is aroused (the voice calls, high, fast and rough) or quiet (it
sighs, low, slow and soft). Neither tells what the other does:

                 aroused   quiet
    positive     joy       trust
    negative     anger     sadness

so whoever only sees, or only hears, is right half of the time at best. The rest of a clip says nothing, but
has its distractions: a shape that blinks in some colour, flashes, a jolt of the camera, clicks and beeps.
Troupes differ in palette, shape, pitch and tempo. All numbers are invented here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Split
from affekt.core.segment import Segment
from affekt.core.settings import Settings
from affekt.invented.moving_shapes.picture import draw
from affekt.invented.moving_shapes.plan import EVENTS, Story, troupe_of
from affekt.invented.moving_shapes.sound import sing
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames

LABELS = LabelSet.of("anger", "joy", "sadness", "trust")
AROUSED = ("anger", "joy")
SHORTEST, LONGEST = 0.3, 0.45  # of an event, as a share of its clip
SPLITS: tuple[Split, ...] = ("train", "train", "train", "train", "validation", "test")  # of troupes, in turn
MODALITIES = ("video", "audio")


class MovingShapesOptions(Settings):
    """The invented corpus.

    Attributes:
        clips: In all; labels take turns, and after each four the troupe changes.
        subjects: Troupes.
        pixels: Height and width of a frame.
        rate_hz: Frames per second.
        sound_rate_hz: Samples of sound per second.
        tells: How plainly an event shows, in picture and sound; 0 leaves nothing to learn.
        noise: How much troupes and clips differ, and how strong distractions and grain are; 0 leaves the
            tells alone, 1 is the corpus as it was tuned.
        seed: Another seed, other clips. A larger corpus of the same seed begins with the smaller one.

    """

    clips: int = Field(360, ge=24)
    subjects: int = Field(30, ge=6)
    pixels: int = Field(48, ge=16, le=256)
    frames_per_clip: int = Field(64, ge=16, le=1024)
    rate_hz: float = Field(12.0, gt=0, le=120)
    sound_rate_hz: int = Field(16000, ge=8000, le=48000)
    tells: float = Field(1.0, ge=0, le=1)
    noise: float = Field(1.0, ge=0)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True, slots=True)
class Performance(Mapping[str, Any]):
    """The media of a clip, made when they are looked up: `VideoFrames` and `Waveform`."""

    story: Story
    options: MovingShapesOptions

    def __getitem__(self, modality: str) -> VideoFrames | Waveform:
        story, it = self.story, self.options
        troupe = troupe_of(story.seed, story.troupe, it.noise)
        if modality == "video":
            times_s = np.arange(it.frames_per_clip) / it.rate_hz
            frames = draw(story, troupe, times_s, it.pixels, it.tells, it.noise)
            return VideoFrames(frames, times_s, story.duration_s)
        if modality == "audio":
            samples = sing(story, troupe, it.sound_rate_hz, it.tells, it.noise)
            return Waveform(samples[None], it.sound_rate_hz)
        raise KeyError(modality)

    def __contains__(self, modality: object) -> bool:
        return modality in MODALITIES  # without drawing anything, as `Mapping` would

    def __iter__(self) -> Iterator[str]:
        return iter(MODALITIES)

    def __len__(self) -> int:
        return len(MODALITIES)


def read(root: Path, options: MovingShapesOptions) -> Corpus:
    """Invent the corpus; `root` is not looked at."""
    return Corpus([_sample(number, options) for number in range(options.clips)], LABELS)


def _sample(number: int, options: MovingShapesOptions) -> Sample:
    label = LABELS.names[number % len(LABELS)]
    turn, troupe = divmod(number // len(LABELS), options.subjects)
    start_s, end_s = _event(number, options)
    story = Story(
        seed=options.seed,
        number=number,
        troupe=troupe,
        is_positive=LABELS.polarity_of(label) == "positive",
        is_aroused=label in AROUSED,
        duration_s=options.frames_per_clip / options.rate_hz,
        start_s=start_s,
        end_s=end_s,
    )
    subject = f"troupe-{troupe + 1:02d}"
    return Sample(
        id=f"{subject}-{label}-{turn + 1}",
        media=Performance(story, options),
        label=label,
        subject=subject,
        split=SPLITS[troupe % len(SPLITS)],
        segments=(Segment(start_s, end_s, label),),
    )


def _event(number: int, options: MovingShapesOptions) -> tuple[float, float]:
    """When a clip tells, in seconds: it begins and ends with a frame."""
    share, place = np.random.default_rng([options.seed, EVENTS, number]).random(2).tolist()
    frames = options.frames_per_clip
    least, most = int(np.ceil(SHORTEST * frames)), int(LONGEST * frames)
    length = least + int(share * (most - least + 1))
    start = int(place * (frames - length + 1))
    return start / options.rate_hz, (start + length) / options.rate_hz


DATASET = Dataset(
    title="Moving shapes, an invented corpus: clips with sound, 4 emotions, half seen and half heard",
    modalities=MODALITIES,
    licence="Apache-2.0, as this package: pictures and sounds are made by it",
    cite="invented here; nobody was filmed or recorded",
    labels=LABELS,
    options=MovingShapesOptions,
    needs_root=False,
    read=read,
)
