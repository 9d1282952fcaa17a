"""Spoken scenes: generated dialogues of two, whose words, voices and faces carry known shares of the label.

    nothing on disk   `lines` lines in dialogues of `turns` turns; pairs of speakers talk to each other only
    one sample        id scene-003-2, dialogue scene-003, turn 2, speaker "Speaker 7", subject pair-04,
                      label fear; of five pairs, the fourth is validation and the fifth test
    facts             the planted cues: {"text": "fear", "audio": "", "video": "joy"}, empty for silence

With `form = "vectors"` a line has a feature vector of each modality; with `form = "clips"` words, a synthetic
voice and a drawn face, rendered in some 20 ms each time they are accessed. Both follow the same plan.
`affekt data invent spoken_scenes DIR` writes clips and tables in the layout of MELD.

Each line has one of seven labels, all equally frequent, and each modality shows it with the probability of
its share (`affekt.invented.shares`). The best accuracy from any subset is thus known; with the
defaults:

    text .607   audio .479   video .393   text+audio .741   text+video .707   audio+video .616   all .802

Lines are independent of each other: earlier turns say nothing about later ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.sample import Sample, Split
from affekt.core.settings import Settings
from affekt.invented.shares import Channel, accuracies
from affekt.invented.spoken_scenes.meld_layout import write_meld
from affekt.invented.spoken_scenes.picture import frames_of_line
from affekt.invented.spoken_scenes.plan import LABELS, MODALITIES, SILENT, LinePlan, make_plan
from affekt.invented.spoken_scenes.sound import sound_of_line
from affekt.invented.spoken_scenes.vectors import features_of_line
from affekt.invented.spoken_scenes.words import words_of_line

SPLITS: tuple[Split, ...] = ("train", "train", "train", "validation", "test")  # of pairs, repeated


class SpokenScenesOptions(Settings):
    """Size of the corpus, and what its modalities carry.

    Attributes:
        lines: Number of lines, at least five dialogues.
        turns: Lines of a dialogue.
        pairs: Pairs of speakers; dialogues alternate between them.
        form: Feature vectors, or words, sound and picture.
        text, audio, video: Share of the lines in which the modality shows the label.
        misleading: Share of the lines in which a modality shows another label, for each modality.
        noise: Variation between speakers and lines; 0 leaves only the cues.
        pixels: Height and width of a frame.
        seed: Another seed gives other lines. A larger corpus of the same seed begins with the smaller one.
    """

    lines: int = Field(600, ge=5)
    turns: int = Field(6, ge=1, le=50)
    pairs: int = Field(10, ge=5)
    form: Literal["vectors", "clips"] = "vectors"
    text: float = Field(0.55, ge=0, le=1)
    audio: float = Field(0.4, ge=0, le=1)
    video: float = Field(0.3, ge=0, le=1)
    misleading: float = Field(0.05, ge=0, le=1)
    noise: float = Field(1.0, ge=0, le=1)
    pixels: int = Field(64, ge=24, le=256, multiple_of=2)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> SpokenScenesOptions:
        largest = max(self.text, self.audio, self.video)
        if largest + self.misleading > 1:
            raise ValueError(
                f"a share of {largest:g} and {self.misleading:g} misleading lines are more than all"
            )
        if self.lines < len(SPLITS) * self.turns:
            raise ValueError(
                f"{len(SPLITS)} dialogues of {self.turns} turns need {len(SPLITS) * self.turns} lines"
            )
        return self

    @property
    def channels(self) -> dict[str, Channel]:
        """What each modality carries."""
        return {name: Channel(getattr(self, name), self.misleading) for name in MODALITIES}


def planted(options: SpokenScenesOptions) -> dict[str, float]:
    """The best possible accuracy from each subset of the modalities, such as `text+audio`.

    Example:
        >>> {name: round(value, 3) for name, value in planted(SpokenScenesOptions()).items()}["text"]
        0.607
    """
    return accuracies(options.channels, len(LABELS))


@dataclass(frozen=True, slots=True)
class Scene(Mapping[str, Any]):
    """The media of a line, rendered at each access: words, `Waveform` and `VideoFrames`."""

    plan: LinePlan
    pixels: int
    noise: float

    def __getitem__(self, modality: str) -> Any:
        if modality == "text":
            return words_of_line(self.plan)
        if modality == "audio":
            return sound_of_line(self.plan, self.noise)
        if modality == "video":
            return frames_of_line(self.plan, self.pixels, self.noise)
        raise KeyError(modality)

    def __contains__(self, modality: object) -> bool:
        return modality in MODALITIES  # unlike that of `Mapping`, renders nothing

    def __iter__(self) -> Iterator[str]:
        return iter(MODALITIES)

    def __len__(self) -> int:
        return len(MODALITIES)


def read(root: Path, options: SpokenScenesOptions) -> Corpus:
    """Generate the corpus; `root` is not used."""
    return Corpus([_sample(number, options) for number in range(options.lines)], LABELS)


def _sample(number: int, options: SpokenScenesOptions) -> Sample:
    dialogue, turn = divmod(number, options.turns)
    pair = dialogue % options.pairs
    speaker = 2 * pair + turn % 2
    plan = make_plan(number, speaker, options.seed, options.channels)
    if options.form == "vectors":
        media: Mapping[str, Any] = features_of_line(plan, options.noise)
    else:
        media = Scene(plan, options.pixels, options.noise)
    return Sample(
        id=f"scene-{dialogue:03d}-{turn}",
        media=media,
        label=LABELS.names[plan.label],
        subject=f"pair-{pair + 1:02d}",
        split=SPLITS[pair % len(SPLITS)],
        dialogue=f"scene-{dialogue:03d}",
        turn=turn,
        speaker=f"Speaker {speaker + 1}",
        facts={name: "" if cue == SILENT else LABELS.names[cue] for name, cue in plan.cues.items()},
    )


def write(folder: Path, options: SpokenScenesOptions) -> Mapping[str, Any]:
    """Render the lines and write them in the layout of MELD, whatever their form.

    Raises:
        UsageError: The folder exists.
        MediaError: It cannot be written.
    """
    return write_meld(folder, read(Path(), options.model_copy(update={"form": "clips"})).samples)


DATASET = Dataset(
    title="Spoken scenes, generated dialogues: words, voice and face carry known shares of 7 emotions",
    modalities=MODALITIES,
    licence="Apache-2.0, as this package, which generates words, sound and pictures",
    cite="generated by affekt; contains no recordings of people",
    labels=LABELS,
    options=SpokenScenesOptions,
    needs_root=False,
    invented=True,
    read=read,
    write=write,
)
