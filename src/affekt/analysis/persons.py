"""Faces, voices and words of one person, joined by what happens at the same time.

- A turn of a voice belongs to the person whose line is said meanwhile, where subtitles name persons.
- Words that nobody is named for belong to the person whose voice is heard meanwhile.
- Voices that are alike are one person's where the same face is the only one in nearly all of their speech:
  somebody who shouts and whispers has several voices.
- A face belongs to the person in whose speech it is seen. Each moment of speech counts once, and is divided
  among the faces that are in the picture: evenly, or, where it is known how their mouths move, by the square
  of that motion in the turn compared with all of the face's time. So the only face of a picture has a share
  of 1 in what is said meanwhile, and two faces that are always seen together are told apart by their mouths
  or not at all. Faces and speakers are joined one to one, by the assignment with the largest sum of shares,
  and only where the share is clear: large, and well above the second face of the same speaker and the second
  speaker of the same face.

All of it is an assumption: a listener may be in the picture while somebody else talks. Notes state it with
the numbers. What is not clear stays apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.optimize

from affekt.analysis.found import Found
from affekt.analysis.intervals import Stretch, shared, total, union, without
from affekt.analysis.voices.speakers import ONE_VOICE
from affekt.core.timeline.parts import MODALITIES, Person, Span, SpokenLine, Track

# Of the speech of a person; from here on a face is that person's. benchmarks/persons.py shows how many joins
# are wrong, for cameras that show the speaker more or less often.
LEAST_SHARE = 0.5
LEAST_MARGIN = 0.25  # above the second face, and above the second speaker
# Of a person: shorter speech does not show which of several faces it belongs to, or which of several voices a
# face has.
LEAST_SPEECH_S = 2.0
LEAST_ALONE = 0.9  # of the speech, where it was not told apart who speaks
LEAST_MATCH = 2 / 3  # of the named speech of a voice, from which the rest of it is the same person's
LEAST_TURNS = 3  # that are heard, before mouths tell faces apart: any two faces move unevenly in one turn
LEAST_MOTIONS = 3  # of a mouth in a turn: fewer show nothing
STILL = 0.005  # motion of a mouth that is as still as noise
LEAST_SEEN_S = 1.0  # between two boxes: a longer gap means that the face is not seen


class _Speaker(NamedTuple):
    """What one person says.

    Attributes:
        words: Identity of the stage of words; empty if it has none.
        voices: Identities of the stage of voices.
        speech: When the person is heard; when the lines are shown, if no voice was found.
        notes: Assumptions so far.
        is_anybody: Whether the voice may be that of several people, who were not told apart.
    """

    words: str
    voices: tuple[str, ...]
    speech: list[Stretch]
    notes: tuple[str, ...]
    is_anybody: bool = False


class _Joined(NamedTuple):
    """A face and a speaker of one person.

    Attributes:
        share: Of the speech, as the module explains.
        alone: Share of the speech in which it is the only face.
    """

    face: str
    share: float
    alone: float


def join_persons(
    faces: Found, voices: Found, words: Found
) -> tuple[tuple[Person, ...], tuple[Track, ...], tuple[SpokenLine, ...]]:
    """The persons of a medium, in the order in which they appear, and their tracks and lines.

    Args:
        faces: Tracks of identities such as `F1`, with boxes.
        voices: Tracks of identities such as `V1`.
        words: Tracks and lines of identities such as `W1`, with their names.

    Returns:
        Persons `P1`, `P2`, ...; tracks of all three, by person in that order, with the ids of persons; lines
        likewise. Tracks of the whole medium, and lines that nobody is known to say, have none.
    """
    voice_spans = _turns_by_person(voices, words)
    speakers = _speakers(voices, words, voice_spans)
    faces_seen: dict[str, list[Stretch]] = {}
    for track in faces.tracks:
        if track.person:
            faces_seen[track.person] = union([*faces_seen.get(track.person, []), *_seen(track)])
    speakers = _without_doubles(speakers, voices.alike, faces_seen)
    joined = _faces_of(speakers, faces_seen, faces.mouths)
    groups = [_Group(speaker, joined.get(number)) for number, speaker in enumerate(speakers)]
    taken = {one.face for one in joined.values()}
    groups += [_Group(None, _Joined(face, 0.0, 0.0)) for face in faces_seen if face not in taken]
    groups.sort(key=lambda group: group.begins_s(faces_seen))
    persons = tuple(
        Person(id=f"P{number}", name=group.name({**voices.names, **words.names}), notes=group.notes)
        for number, group in enumerate(groups, start=1)
    )
    by_identity = {
        identity: person.id
        for person, group in zip(persons, groups, strict=True)
        for identity in group.identities
    }
    lines = tuple(
        line.model_copy(update={"person": by_identity.get(line.person, "")})
        if line.person
        else line.model_copy(update={"person": _heard_in(line, speakers, by_identity)})
        for line in words.words
    )
    tracks = [
        *(track.model_copy(update={"person": by_identity.get(track.person, "")}) for track in faces.tracks),
        *_split(
            voices.tracks,
            lambda track, span: by_identity.get(voice_spans.get((track.id, span.start_s), track.person), ""),
        ),
        *_split(
            words.tracks,
            lambda track, span: (
                by_identity.get(track.person, "") if track.person else _heard_in(span, speakers, by_identity)
            ),
        ),
    ]
    places = {person.id: number for number, person in enumerate(persons)}
    tracks.sort(key=lambda track: (places.get(track.person, len(places)), MODALITIES.index(track.modality)))
    return persons, tuple(tracks), lines


class _Group(NamedTuple):
    """What belongs to one person."""

    speaker: _Speaker | None
    face: _Joined | None

    @property
    def identities(self) -> list[str]:
        spoken = [self.speaker.words, *self.speaker.voices] if self.speaker else []
        return [identity for identity in [*spoken, self.face.face if self.face else ""] if identity]

    def name(self, names: Mapping[str, str]) -> str | None:
        return next((names[identity] for identity in self.identities if identity in names), None)

    def begins_s(self, seen: Mapping[str, Sequence[Stretch]]) -> tuple[float, str]:
        speech = self.speaker.speech if self.speaker else []
        times = [*speech[:1], *(seen[self.face.face][:1] if self.face else [])]
        return min((start_s for start_s, _ in times), default=float("inf")), str(self.identities)

    @property
    def notes(self) -> tuple[str, ...]:
        if self.speaker is None:
            return ()
        if self.face is None:
            return self.speaker.notes
        who = f"assumed: {_shown(self.speaker)} and face {self.face.face} are one person: {self.face.face} "
        alone = f"was the only face in {self.face.alone:.0%} of the speech, and " if self.face.alone else ""
        what = "it" if alone else "the speech"
        share = (
            f"has a share of {self.face.share:.0%} of {what}, by the time in the picture and moving mouths"
        )
        return (*self.speaker.notes, f"{who}{alone}{share}")


def _shown(speaker: _Speaker) -> str:
    if speaker.voices:
        return f"voice {' and '.join(speaker.voices)}"
    return f"the lines of {speaker.words}"


def _turns_by_person(voices: Found, words: Found) -> dict[tuple[str, float], str]:
    """Identity of words of each turn of a voice during which a named person's line is said.

    Keys are the track's id and the start of the span.
    """
    named = [line for line in words.words if line.person]
    found: dict[tuple[str, float], str] = {}
    for track in voices.tracks:
        for span in track.spans:
            overlaps: dict[str, float] = {}
            for line in named:
                shared_s = min(line.end_s, span.end_s) - max(line.start_s, span.start_s)
                if shared_s > 0:
                    overlaps[line.person] = overlaps.get(line.person, 0.0) + shared_s
            if overlaps:
                found[track.id, span.start_s] = max(overlaps, key=lambda person: overlaps[person])
    return found


def _speakers(voices: Found, words: Found, by_span: Mapping[tuple[str, float], str]) -> list[_Speaker]:
    """Who speaks: the persons of the lines with their voices, and the voices that are nobody's lines."""
    rest: dict[str, list[Stretch]] = {}  # of each voice, what no line claims
    claimed: dict[str, dict[str, float]] = {}  # of each voice, seconds by the identity of words
    speech: dict[str, list[Stretch]] = {}
    for track in voices.tracks:
        if not track.person:
            continue
        rest.setdefault(track.person, [])
        for span in track.spans:
            person = by_span.get((track.id, span.start_s))
            if person is None:
                rest[track.person].append((span.start_s, span.end_s))
                continue
            speech.setdefault(person, []).append((span.start_s, span.end_s))
            shares = claimed.setdefault(track.person, {})
            shares[person] = shares.get(person, 0.0) + span.end_s - span.start_s
    owner: dict[str, str] = {}
    for voice, shares in claimed.items():
        best = max(shares, key=lambda person: shares[person])
        if shares[best] >= LEAST_MATCH * sum(shares.values()):
            owner[voice] = best
    speakers: list[_Speaker] = []
    for person in dict.fromkeys(line.person for line in words.words if line.person):
        mine = tuple(voice for voice, who in owner.items() if who == person)
        heard = [*speech.get(person, []), *(stretch for voice in mine for stretch in rest[voice])]
        shown = [(line.start_s, line.end_s) for line in words.words if line.person == person]
        notes = tuple(
            f"voice {voice} is taken to be {words.names.get(person, person)}: "
            f"{claimed[voice][person] / sum(claimed[voice].values()):.0%} of its speech with a named line is "
            "said meanwhile"
            for voice in mine
        )
        speakers.append(_Speaker(person, mine, union(heard or shown), notes))
    unsplit = {track.person for track in voices.tracks if ONE_VOICE in track.notes}
    speakers += [
        _Speaker("", (voice,), union(stretches), (), voice in unsplit)
        for voice, stretches in rest.items()
        if voice not in owner and stretches
    ]
    return speakers


