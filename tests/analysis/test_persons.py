"""Faces, voices and words of planted persons."""

import numpy as np
import pytest

from affekt.analysis.found import Found
from affekt.analysis.intervals import shared, total, union, without
from affekt.analysis.persons import join_persons
from affekt.core.timeline.parts import Box, Span, SpokenLine, Track

NOTHING = Found()


def spans(times):
    return tuple(Span(start_s=start, end_s=end, label="happy", scores={"happy": 1.0}) for start, end in times)


def voices(**times):
    return Found(
        tracks=tuple(
            Track(id=f"voice-{who}", modality="voice", person=who, spans=spans(spoken))
            for who, spoken in times.items()
        )
    )


def faces(**times):
    return Found(
        tracks=tuple(
            Track(
                id=f"face-{who}",
                modality="face",
                person=who,
                boxes=tuple(
                    Box(start + step / 2, 0, 0, 1, 1, 0.9)
                    for start, end in seen
                    for step in range(round((end - start) * 2) + 1)
                ),
            )
            for who, seen in times.items()
        )
    )


def words(names=(), **times):
    said = sorted((start, end, who) for who, spoken in times.items() for start, end in spoken)
    people = {f"W{number}": name for number, name in enumerate(names, start=1)}
    return Found(
        words=tuple(
            SpokenLine(start_s=start, end_s=end, text="so", person="" if who == "nobody" else who)
            for start, end, who in said
        ),
        tracks=tuple(
            Track(
                id=f"words-{who}",
                modality="words",
                person="" if who == "nobody" else who,
                spans=spans(spoken),
            )
            for who, spoken in times.items()
        ),
        names=people,
    )


def members(tracks):
    """Ids of tracks by person."""
    found = {}
    for track in tracks:
        found.setdefault(track.person, []).append(track.id)
    return found


def test_the_only_face_and_the_only_voice_are_one_person():
    persons, tracks, _ = join_persons(faces(F1=[(0, 10)]), voices(V1=[(1, 4), (5, 9)]), NOTHING)
    assert members(tracks) == {"P1": ["face-F1", "voice-V1"]}
    assert "voice V1 and face F1 are one person: F1 was the only face in 100% of the speech" in str(persons)


def test_the_camera_on_the_speaker_tells_who_speaks():
    persons, tracks, _ = join_persons(
        faces(F1=[(0, 5), (10, 15)], F2=[(5.2, 9.8), (15.2, 20)]),
        voices(V1=[(5.5, 9), (16, 19)], V2=[(1, 4), (11, 14)]),
        NOTHING,
    )
    assert members(tracks) == {"P1": ["face-F1", "voice-V2"], "P2": ["face-F2", "voice-V1"]}
    assert [person.id for person in persons] == ["P1", "P2"]


def test_two_faces_that_are_always_seen_together_are_not_told_apart():
    persons, tracks, _ = join_persons(
        faces(F1=[(0, 20)], F2=[(0, 20)]), voices(V1=[(1, 4)], V2=[(5, 9)]), NOTHING
    )
    assert len(persons) == 4 and all(len(ids) == 1 for ids in members(tracks).values())


def test_mouths_tell_faces_apart_that_are_always_seen_together():
    turns = {"V1": [(1, 3), (7, 9), (13, 15)], "V2": [(4, 6), (10, 12), (16, 19)]}

    def motions(spoken):
        times = np.arange(0, 20, 0.2)
        moving = sum((times >= start) & (times < end) for start, end in spoken)
        return tuple((float(at), 0.1 if speaks else 0.01) for at, speaks in zip(times, moving, strict=True))

    seen = faces(F1=[(0, 20)], F2=[(0, 20)])
    with_mouths = seen.model_copy(update={"mouths": {"F1": motions(turns["V2"]), "F2": motions(turns["V1"])}})
    _, tracks, _ = join_persons(with_mouths, voices(**turns), NOTHING)
    assert sorted(members(tracks).values()) == [["face-F1", "voice-V2"], ["face-F2", "voice-V1"]]
    one_is_unknown = with_mouths.model_copy(update={"mouths": {"F1": motions(turns["V2"])}})
    assert len(join_persons(one_is_unknown, voices(**turns), NOTHING)[0]) == 4
    few = voices(V1=turns["V1"][:2], V2=turns["V2"][:2])  # any two mouths move unevenly in a turn
    assert len(join_persons(with_mouths, few, NOTHING)[0]) == 4


def test_voices_that_are_alike_are_of_the_only_face():
    spoken = voices(V1=[(1, 9)], V2=[(10, 14)], V3=[(15, 18)])
    alike = spoken.model_copy(update={"alike": (("V1", "V2"),)})
    persons, tracks, _ = join_persons(faces(F1=[(0, 20)]), alike, NOTHING)
    assert members(tracks) == {"P1": ["face-F1"], "P2": ["voice-V1", "voice-V2"], "P3": ["voice-V3"]}
    assert "voice V1 and voice V2 are one person: they are alike, and F1 is the only face" in str(persons)
    all_alike = spoken.model_copy(update={"alike": (("V1", "V2"), ("V2", "V3"))})
    assert len(join_persons(faces(F1=[(0, 20)]), all_alike, NOTHING)[0]) == 1
    assert len(join_persons(NOTHING, all_alike, NOTHING)[0]) == 3


