"""GoEmotions: several labels for each line, and dev as the test part."""

import pytest

from affekt.core.errors import ConfigError, DataError
from affekt.core.recipe import SplitSettings
from affekt.data.open import open_dataset
from affekt.data.text.goemotions import LABELS
from affekt.engine.splits import check_splits, part


@pytest.fixture
def comments(tmp_path):
    """A function that writes parts from lines of words and numbers, and reads the data set."""

    def read(*, options=None, **parts):
        for name, lines in parts.items():
            text = "".join(f"{words}\t{labels}\t{name}{n}\n" for n, (words, labels) in enumerate(lines))
            (tmp_path / f"{name}.tsv").write_text(text, encoding="utf-8")
        return open_dataset("goemotions", tmp_path, options or {})

    return read


TRAIN = [
    ('He said "no".', "27"),
    ("So it\u2019s\u2028true", "17,26"),
    ("a", "0"),
    ("b", "0"),
    ("c", "3,4"),
] * 4
DEV = [("d", "1"), ("e", "27")]


def test_numbers_become_names_and_a_comment_is_its_own_subject(comments):
    corpus = comments(train=TRAIN, dev=DEV)
    first, second = corpus.samples[:2]
    assert (first.media["text"], first.label_weights) == ('He said "no".', {"neutral": 1.0})
    assert (second.media["text"], second.label_weights) == ("So it's true", {"joy": 1.0, "surprise": 1.0})
    assert (second.subject, second.split, corpus.task.name) == ("train1", "train", "multi_label")


def test_dev_as_the_test_part_leaves_thresholds_to_a_part_of_training(comments):
    corpus = comments(train=TRAIN, dev=DEV, options={"dev": "test"})
    parts = part(corpus.usable, SplitSettings(validation_share=0.25))
    check_splits(parts)
    assert {s.id for s in parts.test} == {"dev0", "dev1"}
    assert parts.validation and all(s.id.startswith("train") for s in parts.validation)
    assert len(parts.train) + len(parts.validation) == len(TRAIN)


def test_dev_is_not_the_test_part_beside_a_test_part(comments):
    with pytest.raises(DataError, match=r'test.tsv exists: the option dev = "test" would mix two parts'):
        comments(train=TRAIN, dev=DEV, test=DEV, options={"dev": "test"})


def test_a_test_part_is_read_where_it_exists_and_its_absence_reported(comments):
    assert "no file of the test part was found" in comments(train=TRAIN, dev=DEV).problems
    assert comments(train=TRAIN, dev=DEV, test=DEV).samples[-1].split == "test"


@pytest.mark.parametrize("labels", ["28", "", "joy", "-1", "1,,2"])
def test_labels_that_are_not_numbers_of_the_list_are_refused(comments, labels):
    with pytest.raises(DataError, match=r"line 2: labels .* are not numbers from 0 to 27"):
        comments(train=[("a", "0"), ("b", labels)])


def test_a_list_of_labels_in_another_order_is_refused(comments, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(sorted(LABELS.names)), encoding="utf-8")
    with pytest.raises(DataError, match=r"labels.txt numbers other labels"):
        comments(train=TRAIN)


def test_an_unknown_use_of_dev_is_refused(comments):
    with pytest.raises(ConfigError, match=r"data.options.dev"):
        comments(train=TRAIN, options={"dev": "train"})


def test_the_real_files_have_the_published_counts(shared):
    corpus = open_dataset("goemotions", shared / "data" / "goemotions")
    parts = {split: [s for s in corpus.samples if s.split == split] for split in ("train", "validation")}
    assert [len(part) for part in parts.values()] == [43410, 5426]
    assert [sum(len(s.label_weights) > 1 for s in part) for part in parts.values()] == [7102, 878]
    counts = {name: sum(name in s.label_weights for s in parts["train"]) for name in LABELS.names}
    assert (counts["grief"], counts["pride"], counts["relief"], counts["neutral"]) == (77, 111, 153, 14219)
