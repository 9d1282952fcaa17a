"""The timeline: one story of a medium, which networks of several modalities tell together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from affekt.core.errors import UsageError, require
from affekt.core.settings import Settings, suggest
from affekt.core.timeline.parts import (
    MODALITIES,
    Box,
    Medium,
    Missing,
    Network,
    Person,
    SpokenLine,
    Track,
)
from affekt.core.wording import counted

SCHEMA = 1
# Of a table of spans, before those of classes and ratings.
_FIRST_COLUMNS = (
    "person",
    "name",
    "modality",
    "track",
    "network",
    "start_s",
    "end_s",
    "label",
    "confidence",
)


class Timeline(Settings):
    """What is seen, heard and said in a medium, by person and modality, and what each answer stands on.

    Attributes:
        schema_: Version of this format.
        affekt: Version of affekt that wrote it.
        persons: In the order in which they appear.
        shots: Start and end of each shot; empty without a picture.
        tracks: By person in that order, then by modality.
        other_faces: Faces that the detector found and that are no track, in order of time: they were seen too
            briefly to be followed, or, in a picture, have no answer. They are blurred in redacted files.
        words: What is said, in order.
        networks: All networks that answered.
        missing: Modalities without an answer, with the reasons.
        notes: Limitations of the input as a whole.
        settings: Those of the analysis.

    Example:
        >>> timeline = Timeline(medium=Medium(path="clip.mp4", duration_s=2.0))
        >>> timeline.tracks
        ()
    """

    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    affekt: str = ""
    medium: Medium
    persons: tuple[Person, ...] = ()
    shots: tuple[tuple[float, float], ...] = ()
    tracks: tuple[Track, ...] = ()
    other_faces: tuple[Box, ...] = ()
    words: tuple[SpokenLine, ...] = ()
    networks: tuple[Network, ...] = ()
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)

    def __repr__(self) -> str:
        """One line: all of it would be pages."""
        persons, tracks = counted(len(self.persons), "person"), counted(len(self.tracks), "track")
        return f"Timeline({self.medium.path!r}, {self.medium.duration_s:g} s, {persons}, {tracks})"

    __str__ = __repr__

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Timeline:
        for what, ids in (
            ("person", [it.id for it in self.persons]),
            ("track", [it.id for it in self.tracks]),
            ("network", [it.name for it in self.networks]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"two of its {what}s have the same id: {sorted(ids)}")
        persons = {"", *(person.id for person in self.persons)}
        networks = {"", *(network.name for network in self.networks)}
        for track in self.tracks:
            if track.person not in persons:
                raise ValueError(f"track {track.id} is of person {track.person!r}, who is not listed")
            if track.network not in networks:
                raise ValueError(f"track {track.id} is of network {track.network!r}, which is not listed")
        if unknown := {line.person for line in self.words} - persons:
            raise ValueError(f"words are of persons who are not listed: {sorted(unknown)}")
        return self

    def filter(
        self,
        *,
        persons: Iterable[str] | str | None = None,
        modalities: Iterable[str] | str | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> Timeline:
        """The part of it that concerns some persons, modalities or times; all of it stays what it was.

        Spans, boxes and words that overlap the times are kept whole. Times are not moved.

        Args:
            persons: Ids or names. Tracks of the whole medium, and faces that are no track, are left out.

        Raises:
            UsageError: There is no such person or modality.
        """
        wanted = None if persons is None else {self._person(it) for it in _several(persons)}
        kinds = None if modalities is None else {_modality(it) for it in _several(modalities)}
        low, high = start_s or 0.0, float("inf") if end_s is None else end_s

        def within(start: float, end: float) -> bool:
            if start == end:  # a moment
                return low <= start < high
            return start < high and end > low

        tracks = tuple(
            track.model_copy(
                update={
                    "spans": tuple(it for it in track.spans if within(it.start_s, it.end_s)),
                    "boxes": tuple(it for it in track.boxes if within(it.time_s, it.time_s)),
                }
            )
            for track in self.tracks
            if (wanted is None or track.person in wanted) and (kinds is None or track.modality in kinds)
        )
        words = tuple(
            line
            for line in self.words
            if within(line.start_s, line.end_s) and (wanted is None or line.person in wanted)
        )
        others = tuple(
            it
            for it in self.other_faces
            if wanted is None and (kinds is None or "face" in kinds) and within(it.time_s, it.time_s)
        )
        kept = tuple(it for it in self.persons if wanted is None or it.id in wanted)
        return self.model_copy(
            update={"tracks": tracks, "other_faces": others, "words": words, "persons": kept}
        )

    def columns(self) -> list[str]:
        """The columns of `rows`, which do not depend on scores: classes and ratings as they appear."""
        spans = [span for track in self.tracks for span in track.spans]
        classes = dict.fromkeys(f"score_{name}" for span in spans for name in span.scores)
        ratings = dict.fromkeys(f"value_{name}" for span in spans for name in span.values)
        return [*_FIRST_COLUMNS, *classes, *ratings, "text", "notes"]

    def rows(self) -> list[dict[str, Any]]:
        """A row per span: person, modality, times, label, confidence, a column per class and rating.

        The columns of all rows are the same; None where a network has no such class.
        """
        names = {person.id: person.name for person in self.persons}
        blank: dict[str, Any] = dict.fromkeys(self.columns())
        return [
            blank
            | {
                "person": track.person or None,
                "name": names.get(track.person),
                "modality": track.modality,
                "track": track.id,
                "network": track.network or None,
                "start_s": span.start_s,
                "end_s": span.end_s,
                "label": span.label or None,
                "confidence": span.confidence,
                **{f"score_{name}": score for name, score in span.scores.items()},
                **{f"value_{name}": value for name, value in span.values.items()},
                "text": span.text,
                "notes": "; ".join(span.notes) or None,
            }
            for track in self.tracks
            for span in track.spans
        ]

    def to_frame(self) -> Any:
        """A row per span as a table of pandas, as in `rows`.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise UsageError("to_frame needs pandas: pip install pandas, or use rows()") from None
        return pandas.DataFrame(self.rows(), columns=self.columns())

    def to_json(self) -> str:
        """The document that `from_json` reads."""
        return self.model_dump_json(by_alias=True)

    def save(self, path: Path | str) -> None:
        """Write it in the format of the suffix; see `affekt.report.story.write`.

        Raises:
            UsageError: No format has this suffix, the place cannot be written, or it is the analyzed file.
        """
        _of_reports("write:write_story")(self, Path(path))

    def plot(self, **options: Any) -> Any:
        """A figure of matplotlib: a lane for each person and modality; see `affekt.report.story.figure`.

        Raises:
            MissingExtra: matplotlib is not installed.
        """
        require("matplotlib", extra="train", needed_by="a figure of a timeline")
        return _of_reports("figure:draw_story")(self, **options)

    def track(self, name: str) -> Track:
        """A track by its id.

        Raises:
            UsageError: There is none.
        """
        for track in self.tracks:
            if track.id == name:
                return track
        raise UsageError(f"no track is called {name!r}; {suggest(name, [it.id for it in self.tracks])}")

    def _person(self, name: str) -> str:
        for person in self.persons:
            if name in (person.id, person.name):
                return person.id
        known = [name for it in self.persons for name in (it.id, it.name) if name]
        raise UsageError(f"nobody is called {name!r}; {suggest(name, known)}")


def _several(given: Iterable[str] | str) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _modality(name: str) -> str:
    if name not in MODALITIES:
        raise UsageError(f"no modality is called {name!r}; {suggest(name, list(MODALITIES))}")
    return name


def _of_reports(name: str) -> Any:
    """A function of `affekt.report.story`, by name: reports are a layer above, and read when asked for."""
    import importlib

    file, attribute = name.split(":")
    return getattr(importlib.import_module(f"affekt.report.story.{file}"), attribute)