def _seen(track: Track) -> list[Stretch]:
    """When a face is in the picture: between boxes that follow each other closely, and in its spans."""
    times = [box.time_s for box in track.boxes]
    between = [
        (before_s, after_s) for before_s, after_s in pairwise(times) if after_s - before_s <= LEAST_SEEN_S
    ]
    return union([*between, *((span.start_s, span.end_s) for span in track.spans)])


def _without_doubles(
    speakers: Sequence[_Speaker],
    alike: Iterable[tuple[str, str]],
    seen: Mapping[str, Sequence[Stretch]],
) -> list[_Speaker]:
    """Speakers, with those in one whose voices are alike and have the same face alone."""
    pairs = {frozenset(pair) for pair in alike}
    others = _others(seen)
    kept: list[_Speaker] = []
    faces: list[str] = []  # of each: the only one in nearly all of the speech; empty if there is none
    for speaker in speakers:
        whole_s = total(speaker.speech)
        face = next(
            (
                name
                for name, one in seen.items()
                if whole_s
                and total(without(shared(speaker.speech, one), others[name])) >= LEAST_ALONE * whole_s
            ),
            "",
        )
        double = next(
            (
                place
                for place, before in enumerate(kept)
                if face
                and faces[place] == face
                and not (speaker.words and before.words)
                and any(frozenset((a, b)) in pairs for a in before.voices for b in speaker.voices)
            ),
            None,
        )
        if double is None:
            kept.append(speaker)
            faces.append(face)
            continue
        before = kept[double]
        note = (
            f"assumed: {_shown(before)} and {_shown(speaker)} are one person: they are alike, and {face} is "
            f"the only face in nearly all of their speech"
        )
        kept[double] = _Speaker(
            before.words or speaker.words,
            (*before.voices, *speaker.voices),
            union([*before.speech, *speaker.speech]),
            (*before.notes, *speaker.notes, note),
            before.is_anybody and speaker.is_anybody,
        )
    return kept


