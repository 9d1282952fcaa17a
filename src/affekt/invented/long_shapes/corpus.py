"""Long shapes: a generated corpus of untrimmed videos for temporal localization, without recorded people.

    nothing on disk   `videos` videos of 3 to 6 minutes, `pixels` x `pixels`, with a synthetic voice; rendered
                      in blocks when frames are read, so that a corpus takes no memory
    one sample        id troupe-03-1, subject troupe-03; of 20 performers (troupes), 12 are for training, 3
                      for validation and 5 for test
    segments          the events, the target of localization: 61.2 to 74.48 s, positive
    points            single annotated frames, the supervision of training: 66.6 s, positive
    facts             rate_hz, duration_s, cues = ["picture", "both"]: modalities of each event; distractors =
                      [[12.0, 20.8]]: episodes that are as intense as events but not informative

Grey shapes drift and a voice hums. A video has 2 to 9 events of 6 to 25 s. In a positive event the shapes
turn warm, open and sway, and the voice has rising phrases, bright and in major. In a negative event they turn
cold, sink and contract, and the voice has falling phrases, dull and in minor. A third of the events is only
visible, a third only audible, a third both: from one modality, at most two thirds can be detected.

Intensity is not informative. In distractors, shapes hop in a random colour and the voice has equally loud
phrases, rising or falling, over an open chord. At all times shapes blink, lights flash, the camera jolts, and
there are clicks and beeps. Performers differ in palette, shape, pitch and tempo, and in their cues: one
hardly changes its colour, another always has a high voice.

Points have the annotation errors of TSL-300 (see `affekt.invented.long_shapes.points`): some events have no
point, some points are outside of all events, a few have the wrong class. All other constants are invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Split
from affekt.core.segment import Segment
from affekt.core.settings import Settings
from affekt.core.task import find_task
from affekt.invented.long_shapes.picture import DrawnVideo
from affekt.invented.long_shapes.plan import NAMES, VideoPlan, make_plan
from affekt.invented.long_shapes.points import mark_points
from affekt.invented.long_shapes.sound import synthesize
from affekt.media.sound import Waveform
from affekt.media.video import Video

LABELS = label_set("tsl-2")
MODALITIES = ("video", "audio")
# Splits of performers, repeated: 12, 3 and 5 of 20; the first four contain each split.
SPLITS: tuple[Split, ...] = (
    "train", "test", "validation", "train", "train", "train", "test", "train", "train", "train",
    "test", "validation", "train", "train", "test", "train", "train", "validation", "test", "train",
)  # fmt: skip
_CUE_NAMES = {(True, False): "picture", (False, True): "sound", (True, True): "both"}


class LongShapesOptions(Settings):
    """Size and difficulty of the generated corpus.

    Attributes:
        videos: Number of videos; performers alternate.
        subjects: Number of performers.
        shortest_s, longest_s: Duration of a video, in seconds.
        pixels: Height and width of a frame.
        rate_hz: Frames per second.
        sound_rate_hz: Samples of sound per second.
        noise: Variation between performers and videos, and strength of short distractors and sensor noise; 0
            leaves only events and long distractors, 1 is the default difficulty.
        point_noise: Rate of annotation errors: 0 none, each event has one point; 1 as in TSL-300.
        seed: Another seed gives other videos. A larger corpus of the same seed begins with the smaller one.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.data.long_shapes.LongShapesOptions"

    videos: int = Field(80, ge=4)
    subjects: int = Field(20, ge=4)
    shortest_s: float = Field(180.0, ge=30, le=3600)
    longest_s: float = Field(360.0, ge=30, le=3600)
    pixels: int = Field(48, ge=16, le=256)
    rate_hz: float = Field(12.5, ge=4, le=120)
    sound_rate_hz: int = Field(16000, ge=8000, le=48000)
    noise: float = Field(1.0, ge=0, le=2)
    point_noise: float = Field(1.0, ge=0, le=2)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> LongShapesOptions:
        if self.shortest_s > self.longest_s:
            raise ValueError(f"shortest_s = {self.shortest_s:g} is more than longest_s = {self.longest_s:g}")
        return self


@dataclass(frozen=True, slots=True)
class GeneratedVideo(Mapping[str, Any]):
    """The media of a video, made at each access: a `Video`, rendered when it is read, and a `Waveform`."""

    name: str
    plan: VideoPlan
    options: LongShapesOptions

    def __getitem__(self, modality: str) -> Video | Waveform:
        it = self.options
        if modality == "video":
            return Video(DrawnVideo(f"drawn {self.name}", self.plan, it.pixels, it.rate_hz, it.noise))
        if modality == "audio":
            return Waveform(synthesize(self.plan, it.sound_rate_hz, it.noise)[None], it.sound_rate_hz)
        raise KeyError(modality)

    def __contains__(self, modality: object) -> bool:
        return modality in MODALITIES  # unlike that of `Mapping`, renders nothing

    def __iter__(self) -> Iterator[str]:
        return iter(MODALITIES)

    def __len__(self) -> int:
        return len(MODALITIES)


def read(root: Path, options: LongShapesOptions) -> Corpus:
    """Generate the corpus; `root` is not used."""
    samples = [_sample(number, options) for number in range(options.videos)]
    return Corpus(samples, LABELS, task=find_task("localization"))


def _sample(number: int, options: LongShapesOptions) -> Sample:
    turn, performer = divmod(number, options.subjects)
    plan = make_plan(options.seed, number, performer, options.rate_hz, options.shortest_s, options.longest_s)
    points = mark_points(plan, options.rate_hz, options.point_noise)
    counts = Counter(point.label for point in points)
    subject = f"troupe-{performer + 1:02d}"
    name = f"{subject}-{turn + 1}"
    return Sample(
        id=name,
        media=GeneratedVideo(name, plan, options),
        label_weights={label: counts[label] / len(points) for label in LABELS.names},
        subject=subject,
        split=SPLITS[performer % len(SPLITS)],
        facts={
            "rate_hz": options.rate_hz,
            "duration_s": plan.duration_s,
            "cues": [_CUE_NAMES[it.is_seen, it.is_heard] for it in plan.events],
            "distractors": [[it.start_s, it.end_s] for it in plan.episodes if not it.polarity],
        },
        segments=tuple(Segment(it.start_s, it.end_s, NAMES[it.polarity]) for it in plan.events),
        points=points,
    )


DATASET = Dataset(
    title="Long shapes, a generated corpus: untrimmed videos with sound and events to be localized",
    modalities=MODALITIES,
    licence="Apache-2.0, as this package, which generates frames and sound",
    cite="generated by affekt; contains no recordings of people",
    labels=LABELS,
    options=LongShapesOptions,
    needs_root=False,
    invented=True,
    read=read,
)
