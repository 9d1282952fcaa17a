"""Notes: limitations of an input reach the answer of that input, and no other."""

import threading

from affekt.core.notes import collect_notes, note


def test_notes_are_collected_once_each_in_order():
    with collect_notes() as notes:
        for text in ("second page", "no rate", "second page"):
            note(text)
    assert list(notes) == ["second page", "no rate"]


def test_without_a_collector_a_note_is_discarded():
    note("discarded")
    with collect_notes() as notes:
        assert not notes


def test_notes_of_an_inner_collector_do_not_reach_the_outer_one():
    with collect_notes() as outer:
        with collect_notes() as inner:
            note("inner")
        note("outer")
    assert (list(outer), list(inner)) == (["outer"], ["inner"])


def test_a_collector_ends_with_its_block_also_after_an_error():
    with collect_notes() as outer:
        try:
            with collect_notes():
                raise ValueError
        except ValueError:
            note("after")
    assert list(outer) == ["after"]


def test_a_thread_does_not_collect_the_notes_of_another_thread():
    with collect_notes() as notes:
        thread = threading.Thread(target=note, args=("of another thread",))
        thread.start()
        thread.join()
    assert not notes
