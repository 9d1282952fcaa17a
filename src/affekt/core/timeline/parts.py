"""The parts of a timeline. Times are seconds from the beginning of the medium."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from affekt.core.settings import Settings

Modality = Literal["face", "voice", "words", "clip", "gait", "fused"]
MODALITIES: tuple[Modality, ...] = ("face", "voice", "words", "clip", "gait", "fused")


class Box(NamedTuple):
    """Where a face is at one time.

    Attributes:
        left, top, right, bottom: In shares of the width and the height of the picture, 0 to 1.
        score: Of the detector, 0 to 1; None where the place is interpolated between two detections.
    """

    time_s: float
    left: float
    top: float
    right: float
    bottom: float
    score: float | None = None


class Span(Settings):
    """One answer about a stretch of time.

    Attributes:
        start_s, end_s: When it begins and ends; equal for a picture.
        label: The most probable class; empty if no class is sure enough (`is_unsure`), or the network's
            answer has no class.
        scores: Probability of each class by name, calibrated where the network is. Empty for tasks without
            classes.
        confidence: Score of the most probable class; None without classes.
        values: Ratings by name, for regression.
        detected: The span is a detection of a localization network, and `confidence` its score.
        text: The words that were answered.
        notes: Limitations of the input, in this span.
    """

    start_s: float = Field(ge=0, allow_inf_nan=False)
    end_s: float = Field(ge=0, allow_inf_nan=False)
    label: str = ""
    scores: dict[str, float] = Field(default_factory=dict)
    confidence: float | None = None
    values: dict[str, float] = Field(default_factory=dict)
    detected: bool = False
    text: str | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.end_s < self.start_s:
            raise ValueError(f"a span ends before it starts: {self.start_s:g} to {self.end_s:g} s")
        return self

    @property
    def is_unsure(self) -> bool:
        """Whether there are scores, but no class is sure enough to be reported."""
        return bool(self.scores) and not self.label


class Track(Settings):
    """The answers about one person, or the whole medium, from one modality. Spans are in order of time.

    Attributes:
        id: Unique in the timeline, such as `face-2`.
        modality: What was answered about; `fused` for the answer of all of them together, `clip` for
            networks of whole clips.
        person: Id of the person; empty where the answers concern the whole medium.
        network: Name of its network in `Timeline.networks`; for `fused`, empty.
        boxes: Where the face is, in order of time; for faces only. Each is a list: time in seconds; left,
            top, right and bottom in shares of the width and the height of the picture; the detector's score,
            none where the place is interpolated.
        notes: Limitations, and assumptions such as which voice belongs to which face.
    """

    id: str
    modality: Modality
    person: str = ""
    network: str = ""
    spans: tuple[Span, ...] = ()
    boxes: tuple[Box, ...] = ()
    notes: tuple[str, ...] = ()


class Person(Settings):
    """Somebody who is seen, heard, or named by subtitles.

    Attributes:
        id: `P1`, `P2`, ... in the order in which they appear.
        name: As subtitles or transcripts state it; None if nothing does. Faces and voices are never named.
        notes: Assumptions by which tracks were joined.
    """

    id: str
    name: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name, or the id if there is none."""
        return self.name or self.id


class SpokenLine(Settings):
    """Words and when they are said.

    Attributes:
        start_s, end_s: When they begin and end.
        text: The words.
        person: Id of who says them; empty if it is not known.
        confidence: Of recognised words, 0 to 1; None for words that were given.
    """

    start_s: float = Field(ge=0, allow_inf_nan=False)
    end_s: float = Field(ge=0, allow_inf_nan=False)
    text: str
    person: str = ""
    confidence: float | None = None


class Network(Settings):
    """A network that answered.

    Attributes:
        name: Its key in `Timeline.networks`: name of its bundle, made unique.
        method: The method of affekt by which it was trained.
        modality: The kind of its tracks.
        labels: Its classes, in order.
        weights_sha256: Hash of its weights.
        bundle: As `affekt.core.answers.prediction.Provenance.bundle_version`.
        engine: What computed it, such as `onnxruntime f32`.
        weight: Its weight when answers of several modalities are fused; None if it takes no part.
        mapping: Its classes in the fused answer, by name; None for a class that the fused answer lacks.
        licence: Of the data that it was trained on.
        limits: What it is not for, as its bundle states it.
        notes: Such as the loss of the mapping.
    """

    name: str
    method: str
    modality: Modality
    labels: tuple[str, ...] = ()
    weights_sha256: str = ""
    bundle: str = ""
    engine: str = ""
    weight: float | None = None
    mapping: dict[str, str | None] = Field(default_factory=dict)
    licence: str = ""
    limits: str = ""
    notes: tuple[str, ...] = ()


class Missing(Settings):
    """A modality that gave no answer, for a stretch or the whole medium, and why.

    Attributes:
        modality: What was not seen, heard or said.
        reason: Why, as a sentence.
        start_s, end_s: None: the whole medium.
    """

    modality: Modality
    reason: str
    start_s: float | None = None
    end_s: float | None = None


class Medium(Settings):
    """The file, or the folder of frames, that was analyzed.

    Attributes:
        path: As given.
        duration_s: 0 for a picture.
        width, height: Of the picture in pixels, upright; None without a picture.
        frame_rate_hz: Mean; None without a picture or with a single one.
        has_sound: Whether there is a sound track.
    """

    path: str
    duration_s: float = Field(ge=0, allow_inf_nan=False)
    width: int | None = None
    height: int | None = None
    frame_rate_hz: float | None = None
    has_sound: bool = False
