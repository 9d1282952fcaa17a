"""Parts: no subject in two of them, and the same parts every time."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from affekt.core.errors import AffektError, ConfigError, DataError
from affekt.core.recipe import SplitSettings
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.engine.splits import Parts, check_splits, part, select

EMOTIONS = ("happy", "sad", "angry", "neutral")


def make(subjects=20, each=4, *, split=None, named=True):
    return [
        Sample(
            id=f"{split}-{subject}-{walk}",
            media={},
            label=EMOTIONS[walk % 4],
            subject=f"{split}-{subject}" if named else None,
            split=split,
        )
        for subject in range(subjects)
        for walk in range(each)
    ]


def subjects(samples):
    return {sample.subject for sample in samples}


def ids(samples):
    return [sample.id for sample in samples]


def k_fold(**values):
    return SplitSettings(scheme="k_fold", **values)


def assert_disjoint(parts):
    sides = [subjects(parts.part(name)) for name in ("train", "validation", "test")]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


def test_every_sample_is_tested_in_exactly_one_fold():
    samples = make()
    tested = Counter(name for fold in range(5) for name in ids(part(samples, k_fold(fold=fold)).test))
    assert tested == Counter(ids(samples))


@pytest.mark.parametrize("fold", range(5))
def test_no_subject_is_in_two_parts_of_a_fold(fold):
    samples = make(each=3)
    parts = part(samples, k_fold(fold=fold))
    assert_disjoint(parts)
    assert sorted(ids([*parts.train, *parts.validation, *parts.test])) == sorted(ids(samples))


def test_every_class_is_in_every_part():
    parts = part(make(), k_fold())
    for name in ("train", "validation", "test"):
        assert {sample.label for sample in parts.part(name)} == set(EMOTIONS)


def test_the_same_settings_give_the_same_parts_and_another_seed_gives_others():
    samples = make()
    one, two = (part(samples, k_fold(seed=0)) for _ in range(2))
    assert one == two
    assert ids(one.test) != ids(part(samples, k_fold(seed=1)).test)


def test_native_keeps_the_test_part_and_cuts_validation_from_training():
    samples = make(20, split="train") + make(5, split="test")
    parts = part(samples, SplitSettings())
    assert ids(parts.test) == ids(make(5, split="test"))
    assert_disjoint(parts)
    assert len(parts.validation) == pytest.approx(0.15 * 80, abs=4)


def test_native_keeps_the_validation_part_it_is_given():
    samples = make(9, split="train") + make(2, split="validation") + make(3, split="test")
    parts = part(samples, SplitSettings())
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [36, 8, 12]


def test_native_without_a_test_part_has_none():
    parts = part(make(split="train"), SplitSettings())
    assert parts.test == []
    assert parts.validation


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0.5), (0.34, 1 / 3), (0.1, 0.1), (0.9, 0.5)])
def test_the_validation_share_is_met_as_whole_subjects_allow(share, expected):
    parts = part(make(30, split="train"), SplitSettings(validation_share=share))
    assert len(parts.validation) / 120 == pytest.approx(expected, abs=0.05)


def test_a_test_part_may_be_given_alone():
    alone = make(3, split="test")
    assert select(alone, SplitSettings(), "test") == alone
    assert part(alone, SplitSettings()).train == []


@pytest.mark.parametrize("settings", [SplitSettings(), k_fold(fold=2)])
@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_a_selected_part_is_the_part_of_the_whole(settings, name):
    samples = make(20, split="train") + make(5, split="test")
    assert select(samples, settings, name) == part(samples, settings).part(name)


def test_samples_without_a_label_are_left_out():
    unlabelled = [Sample(id="x", media={}, subject="x"), Sample(id="y", media={}, label_weights={})]
    parts = part(find_task("single_label").usable(make() + unlabelled), k_fold())
    assert not {"x", "y"} & set(ids([*parts.train, *parts.validation, *parts.test]))


def test_samples_without_a_subject_are_split_one_by_one():
    samples = make(10, named=False)
    parts = part(samples, k_fold())
    assert sorted(ids([*parts.train, *parts.validation, *parts.test])) == sorted(ids(samples))


def test_several_labels_are_spread_by_the_strongest():
    samples = [
        Sample(f"{n}", {}, label_weights={EMOTIONS[n % 4]: 0.7, EMOTIONS[(n + 1) % 4]: 0.3}, subject=f"{n}")
        for n in range(40)
    ]
    counts = Counter(
        max(s.label_weights or {}, key=(s.label_weights or {}).get) for s in part(samples, k_fold()).test
    )
    assert counts == dict.fromkeys(EMOTIONS, 2)


def test_more_folds_than_subjects_are_refused_with_both_numbers():
    with pytest.raises(ConfigError, match="5 folds need 5 subjects or more, the data have 4"):
        part(make(4), k_fold())


@pytest.mark.parametrize("folds", [2, 5, 7, 10])
def test_classes_smaller_than_the_number_of_folds_are_in_some_folds_only(folds):
    samples = [Sample(f"{n}", {}, label=EMOTIONS[n % 4], subject=f"{n}") for n in range(12)]
    tested = Counter()
    for fold in range(folds):
        parts = part(samples, k_fold(folds=folds, fold=fold, validation_share=0.3))
        assert_disjoint(parts)
        tested.update(ids(parts.test))
    assert tested == Counter(ids(samples))


def test_one_rare_class_does_not_prevent_a_split():
    samples = [*make(20, 3), Sample("rare", {}, label="neutral", subject="rare")]
    assert_disjoint(part(samples, k_fold()))


def test_a_data_set_with_one_subject_in_two_parts_is_refused():
    samples = [*make(9, split="train"), Sample("x", {}, label="sad", subject="train-3", split="test")]
    with pytest.raises(DataError, match=r"1 subject is in both \w+ and test, such as train-3"):
        check_splits(part(samples, SplitSettings()))


@pytest.mark.parametrize("name", ["train", "validation"])
def test_an_empty_part_is_refused_by_name(name):
    parts = {"train": make(1), "validation": make(1, split="validation"), "test": []} | {name: []}
    with pytest.raises(DataError, match=f"the {name} part is empty"):
        check_splits(Parts(**parts))


@pytest.mark.parametrize("settings", [SplitSettings(), k_fold()])
@pytest.mark.parametrize("samples", [[], make(1), make(3, split="test")])
def test_too_few_samples_are_refused(settings, samples):
    with pytest.raises(AffektError):
        check_splits(part(samples, settings))


def test_with_few_subjects_one_of_them_validates():
    parts = part(make(3), SplitSettings(validation_share=0.05))
    assert len({sample.subject for sample in parts.validation}) == 1


@pytest.mark.parametrize("seed", range(8))
def test_unusual_corpora_are_split_without_leaks_or_refused(seed):
    rng = np.random.default_rng(seed)
    samples = [
        Sample(
            f"{n}", {}, label=EMOTIONS[min(3, int(rng.exponential()))], subject=f"{int(rng.exponential(6))}"
        )
        for n in range(int(rng.integers(10, 60)))
    ]
    try:
        parts = part(samples, k_fold(folds=3, fold=int(rng.integers(3)), seed=seed))
    except AffektError:
        return
    assert_disjoint(parts)


def test_a_test_part_that_the_data_state_can_be_kept_in_place_of_a_share():
    share = SplitSettings(test_share=0.25, keep_stated_test=True)
    bare = [Sample(f"s{n}", {}, "ab"[n % 2]) for n in range(16)]
    assert len(part(bare, share).test) == len(select(bare, share, "test")) == 4
    stated = [replace(one, split="test" if n < 2 else None) for n, one in enumerate(bare)]
    assert part(stated, share).test == select(stated, share, "test") == stated[:2]
    with pytest.raises(ConfigError, match="the data state a test part of 2 samples"):
        part(stated, SplitSettings(test_share=0.25))
