"""The stage of voices: where somebody speaks, whose voice it is, and what the voice network answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from pydantic import Field, PositiveFloat, PositiveInt

from affekt.analysis.answered import as_span
from affekt.analysis.found import Found, OnProgress, OpenMedium, silent
from affekt.analysis.voices.speakers import tell_apart
from affekt.analysis.voices.turns import turns_of, windows_of
from affekt.core.errors import MediaError, UsageError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.core.timeline.parts import Missing, Span, SpokenLine, Track
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.sound import SoundSource
from affekt.media.sound.notes import differ, percent
from affekt.media.voices import ActivitySettings, Speech, find_speech, open_activity, open_vectors
from affekt.media.voices.cut import cut

_FIRST_PASS = 0.5  # share of the progress of the search for speech


class VoiceSettings(Settings):
    """How voices are found and answered.

    Attributes:
        detector: Of voice activity (`affekt.media.voices.open_activity`).
        activity: From its scores to stretches of speech.
        longest_s: Longer turns are answered in equal parts of at most this length: a feeling may change
            within a turn, and networks learn from utterances of a few seconds. Of those of RAVDESS 99 % last
            up to 3.7 s (`benchmarks/voice_activity.py`).
        speakers: Whether voices are told apart where no lines state who speaks; `auto`: if the voice vectors
            are on this computer.
        batch_size: Turns that are answered together; their sound is in memory.
    """

    detector: Literal["auto", "silero", "energy"] = "auto"
    activity: ActivitySettings = ActivitySettings()
    longest_s: PositiveFloat = 5.0
    speakers: Literal["auto", "one"] = "auto"
    batch_size: PositiveInt = Field(default=8, le=64)


class _Part(NamedTuple):
    """A part of a turn that is answered by itself, and the identity whose voice it is."""

    start_s: float
    end_s: float
    voice: str


def find_voices(
    open_medium: OpenMedium,
    predictor: Predictor,
    settings: VoiceSettings | None = None,
    *,
    lines: Sequence[SpokenLine] = (),
    on_progress: OnProgress = silent,
) -> Found:
    """A track for each voice, with an answer to each of its turns; long turns have several.

    Identities are `V1`, `V2`, ... in the order in which they are heard. Turns are of one voice if the same
    person has the lines that are said meanwhile; where no line states a person, if their voice vectors are
    alike; else all are of one. Turns whose voice is not clear are in a track of nobody.

    Args:
        predictor: Takes sound alone.
        lines: What is said, with the identities of the speakers in `person`, as `find_words` finds it. Turns
            are cut where another person's line begins.

    Raises:
        UsageError: The network takes something else than sound.
        AssetError: A part that is on this computer is damaged.
    """
    settings = settings or VoiceSettings()
    if predictor.modality != "audio":
        raise UsageError(
            f"voices are answered by a network of audio; {predictor.provenance.method} takes "
            f"{predictor.modality}"
        )
    if open_medium.sound is None:
        return _nothing("the medium has no sound track")
    activity = open_activity(settings.detector)
    whole_s = open_medium.medium.duration_s
    try:
        # Sound is decoded here from beginning to end: its notes concern the whole medium.
        with collect_notes() as notes:
            speech = find_speech(
                open_medium.sound,
                activity,
                settings.activity,
                on_done=lambda done_s: on_progress(done_s * _FIRST_PASS),
            )
        noted = [*notes, *_length_notes(open_medium, speech.duration_s)]
        if not speech.spans_s:
            return _nothing(_why_none(speech, activity.name), noted)
        if activity.name == "energy":
            noted.append(
                "speech was found by loudness alone, so that music and noise may be answered as voices: "
                "affekt assets get silero_vad"
            )
        turns = turns_of(speech.spans_s, lines, least_s=settings.activity.least_speech_s)
        vectors = open_vectors() if settings.speakers == "auto" else None
        speakers = tell_apart(open_medium.sound, turns, vectors)
        parts = [
            _Part(*window, voice)
            for turn, voice in zip(turns, speakers.voices, strict=True)
            for window in windows_of(turn, settings.longest_s)
        ]
        spans, missing = _answered(
            open_medium.sound,
            parts,
            predictor,
            settings.batch_size,
            lambda done_s: on_progress(_FIRST_PASS * whole_s + done_s * (1 - _FIRST_PASS)),
        )
    except MediaError as error:
        return _nothing(f"its sound cannot be used: {error}")
    on_progress(whole_s)
    return Found(
        tracks=tuple(
            Track(
                id=f"voice-{voice}" if voice else "voice",
                modality="voice",
                person=voice,
                spans=tuple(spans[voice]),
                notes=speakers.notes,
            )
            for voice in dict.fromkeys(speakers.voices)
            if spans[voice]
        ),
        alike=speakers.alike,
        missing=tuple(missing),
        notes=tuple(noted),
    )


def _answered(
    sound: SoundSource,
    parts: Sequence[_Part],
    predictor: Predictor,
    batch_size: int,
    on_done: OnProgress,
) -> tuple[dict[str, list[Span]], list[Missing]]:
    """Spans of each voice, and the parts without an answer."""
    spans: dict[str, list[Span]] = {part.voice: [] for part in parts}
    missing: list[Missing] = []
    answers = predictor.answers(_samples(sound, parts), batch_size=batch_size)
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, Skipped):
            missing.append(
                Missing(modality="voice", reason=answer.reason, start_s=part.start_s, end_s=part.end_s)
            )
        else:
            spans[part.voice].append(as_span(answer, part.start_s, part.end_s))
        on_done(part.end_s)
    return spans, missing


def _samples(sound: SoundSource, parts: Sequence[_Part]) -> Iterator[Sample]:
    pieces = cut(sound, [(part.start_s, part.end_s) for part in parts])
    for part, piece in zip(parts, pieces, strict=True):
        yield Sample(id=f"{part.start_s:.2f} to {part.end_s:.2f} s", media={"audio": piece})


def _nothing(reason: str, notes: Iterable[str] = ()) -> Found:
    return Found(missing=(Missing(modality="voice", reason=reason),), notes=tuple(notes))


def _why_none(speech: Speech, detector: str) -> str:
    if speech.is_silent:
        return "its sound is silent"
    return (
        f"no speech was found in {speech.duration_s:.1f} s of sound: the highest score of {detector} is "
        f"{speech.highest:.2f}, and speech begins at {speech.on:.2f}"
    )


def _length_notes(open_medium: OpenMedium, sound_s: float) -> list[str]:
    """A note if the sound ends much earlier or later than the picture."""
    if open_medium.video is None:
        return []
    picture_s = float(open_medium.video.end_s)
    if not differ(sound_s, picture_s):
        return []
    if sound_s < picture_s:
        return [
            f"its sound covers {percent(sound_s / picture_s)} of its picture: {sound_s:.1f} of "
            f"{picture_s:.1f} s"
        ]
    return [
        f"its picture covers {percent(picture_s / sound_s)} of its sound: {picture_s:.1f} of {sound_s:.1f} s"
    ]
