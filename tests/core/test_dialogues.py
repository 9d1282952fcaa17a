"""Dialogues: each sample knows the turns around it."""

import pickle
from dataclasses import replace

import pytest

from affekt.core.dialogues import RunningDialogue, earlier, later, link_dialogues
from affekt.core.errors import DataError
from affekt.core.files.content import media_key
from affekt.core.sample import Sample


def turns(name, count):
    return [Sample(f"{name}{turn}", {"text": "words"}, dialogue=name, turn=turn) for turn in range(count)]


def ids(samples):
    return [sample.id for sample in samples]


def test_neighbours_come_in_the_order_of_the_turns_whatever_the_order_of_the_samples():
    one, other = turns("a", 4), turns("b", 2)
    linked = {sample.id: sample for sample in link_dialogues([*reversed(one), *other])}
    assert ids(earlier(linked["a2"], 2)) == ["a0", "a1"]
    assert ids(earlier(linked["a2"], 1)) == ["a1"]
    assert ids(later(linked["a2"], 5)) == ["a3"]
    assert ids(earlier(linked["b0"], 2)) == []
    assert ids(linked["b0"].around.others(linked["b0"])) == ["b1"]


def test_linking_keeps_the_order_and_all_that_is_no_turn():
    alone = Sample("alone", {"text": "words"})
    items = [*turns("a", 2), alone, "a path"]
    linked = link_dialogues(items)
    assert linked == items
    assert linked[2] is alone
    assert earlier(alone, 3) == later(alone, 3) == ()


def test_samples_that_are_linked_already_keep_their_dialogue():
    linked = link_dialogues(turns("a", 3))
    assert link_dialogues(linked[2:])[0].around is linked[2].around


def test_turns_of_a_dialogue_are_not_linked_themselves():
    linked = link_dialogues(turns("a", 3))
    assert all(turn.around is None for turn in linked[0].around.turns)
    assert linked[0].around is linked[2].around


def test_a_linked_sample_survives_pickling():
    linked = pickle.loads(pickle.dumps(link_dialogues(turns("a", 3))))
    assert ids(earlier(linked[1], 1)) == ["a0"]
    assert linked[0].around is linked[1].around


def test_a_turn_number_that_is_repeated_or_missing_is_refused():
    with pytest.raises(DataError, match="dialogue 'a' has turns of the same number: a1, copy"):
        link_dialogues([*turns("a", 2), Sample("copy", {}, dialogue="a", turn=1)])
    with pytest.raises(DataError, match="dialogue 'a' has 3 samples, and lost states no turn"):
        link_dialogues([*turns("a", 2), Sample("lost", {}, dialogue="a")])


def test_the_same_words_are_another_sample_in_another_dialogue():
    yes = [Sample(f"{name}1", {"text": "yes"}, dialogue=name, turn=1) for name in "ab"]
    asked = [Sample(f"{name}0", {"text": name}, dialogue=name, turn=0) for name in "ab"]
    linked = link_dialogues([*yes, *asked])
    assert media_key(linked[0]) != media_key(linked[1])
    assert media_key(yes[0]) == media_key(yes[1])  # nothing is known of their dialogues


def test_turns_of_clips_without_words_keep_the_key_of_their_media(tmp_path):
    for name in ("0.wav", "1.wav"):
        (tmp_path / name).write_text(name)
    clips = [Sample(str(n), {"audio": tmp_path / f"{n}.wav"}, dialogue="d", turn=n) for n in range(2)]
    assert [media_key(sample) for sample in link_dialogues(clips)] == [media_key(sample) for sample in clips]


def test_a_dialogue_that_is_read_turn_by_turn_has_the_context_and_speakers_of_the_whole():
    said = [replace(turn, speaker=f"s{turn.turn % 5}") for turn in turns("a", 40)]
    running = RunningDialogue("a", keep=3)
    for whole in link_dialogues(said):
        turn = running.link(replace(whole, around=None))
        assert earlier(turn, 3) == earlier(whole, 3)
        known = {one.speaker for one in whole.around.turns[: whole.turn + 1]}
        assert turn.around.speakers == tuple(name for name in whole.around.speakers if name in known)
        assert len(turn.around.turns) <= 4 and not later(turn, 1)


def test_a_number_that_comes_twice_is_refused_and_a_turn_without_one_gets_the_next():
    running = RunningDialogue("a", keep=3)
    numbers = [running.link(Sample("x", {}, turn=number)).turn for number in (7, None, 3, None)]
    assert numbers == [7, 8, 3, 9]
    with pytest.raises(DataError, match="turn 8 of dialogue 'a' comes twice"):
        running.link(Sample("x", {}, turn=8))
