"""One line for what was left out."""

from affekt.core.sample import Skipped
from affekt.data.left_out import count_by_kind, kinds_of, summary_of

ITEMS = [
    Skipped("a.txt", "a.txt is no picture", ".txt"),
    Skipped("b.txt", "b.txt is no picture", ".txt"),
    Skipped("c.psd", "c.psd is no picture", ".psd"),
    Skipped("d.png", "d.png is truncated"),
]


def test_kinds_are_counted_and_the_most_frequent_comes_first():
    assert list(count_by_kind(ITEMS).items()) == [(".txt", 2), (".psd", 1), ("damaged or unusable", 1)]


def test_a_kind_without_decoder_is_marked():
    assert kinds_of(ITEMS) == ".txt 2, .psd 1 (cannot be read), damaged or unusable 1"


def test_the_line_names_an_item_that_is_no_file_of_another_kind():
    assert summary_of(ITEMS, example=True).endswith("; such as d.png is truncated")
    assert summary_of(ITEMS[:1]) == "left out: 1 item: .txt 1"
    assert summary_of([]) == ""
