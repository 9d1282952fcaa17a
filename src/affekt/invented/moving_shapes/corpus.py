"""Moving shapes: a generated corpus of short clips with sound, without recordings of people.

    nothing on disk   `clips` clips of `frames_per_clip` frames, `pixels` x `pixels`, with a synthetic voice;
                      rendered in about 10 ms each time they are accessed, so that a corpus takes no memory
    one sample        id troupe-03-anger-1, subject troupe-03, label anger; of six performers (troupes), the
                      fifth is validation, the sixth test
    segments          the informative event: 1.25 to 3.0 s, anger

Grey shapes drift and a voice hums. An event covers a third of the clip or a little more, at a random place.
During the event the picture expresses valence: positive (warm colours, the shapes open and sway) or negative
(cold colours, they sink and contract). The sound expresses arousal: aroused (a high, fast, rough call) or
calm (a low, slow, soft sigh). Each modality is independent of the other dimension:

                 aroused   calm
    positive     joy       trust
    negative     anger     sadness

so the accuracy from one modality is at most one half. The rest of a clip is independent of the label and
contains distractors: a shape that blinks in a random colour, flashes, a jolt of the camera, clicks and beeps.
Performers differ in palette, shape, pitch and tempo. All constants are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Split
from affekt.core.segment import Segment
from affekt.core.settings import Settings
from affekt.invented.moving_shapes.picture import draw
from affekt.invented.moving_shapes.plan import EVENTS, ClipPlan, make_performer
from affekt.invented.moving_shapes.sound import synthesize
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames

LABELS = LabelSet.of("anger", "joy", "sadness", "trust")
AROUSED = ("anger", "joy")
SHORTEST, LONGEST = 0.3, 0.45  # duration of an event, as a share of its clip
# Splits of performers, repeated.
SPLITS: tuple[Split, ...] = ("train", "train", "train", "train", "validation", "test")
MODALITIES = ("video", "audio")


class MovingShapesOptions(Settings):
    """Size and difficulty of the generated corpus.

    Attributes:
        clips: Number of clips; labels alternate, and the performer changes every four clips.
        subjects: Number of performers.
        pixels: Height and width of a frame.
        frames_per_clip: Frames of each clip.
        rate_hz: Frames per second.
        sound_rate_hz: Samples of sound per second.
        tells: Strength of the cues of an event in picture and sound; 0 leaves nothing to learn.
        noise: Variation between performers and clips, and strength of distractors and sensor noise; 0 leaves
            only the cues, 1 is the default difficulty.
        seed: Another seed gives other clips. A larger corpus of the same seed begins with the smaller one.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.data.moving_shapes.MovingShapesOptions"

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
class GeneratedClip(Mapping[str, Any]):
    """The media of a clip, rendered at each access: `VideoFrames` and `Waveform`."""

    plan: ClipPlan
    options: MovingShapesOptions

    def __getitem__(self, modality: str) -> VideoFrames | Waveform:
        plan, it = self.plan, self.options
        performer = make_performer(plan.seed, plan.performer, it.noise)
        if modality == "video":
            times_s = np.arange(it.frames_per_clip) / it.rate_hz
            frames = draw(plan, performer, times_s, it.pixels, it.tells, it.noise)
            return VideoFrames(frames, times_s, plan.duration_s)
        if modality == "audio":
            samples = synthesize(plan, performer, it.sound_rate_hz, it.tells, it.noise)
            return Waveform(samples[None], it.sound_rate_hz)
        raise KeyError(modality)

    def __contains__(self, modality: object) -> bool:
        return modality in MODALITIES  # unlike that of `Mapping`, renders nothing

    def __iter__(self) -> Iterator[str]:
        return iter(MODALITIES)

    def __len__(self) -> int:
        return len(MODALITIES)


def read(root: Path, options: MovingShapesOptions) -> Corpus:
    """Generate the corpus; `root` is not used."""
    return Corpus([_sample(number, options) for number in range(options.clips)], LABELS)


def _sample(number: int, options: MovingShapesOptions) -> Sample:
    label = LABELS.names[number % len(LABELS)]
    turn, performer = divmod(number // len(LABELS), options.subjects)
    start_s, end_s = _event(number, options)
    plan = ClipPlan(
        seed=options.seed,
        number=number,
        performer=performer,
        is_positive=LABELS.polarity_of(label) == "positive",
        is_aroused=label in AROUSED,
        duration_s=options.frames_per_clip / options.rate_hz,
        start_s=start_s,
        end_s=end_s,
    )
    subject = f"troupe-{performer + 1:02d}"
    return Sample(
        id=f"{subject}-{label}-{turn + 1}",
        media=GeneratedClip(plan, options),
        label=label,
        subject=subject,
        split=SPLITS[performer % len(SPLITS)],
        segments=(Segment(start_s, end_s, label),),
    )


def _event(number: int, options: MovingShapesOptions) -> tuple[float, float]:
    """Start and end of the event of a clip, in seconds, both at frame boundaries."""
    share, place = np.random.default_rng([options.seed, EVENTS, number]).random(2).tolist()
    frames = options.frames_per_clip
    least, most = int(np.ceil(SHORTEST * frames)), int(LONGEST * frames)
    length = least + int(share * (most - least + 1))
    start = int(place * (frames - length + 1))
    return start / options.rate_hz, (start + length) / options.rate_hz


DATASET = Dataset(
    title="Moving shapes, a generated corpus: clips with sound, 4 emotions, valence seen and arousal heard",
    modalities=MODALITIES,
    licence="Apache-2.0, as this package, which generates frames and sound",
    cite="generated by affekt; contains no recordings of people",
    labels=LABELS,
    options=MovingShapesOptions,
    needs_root=False,
    invented=True,
    read=read,
)
