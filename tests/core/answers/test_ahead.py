"""Items are made one step ahead of their use."""

import threading

import pytest

from affekt.core.answers.ahead import one_ahead
from affekt.core.notes import collect_notes, note


def ours():
    return [thread for thread in threading.enumerate() if thread.name == "affekt reads ahead"]


def test_the_next_item_is_made_while_one_is_used():
    second_made = threading.Event()

    def items():
        yield "first"
        second_made.set()
        yield "second"

    left = one_ahead(items())
    assert next(left) == "first"
    assert second_made.wait(10)  # without asking for the second
    assert list(left) == ["second"]
    assert ours() == []


def test_no_more_than_two_items_wait():
    made = []

    def items():
        for number in range(10):
            made.append(number)
            yield number

    left = one_ahead(items())
    for number in range(10):
        assert next(left) == number
        assert len(made) <= number + 3
    left.close()


def test_an_error_is_raised_after_the_items_before_it():
    def items():
        yield 1
        raise ValueError("cannot be decoded")

    left = one_ahead(items())
    assert next(left) == 1
    with pytest.raises(ValueError, match="cannot be decoded"):
        next(left)
    assert ours() == []


def test_the_thread_ends_when_the_rest_is_not_wanted():
    left = one_ahead(iter(range(10**9)))
    assert next(left) == 0
    left.close()
    assert ours() == []


def test_notes_of_the_thread_reach_the_caller():
    def items():
        note("frames are missing")
        yield 1

    with collect_notes() as notes:
        assert list(one_ahead(items())) == [1]
    assert list(notes) == ["frames are missing"]