def test_the_face_of_a_listener_is_nobodys_voice():
    persons, _, _ = join_persons(faces(F1=[(0, 30)]), voices(V1=[(1, 10), (21, 30)], V2=[(11, 20)]), NOTHING)
    assert len(persons) == 3 and all(person.notes == () for person in persons)


def test_a_few_words_do_not_show_which_face_they_belong_to():
    one, two = faces(F1=[(0, 30)]), faces(F1=[(0, 30)], F2=[(40, 50)])
    assert len(join_persons(one, voices(V1=[(1, 2)]), NOTHING)[0]) == 1
    assert len(join_persons(two, voices(V1=[(1, 2)]), NOTHING)[0]) == 3


def test_turns_of_an_unsplit_voice_belong_to_the_speakers_of_the_lines():
    persons, tracks, lines = join_persons(
        NOTHING,
        voices(V1=[(1, 3), (4, 6), (7, 9)]),
        words(["Anna", "Ben"], W1=[(1, 3), (7, 9)], W2=[(4, 6)]),
    )
    assert [person.name for person in persons] == ["Anna", "Ben"]
    assert members(tracks) == {"P1": ["voice-V1-P1", "words-W1"], "P2": ["voice-V1-P2", "words-W2"]}
    assert [len(track.spans) for track in tracks if track.modality == "voice"] == [2, 1]
    assert [line.person for line in lines] == ["P1", "P2", "P1"]


def test_a_turn_without_a_line_belongs_to_whose_voice_it_is():
    _, tracks, _ = join_persons(
        NOTHING,
        voices(V1=[(1, 3), (4, 6), (20, 22)], V2=[(10, 13)]),
        words(["Anna", "Ben"], W1=[(1, 3), (4, 6)], W2=[(10, 13)]),
    )
    voice = next(track for track in tracks if track.id == "voice-V1")
    assert (voice.person, len(voice.spans)) == ("P1", 3)


def test_lines_without_a_name_belong_to_the_voice_that_is_heard():
    persons, tracks, lines = join_persons(
        NOTHING, voices(V1=[(1, 3)], V2=[(4, 6)]), words(nobody=[(1.2, 2.8), (4, 6), (8, 9)])
    )
    assert [line.person for line in lines] == ["P1", "P2", ""]
    assert [person.name for person in persons] == [None, None]
    assert members(tracks) == {
        "P1": ["voice-V1", "words-nobody-P1"],
        "P2": ["voice-V2", "words-nobody-P2"],
        "": ["words-nobody-unknown"],
    }


def test_the_lines_alone_show_whose_face_it_is():
    persons, tracks, _ = join_persons(
        faces(F1=[(0, 5)], F2=[(5.5, 10)]), NOTHING, words(["Anna"], W1=[(6, 9)])
    )
    assert members(tracks) == {"P1": ["face-F1"], "P2": ["face-F2", "words-W1"]}
    assert persons[1].name == "Anna" and "the lines of W1 and face F2" in persons[1].notes[0]


def test_voices_that_were_not_told_apart_are_joined_only_to_a_face_that_is_alone():
    from affekt.analysis.voices.speakers import ONE_VOICE

    def unsplit(spoken):
        (track,) = voices(V1=spoken).tracks
        return Found(tracks=(track.model_copy(update={"notes": (ONE_VOICE,)}),))

    seen = faces(F1=[(0, 16)], F2=[(16.2, 20)])
    assert len(join_persons(seen, voices(V1=[(0, 20)]), NOTHING)[0]) == 2
    assert len(join_persons(seen, unsplit([(0, 20)]), NOTHING)[0]) == 3
    assert len(join_persons(faces(F1=[(0, 20)]), unsplit([(0, 20)]), NOTHING)[0]) == 1


def test_a_face_with_two_tracks_is_seen_in_both():
    two = faces(F1=[(0, 5)]).tracks[0]
    seen = Found(tracks=(two, faces(F1=[(10, 15)]).tracks[0].model_copy(update={"id": "face-F1-b"})))
    _, tracks, _ = join_persons(seen, voices(V1=[(1, 4), (11, 14)]), NOTHING)
    assert members(tracks) == {"P1": ["face-F1", "face-F1-b", "voice-V1"]}


def test_nothing_gives_nobody():
    assert join_persons(NOTHING, NOTHING, NOTHING) == ((), (), ())


@pytest.mark.parametrize(
    ("one", "other", "both", "rest"),
    [
        ([(0.0, 4.0)], [(1.0, 2.0), (3.0, 9.0)], [(1.0, 2.0), (3.0, 4.0)], [(0.0, 1.0), (2.0, 3.0)]),
        ([(0.0, 1.0), (2.0, 3.0)], [], [], [(0.0, 1.0), (2.0, 3.0)]),
        ([(0.0, 1.0)], [(0.0, 1.0)], [(0.0, 1.0)], []),
    ],
)
def test_times_are_shared_or_left(one, other, both, rest):
    assert shared(one, other) == both
    assert without(one, other) == rest
    assert total(both) + total(rest) == total(union(one))
