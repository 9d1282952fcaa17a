"""Which faces are joined with the voices of the right persons, for cameras that show the speaker less often.

    python benchmarks/persons.py

Conversations are invented: turns of 2 to 8 s, and a picture that is cut at random. A shot shows all persons,
or one of them, who is the one that speaks more or less often. Faces and voices are told apart without errors,
so that only the join is scored. A film cuts to the speaker mostly: the row of .8 to .9.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from timing import as_table, write_report

from affekt.analysis import persons
from affekt.analysis.found import Found
from affekt.core.timeline.parts import Span, Track

OUTPUT = Path(__file__).parent / "results" / "persons.md"
TALKS = 200
TURNS = 30
SHOWN = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # probability that a shot of one person shows the speaker
WIDE = (0.0, 0.3, 0.6)  # share of shots that show everybody
MARGINS = (0.0, 0.1, 0.25, 0.4)


def conversation(people: int, shown: float, wide: float, rng: np.random.Generator) -> tuple[Found, Found]:
    """Faces `F1` and so on, and voices `V1` and so on, of the same persons."""
    speech: dict[int, list[tuple[float, float]]] = {one: [] for one in range(people)}
    turns: list[tuple[float, float, int]] = []
    now = 0.0
    who = 0
    for _ in range(TURNS):
        who = int(rng.choice([one for one in range(people) if one != who or people == 1]))
        lasts = rng.uniform(2.0, 8.0)
        speech[who].append((now, now + lasts))
        turns.append((now, now + lasts, who))
        now += lasts + rng.uniform(0.2, 1.0)
    seen: dict[int, list[tuple[float, float]]] = {one: [] for one in range(people)}
    start = 0.0
    while start < now:
        stop = min(now, start + rng.uniform(2.0, 6.0))
        middle = (start + stop) / 2
        speaker = min(turns, key=lambda turn: max(turn[0] - middle, middle - turn[1]))[2]
        others = [one for one in range(people) if one != speaker]
        if rng.random() < wide:
            inside = list(range(people))
        elif rng.random() < shown or not others:
            inside = [speaker]
        else:
            inside = [int(rng.choice(others))]
        for one in inside:
            seen[one].append((start, stop))
        start = stop
    return as_found("face", "F", seen), as_found("voice", "V", speech)


def as_found(modality, letter: str, times: dict[int, list[tuple[float, float]]]) -> Found:
    return Found(
        tracks=tuple(
            Track(
                id=f"{modality}-{one}",
                modality=modality,
                person=f"{letter}{one}",
                spans=tuple(Span(start_s=start, end_s=end) for start, end in spans),
            )
            for one, spans in times.items()
            if spans
        )
    )


def outcome(people: int, shown: float, wide: float, margin: float) -> str:
    """Shares of voices that get the right face and a wrong one."""
    persons.LEAST_MARGIN = margin
    right = wrong = 0
    for number in range(TALKS):
        faces, voices = conversation(people, shown, wide, np.random.default_rng([number, people]))
        _, tracks, _ = persons.join_persons(faces, voices, Found())
        face_of = {track.person: track.id[-1] for track in tracks if track.modality == "face"}
        for track in tracks:
            if track.modality == "voice" and track.person in face_of:
                right += face_of[track.person] == track.id[-1]
                wrong += face_of[track.person] != track.id[-1]
    return f"{right / (TALKS * people):.2f} / {wrong / (TALKS * people):.3f}"


def main() -> None:
    rows = [
        (
            f"{people} people, {wide:.0%} wide shots",
            f"{shown:.0%}",
            *(outcome(people, shown, wide, margin) for margin in MARGINS),
        )
        for people in (2, 3)
        for wide in WIDE
        for shown in SHOWN
    ]
    write_report(
        OUTPUT,
        [
            "# Faces and voices of one person, joined by what happens at the same time",
            "",
            f"{TALKS} invented conversations of {TURNS} turns for each row: share of the voices that are "
            "joined with the right face / with a wrong one, by the margin above the second face and the "
            "second speaker "
            "(`affekt.analysis.persons.LEAST_MARGIN`). The rest stays apart. Faces and voices are tracked "
            "without errors here.",
            "",
            *as_table(
                ("conversation", "close shots of the speaker", *(f"margin {margin:g}" for margin in MARGINS)),
                rows,
            ),
        ],
    )


if __name__ == "__main__":
    main()
