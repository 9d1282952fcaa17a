"""Keys of weights are renamed in both directions, and no key is ignored."""

import pytest

from affekt.core.errors import AffektError
from affekt.core.weights import KeyMap, PublishedFile

NAMES = KeyMap(
    (("l{i+1}.conv.{}", "blocks.{i}.convolution.{}"), ("fc.{}", "head.{}"), ("PA", "edges")),
    dropped=("old.{}",),
)


def test_keys_are_renamed_both_ways():
    theirs = ["l1.conv.weight", "l10.conv.bn.bias", "fc.bias", "PA"]
    ours = ["blocks.0.convolution.weight", "blocks.9.convolution.bn.bias", "head.bias", "edges"]
    assert NAMES.to_ours(theirs) == dict(zip(theirs, ours, strict=True))
    assert NAMES.to_theirs(ours) == dict(zip(ours, theirs, strict=True))


def test_dropped_keys_are_left_out():
    assert NAMES.to_ours(["old.weight", "fc.weight"]) == {"fc.weight": "head.weight"}


def test_a_key_without_a_rule_is_named():
    with pytest.raises(
        AffektError, match=r"1 of 2 reference keys cannot be renamed\n  fd\.bias: fits no rule"
    ):
        NAMES.to_ours(["fc.bias", "fd.bias"])


def test_a_key_of_two_rules_is_named():
    names = KeyMap((("a.{}", "b.{}"), ("a.x", "c")))
    with pytest.raises(AffektError, match=r"a\.x: fits 2 rules"):
        names.to_ours(["a.x"])


def test_two_keys_with_the_same_new_name_are_refused():
    names = KeyMap((("a.{}", "c.{}"), ("b.{}", "c.{}")))
    with pytest.raises(AffektError, match="two keys are renamed to the same name"):
        names.to_ours(["a.x", "b.x"])


def test_a_dot_in_a_pattern_is_a_dot():
    with pytest.raises(AffektError, match="fits no rule"):
        NAMES.to_ours(["l1xconvxweight"])


def test_many_problems_are_cut_short_but_counted():
    with pytest.raises(AffektError, match=r"12 of 12 reference keys(.|\n)*and 2 more"):
        NAMES.to_ours([f"unknown{i}" for i in range(12)])


def test_no_keys_give_no_names():
    assert NAMES.to_ours([]) == {}


def test_sort_puts_every_key_into_one_group():
    found = NAMES.sort(["fc.bias", "old.weight", "l2.conv.weight", "strange"])
    assert found.ours == {"fc.bias": "head.bias", "l2.conv.weight": "blocks.1.convolution.weight"}
    assert (found.dropped, found.unknown) == (["old.weight"], ["strange"])


def test_a_file_fits_when_its_keys_match_all_marks():
    source = PublishedFile("file", NAMES, marks=("fc.{}", "l{i}.{}"))
    assert source.fits(["fc.bias", "l2.conv.weight", "strange"])
    assert not source.fits(["fc.bias", "lx.conv.weight"])
    assert PublishedFile("any file", NAMES).fits(["strange"])
