"""Long shapes: an invented corpus of untrimmed videos, to find what happens when without a film of anybody.

    nothing on disk   `videos` videos of 3 to 6 minutes, `pixels` x `pixels`, with a voice beside them; drawn
                      block by block when frames are read, so that a corpus takes no memory
    one sample        id troupe-03-1, subject troupe-03; of 20 troupes, 12 train, 3 validate and 5 test
    segments          events, what is to be found: 61.2 to 74.48 s, positive
    points            single frames that an annotator marked, what training knows: 66.6 s, positive
    facts             rate_hz, duration_s, told = ["picture", "both"]: how each event is told; decoys =
                      [[12.0, 20.8]]: stretches that are as intense as events but say nothing

Grey shapes drift and a voice hums. 2 to 9 times a video something happens, for 6 to 25 s: a positive event
(shapes turn warm, open and sway; the voice sings rising phrases, bright and in major), or a negative one
(they turn cold, sink and huddle; it sings falling ones, dull and in minor). A third of the events is seen
alone, a third heard alone, a third both: who only sees, or only hears, finds two thirds at best.

Intensity alone tells nothing. There are decoys, in which shapes hop in any colour and the voice sings as
loudly, turning either way over an open chord; and all the time shapes blink, lights flash, the camera jolts,
something clicks and beeps. Troupes differ in palette, shape, pitch and tempo, and each puts what it tells
into other cues: one hardly changes its colour, another always sings in a high voice.

Points err as those of TSL-300 do (see `_long_points`): some events have none, some points lie in quiet, a
few have the wrong class. All other numbers are invented here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Split
from affekt.core.segment import Segment
from affekt.core.settings import Settings
from affekt.invented.long_shapes.picture import DrawnVideo
from affekt.invented.long_shapes.plan import NAMES, LongStory, write_story
from affekt.invented.long_shapes.points import mark
from affekt.invented.long_shapes.sound import sing
from affekt.media.sound import Waveform
from affekt.media.video import Video

LABELS = label_set("tsl-2")
MODALITIES = ("video", "audio")
# Of troupes, in turn: 12, 3 and 5 of 20, and of the first four already some of each.
SPLITS: tuple[Split, ...] = (
    "train", "test", "validation", "train", "train", "train", "test", "train", "train", "train",
    "test", "validation", "train", "train", "test", "train", "train", "validation", "test", "train",
)  # fmt: skip
_TOLD = {(True, False): "picture", (False, True): "sound", (True, True): "both"}


class LongShapesOptions(Settings):
    """The invented corpus.

    Attributes:
        videos: In all; troupes take turns.
        subjects: Troupes.
        shortest_s, longest_s: Of a video, in seconds.
        pixels: Height and width of a frame.
        rate_hz: Frames per second.
        sound_rate_hz: Samples of sound per second.
        noise: How much troupes and videos differ, and how strong short distractions and grain are; 0 leaves
            events and decoys alone, 1 is the corpus as it was tuned.
        point_noise: How often annotators err: 0 never, each event has one point; 1 as often as real ones.
        seed: Another seed, other videos. A larger corpus of the same seed begins with the smaller one.
    """

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
class LongPerformance(Mapping[str, Any]):
    """The media of a video, made when they are looked up: `Video`, drawn when it is read, and `Waveform`."""

    name: str
    story: LongStory
    options: LongShapesOptions

    def __getitem__(self, modality: str) -> Video | Waveform:
        it = self.options
        if modality == "video":
            return Video(DrawnVideo(f"drawn {self.name}", self.story, it.pixels, it.rate_hz, it.noise))
        if modality == "audio":
            return Waveform(sing(self.story, it.sound_rate_hz, it.noise)[None], it.sound_rate_hz)
        raise KeyError(modality)

    def __contains__(self, modality: object) -> bool:
        return modality in MODALITIES  # without singing anything, as `Mapping` would

    def __iter__(self) -> Iterator[str]:
        return iter(MODALITIES)

    def __len__(self) -> int:
        return len(MODALITIES)


def read(root: Path, options: LongShapesOptions) -> Corpus:
    """Invent the corpus; `root` is not looked at."""
    return Corpus([_sample(number, options) for number in range(options.videos)], LABELS, task="localization")


def _sample(number: int, options: LongShapesOptions) -> Sample:
    turn, troupe = divmod(number, options.subjects)
    story = write_story(options.seed, number, troupe, options.rate_hz, options.shortest_s, options.longest_s)
    points = mark(story, options.rate_hz, options.point_noise)
    counts = Counter(point.label for point in points)
    subject = f"troupe-{troupe + 1:02d}"
    name = f"{subject}-{turn + 1}"
    return Sample(
        id=name,
        media=LongPerformance(name, story, options),
        label_weights={label: counts[label] / len(points) for label in LABELS.names},
        subject=subject,
        split=SPLITS[troupe % len(SPLITS)],
        facts={
            "rate_hz": options.rate_hz,
            "duration_s": story.duration_s,
            "told": [_TOLD[it.is_seen, it.is_heard] for it in story.events],
            "decoys": [[it.start_s, it.end_s] for it in story.stretches if not it.polarity],
        },
        segments=tuple(Segment(it.start_s, it.end_s, NAMES[it.polarity]) for it in story.events),
        points=points,
    )


DATASET = Dataset(
    title="Long shapes, an invented corpus: untrimmed videos with sound, events to be found in them",
    modalities=MODALITIES,
    licence="Apache-2.0, as this package: pictures and sounds are made by it",
    cite="invented here; nobody was filmed or recorded",
    labels=LABELS,
    options=LongShapesOptions,
    needs_root=False,
    read=read,
)
