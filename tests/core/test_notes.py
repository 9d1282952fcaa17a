"""Notes: limitations of an input reach the answer of that input, and no other."""

import threading

from affekt.core.notes import collect_notes, note


def test_notes_are_collected_once_each_in_order():
    with collect_notes() as notes:
        for text in ("second page", "no rate", "second page"):
            note(text)
    assert list(notes) == ["second page", "no rate"]


def test_without_a_collector_a_note_goes_nowhere():
    note("nobody listens")
    with collect_notes() as notes:
        assert not notes


def test_an_inner_collector_keeps_its_notes_from_the_outer_one():
    with collect_notes() as outer:
        with collect_notes() as inner:
            note("inner")
        note("outer")
    assert (list(outer), list(inner)) == (["outer"], ["inner"])


def test_a_collector_ends_with_its_block_even_where_an_error_leaves_it():
    with collect_notes() as outer:
        try:
            with collect_notes():
                raise ValueError
        except ValueError:
            note("after")
    assert list(outer) == ["after"]


def test_threads_collect_for_themselves():
    with collect_notes() as notes:
        thread = threading.Thread(target=note, args=("of another thread",))
        thread.start()
        thread.join()
    assert not notes