def _others(seen: Mapping[str, Sequence[Stretch]]) -> dict[str, list[Stretch]]:
    """When any other face is seen, for each face."""
    return {face: union(stretch for name in seen if name != face for stretch in seen[name]) for face in seen}


def _faces_of(
    speakers: Sequence[_Speaker],
    seen: Mapping[str, Sequence[Stretch]],
    mouths: Mapping[str, Sequence[tuple[float, float]]],
) -> dict[int, _Joined]:
    """The face of each speaker, by the place of the speaker, where it is clear."""
    faces = list(seen)
    if not faces or not speakers:
        return {}
    shares = np.zeros((len(speakers), len(faces)))
    alone = np.zeros_like(shares)
    others = _others(seen)
    least_s = LEAST_SPEECH_S if len(faces) > 1 or len(speakers) > 1 else 0.0
    for row, speaker in enumerate(speakers):
        whole_s = total(speaker.speech)
        if not whole_s or whole_s < least_s:
            continue
        told = speaker.voices and len(speaker.speech) >= LEAST_TURNS
        divided = _divided(speaker.speech, seen, mouths if told else {})
        for column, face in enumerate(faces):
            mine = shared(speaker.speech, list(seen[face]))
            alone[row, column] = total(without(mine, others[face])) / whole_s
            shares[row, column] = divided[face] / whole_s
    rows, columns = scipy.optimize.linear_sum_assignment(-shares)
    return {
        int(row): _Joined(faces[column], float(shares[row, column]), float(alone[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if shares[row, column] >= LEAST_SHARE
        and (alone[row, column] >= LEAST_ALONE or not speakers[row].is_anybody)
        and shares[row, column] - np.delete(shares[row], column).max(initial=0.0) >= LEAST_MARGIN
        and shares[row, column] - np.delete(shares[:, column], row).max(initial=0.0) >= LEAST_MARGIN
        and (
            alone[row, column] >= LEAST_SHARE
            or _moves_most(faces[column], speakers[row].speech, seen, mouths) >= LEAST_MATCH
        )
    }


def _moves_most(
    face: str,
    speech: Sequence[Stretch],
    seen: Mapping[str, Sequence[Stretch]],
    mouths: Mapping[str, Sequence[tuple[float, float]]],
) -> float:
    """Share of the turns in which no mouth moves more than that of a face; turns count once."""
    most = 0
    for turn in speech:
        weights = _mouth_weights(turn, [name for name, one in seen.items() if _within(one, turn)], mouths)
        most += face in weights and weights[face] >= max(weights.values())
    return most / len(speech)


def _divided(
    speech: Sequence[Stretch],
    seen: Mapping[str, Sequence[Stretch]],
    mouths: Mapping[str, Sequence[tuple[float, float]]],
) -> dict[str, float]:
    """Seconds of speech of each face: every moment is divided among the faces that are seen then."""
    found = dict.fromkeys(seen, 0.0)
    for turn in speech:
        # Only the stretches that overlap the turn are looked at: a film has thousands of both.
        parts = {face: part for face, one in seen.items() if (part := _within(one, turn))}
        weights = _mouth_weights(turn, parts, mouths)
        edges = sorted({edge for part in parts.values() for stretch in part for edge in stretch})
        for start_s, end_s in pairwise(edges):
            middle_s = (start_s + end_s) / 2
            there = [face for face, part in parts.items() if any(a <= middle_s < b for a, b in part)]
            whole = sum(weights[face] for face in there)
            for face in there:
                found[face] += (end_s - start_s) * weights[face] / whole
    return found


def _within(stretches: Sequence[Stretch], limits: Stretch) -> list[Stretch]:
    """The part of a union of stretches that is within limits."""
    first = bisect_right(stretches, limits[0], key=lambda one: one[1])
    stop = bisect_left(stretches, limits[1], key=lambda one: one[0])
    return shared(stretches[first:stop], [limits])


def _mouth_weights(
    turn: Stretch,
    faces: Iterable[str],
    mouths: Mapping[str, Sequence[tuple[float, float]]],
) -> dict[str, float]:
    """How much each face counts in a turn: by how its mouth moves then, compared with all of its time.

    Faces count alike if the mouth of one of them is not known then.

    Args:
        faces: Those that are seen in the turn.
    """
    weights: dict[str, float] = {}
    for face in faces:
        motions = np.array(mouths.get(face, ()), np.float64).reshape(-1, 2)
        inside = motions[(motions[:, 0] >= turn[0]) & (motions[:, 0] <= turn[1]), 1]
        if len(inside) < LEAST_MOTIONS:
            return dict.fromkeys(faces, 1.0)
        weights[face] = ((inside.mean() + STILL) / (motions[:, 1].mean() + STILL)) ** 2
    return weights


def _heard_in(said: SpokenLine | Span, speakers: Sequence[_Speaker], by_identity: Mapping[str, str]) -> str:
    """The person whose voice is heard in most of the speech during a line; empty if nobody's clearly is."""
    overlaps = {
        number: total(shared([(said.start_s, said.end_s)], speaker.speech))
        for number, speaker in enumerate(speakers)
        if speaker.voices
    }
    heard_s = sum(overlaps.values())
    if not heard_s:
        return ""
    best = max(overlaps, key=lambda number: overlaps[number])
    if overlaps[best] < LEAST_MATCH * heard_s:
        return ""
    return by_identity.get(speakers[best].voices[0], "")


def _split(tracks: Iterable[Track], person_of: Callable[[Track, Span], str]) -> list[Track]:
    """Tracks with the spans of each person in one of their own, where they belong to several."""
    found: list[Track] = []
    for track in tracks:
        groups: dict[str, list[Span]] = {}
        for span in track.spans:
            groups.setdefault(person_of(track, span), []).append(span)
        for person, spans in groups.items():
            name = track.id if len(groups) == 1 else f"{track.id}-{person or 'unknown'}"
            found.append(track.model_copy(update={"id": name, "person": person, "spans": tuple(spans)}))
    return found
