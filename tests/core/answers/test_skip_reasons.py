"""Equal reasons of skipped items are one line with a count."""

from affekt.core.answers.skip_reasons import SkipReasons, skip_lines
from affekt.core.sample import Skipped


def test_thirty_equal_reasons_are_one_line():
    items = [Skipped(f"in/{number}.png", f"in/{number}.png is empty") for number in range(30)]
    items.insert(3, Skipped("in/a.wav", "in/a.wav is sound"))
    assert skip_lines(items) == [
        "skipped in/0.png is empty (29 more for this reason)",
        "skipped in/a.wav is sound",
    ]


def test_reasons_that_differ_in_numbers_are_equal():
    items = [
        Skipped("a", "a ends at 3.2 s; 4 s was asked for"),
        Skipped("b", "b ends at 10 s; 14 s was asked for"),
    ]
    assert len(skip_lines(items)) == 1


def test_further_items_are_counted_since_the_last_time():
    reasons = SkipReasons()
    assert [reasons.add(Skipped(name, "no face")) for name in "abc"] == [True, False, False]
    assert reasons.further() == ["skipped 2 more for the reason of a"]
    assert reasons.further() == []


def test_memory_is_bounded_by_the_number_of_reasons_that_are_told_apart():
    reasons = SkipReasons()
    for number in range(1200):
        reasons.add(Skipped(str(number), "x" * number + "!"))
    assert len(reasons.lines()) <= 1001
