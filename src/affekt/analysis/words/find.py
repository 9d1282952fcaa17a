"""The stage of words: what is said, by whom and when, and what the text network answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import PositiveInt

from affekt.analysis.answered import as_span
from affekt.analysis.found import Found, OnProgress, OpenMedium, silent
from affekt.analysis.words.sources import find_source
from affekt.core.errors import UsageError
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.core.timeline.parts import Missing, Span, SpokenLine, Track
from affekt.core.wording import are, counted
from affekt.deploy.runtime.conversations import Conversation
from affekt.deploy.runtime.input_types import reads_words
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.speech import Recognizer
from affekt.media.text import Line
from affekt.media.text.english import is_english

_ASKED = {"auto": None, "yes": True, "no": False}


NOT_ENGLISH = (
    "its lines do not look like English, and the network reads English only: they are shown, and not answered"
)


class WordSettings(Settings):
    """Where words are looked for, and how they are answered.

    Attributes:
        beside: Whether subtitles beside the medium are read: `film.srt` or `film.vtt` of `film.mp4`.
        embedded: Whether subtitle tracks inside of it are read.
        recognize: Whether words are recognised in the sound if no other source has them; `auto`: if speech
            recognition is installed.
        encoding: Of subtitle files; found if not given.
        batch_size: Lines that are answered together; chosen by the network if not given.
    """

    beside: bool = True
    embedded: bool = True
    recognize: Literal["auto", "yes", "no"] = "auto"
    encoding: str | None = None
    batch_size: PositiveInt | None = None


def find_words(
    open_medium: OpenMedium,
    predictor: Predictor | None,
    settings: WordSettings | None = None,
    *,
    subtitles: Path | None = None,
    recognizer: Recognizer | None = None,
    on_progress: OnProgress = silent,
) -> Found:
    """The lines of a medium, and a track for each speaker with an answer to each line in its context.

    Speakers that the source names are the identities `W1`, `W2`, ... in the order in which they speak, with
    their names in `Found.names`; lines without a name have none, and one track. A line without times, as all
    are in a plain transcript, is not answered: it has no place in a timeline.

    Args:
        predictor: Takes words, alone or with sound and picture. None: lines without answers.
        subtitles: A file of lines with times: `.srt`, `.vtt`, or a table with columns of times.
        recognizer: Hears the words, instead of the installed speech recognition.

    Raises:
        UsageError: The network does not take words, or there is no such encoding.
        MissingExtra: Speech is to be recognised, and a part of the recogniser is missing.
    """
    settings = settings or WordSettings()
    if predictor is not None and not reads_words(predictor.modality):
        raise UsageError(
            f"words are answered by a network of text; {predictor.provenance.method} takes "
            f"{predictor.modality}"
        )
    source = find_source(
        open_medium,
        subtitles=subtitles,
        beside=settings.beside,
        embedded=settings.embedded,
        recognize=_ASKED[settings.recognize],
        recognizer=recognizer,
        encoding=settings.encoding,
    )
    if isinstance(source, str):
        return Found(missing=(Missing(modality="words", reason=source),))
    timed, left_out = _timed(source.items, open_medium.medium.duration_s)
    notes = [source.origin, *source.notes, *left_out]
    missing = [
        Missing(modality="words", reason=str(item))
        for item in source.items
        if isinstance(item, Skipped) and not item.kind
    ]
    if not timed:
        reason = (
            f"{source.origin}: none of its lines has a place in the medium. A timeline needs times: give "
            "subtitles, or answer the lines alone with affekt predict"
        )
        return Found(missing=(Missing(modality="words", reason=reason), *missing), notes=tuple(notes))
    people = _identities(timed)
    words = tuple(_spoken(line, people) for line in timed)
    if predictor is not None and _is_foreign(predictor, timed):
        missing.append(Missing(modality="words", reason=f"{source.origin}: {NOT_ENGLISH}"))
        predictor = None
    if predictor is None:
        return Found(
            words=words,
            names={identity: name for name, identity in people.items()},
            missing=tuple(missing),
            notes=tuple(notes),
        )
    spans: dict[str, list[Span]] = {spoken.person: [] for spoken in words}
    conversation = Conversation(
        source.name, keep=predictor.earlier_turns, media=_media(open_medium, predictor)
    )
    samples: list[Sample | Skipped] = [conversation.sample(line) for line in timed]
    answers = predictor.answers(samples, batch_size=settings.batch_size)
    for spoken, answer in zip(words, answers, strict=True):
        if isinstance(answer, Skipped):
            missing.append(
                Missing(modality="words", reason=str(answer), start_s=spoken.start_s, end_s=spoken.end_s)
            )
        else:
            spans[spoken.person].append(as_span(answer, spoken.start_s, spoken.end_s, text=spoken.text))
        on_progress(min(spoken.end_s, open_medium.medium.duration_s))
    on_progress(open_medium.medium.duration_s)
    notes += _unread(spans)
    return Found(
        tracks=tuple(
            Track(
                id=f"words-{person}" if person else "words",
                modality="words",
                person=person,
                spans=tuple(found),
            )
            for person, found in spans.items()
            if found
        ),
        words=words,
        names={identity: name for name, identity in people.items()},
        missing=tuple(missing),
        notes=tuple(notes),
    )


def _timed(items: Sequence[Line | Skipped], duration_s: float) -> tuple[list[Line], list[str]]:
    """The lines that have a place in the medium, in order of time, and notes on the others."""
    lines = [item for item in items if isinstance(item, Line)]
    stated = [line for line in lines if line.span_s is not None]
    placed = [line for line in stated if _span(line)[0] < duration_s]
    notes: list[str] = []
    if without := len(lines) - len(stated):
        notes.append(
            f"{without} of {counted(len(lines), 'line')} {are(without)} left out: no times are stated"
        )
    if later := len(stated) - len(placed):
        notes.append(
            f"{later} of {counted(len(stated), 'line')} {are(later)} left out, since the medium ends at "
            f"{duration_s:.1f} s: the words may belong to another version of it"
        )
    return sorted(placed, key=lambda line: _span(line)[0]), notes


def _span(line: Line) -> tuple[float, float]:
    if line.span_s is None:
        raise ValueError(f"line {line.number} has no times")
    return line.span_s


def _identities(lines: Sequence[Line]) -> dict[str, str]:
    """Identities by name."""
    names = dict.fromkeys(line.speaker for line in lines if line.speaker)
    return {name: f"W{number}" for number, name in enumerate(names, start=1)}


def _spoken(line: Line, people: dict[str, str]) -> SpokenLine:
    start_s, end_s = _span(line)
    return SpokenLine(
        start_s=start_s,
        end_s=max(start_s, end_s),
        text=line.text,
        person=people[line.speaker] if line.speaker else "",
        confidence=line.confidence,
    )


def _media(open_medium: OpenMedium, predictor: Predictor) -> dict[str, Any]:
    """Sound and picture, for a network that takes them with the words."""
    kinds = predictor.modality.split("+")
    there = {"audio": open_medium.sound, "video": open_medium.video}
    return {kind: medium for kind, medium in there.items() if kind in kinds and medium is not None}


def _is_foreign(predictor: Predictor, lines: Iterable[Line]) -> bool:
    """Whether the bundle states that it reads English alone, and the lines are clearly not."""
    stated = predictor.document.get("languages")
    return stated == ["en"] and is_english(line.text for line in lines) is False


def _unread(spans: dict[str, list[Span]]) -> Iterator[str]:
    """A note on the medium if the network has no basis for most of its lines."""
    every = [span for found in spans.values() for span in found]
    foreign = [
        note for span in every for note in span.notes if " script; the network was trained on " in note
    ]
    if len(foreign) * 2 > len(every):
        yield f"{len(foreign)} of {counted(len(every), 'line')}: {foreign[0]}"
