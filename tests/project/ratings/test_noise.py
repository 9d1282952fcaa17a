"""Labels that features contradict: planted errors are found, and groups stay whole."""

import numpy as np
import pytest

from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.project.folder import Project
from affekt.project.groups import groups_of
from affekt.project.ratings.agreement.noise import noise_from_features, out_of_fold
from affekt.project.ratings.agreement.suspects import find_suspects, read_vectors
from affekt.project.ratings.labels import final_labels
from affekt.project.records.upsert import import_records

ITEMS, CLASSES = 600, 8


@pytest.fixture(scope="module")
def noisy():
    """Vectors around eight centres, a tenth of whose labels are wrong: vectors, given labels, is wrong."""
    rng = np.random.default_rng(11)
    truth = rng.integers(0, CLASSES, ITEMS)
    vectors = rng.normal(size=(CLASSES, 24))[truth] * 1.5 + rng.normal(size=(ITEMS, 24))
    is_wrong = rng.random(ITEMS) < 0.1
    given = np.where(is_wrong, (truth + rng.integers(1, CLASSES, ITEMS)) % CLASSES, truth)
    return vectors, given, is_wrong


def test_planted_errors_are_found(noisy):
    vectors, given, is_wrong = noisy
    noise = noise_from_features(vectors, given, np.arange(ITEMS) // 4, classes=CLASSES)
    suspected = noise.is_suspected()
    assert (suspected & is_wrong).sum() / suspected.sum() > 0.9  # precision
    assert (suspected & is_wrong).sum() / is_wrong.sum() > 0.8  # recall
    assert noise.noise == pytest.approx(is_wrong.mean(), abs=0.03)


def test_an_item_is_never_judged_by_others_of_its_group():
    """Vectors say nothing but the group, and each group has one label: only a leak could predict it."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    labels = rng.integers(0, 2, 40)[groups]
    vectors = np.eye(40)[groups] + 0.01 * rng.normal(size=(400, 40))
    by_group = out_of_fold(vectors, labels, groups, classes=2)
    leaking = out_of_fold(vectors, labels, np.arange(400), classes=2)
    assert (leaking.argmax(axis=1) == labels).mean() > 0.95
    assert (by_group.argmax(axis=1) == labels).mean() < 0.8


def test_a_label_of_one_item_and_labels_that_nobody_has_break_nothing():
    rng = np.random.default_rng(1)
    labels = np.array([0] * 20 + [1] * 20 + [2])
    found = out_of_fold(rng.normal(size=(41, 3)), labels, np.arange(41), classes=4)
    assert found.shape == (41, 4) and (found[:, 3] == 0).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(41))


@pytest.mark.parametrize(
    ("vectors", "labels", "groups", "said"),
    [
        (np.full((4, 2), np.nan), [0, 1, 0, 1], [0, 1, 2, 3], "4 of 4 vectors"),
        (np.ones((4, 2)), [0, 1, 0, 1], [7, 7, 7, 7], "found 1 groups and 2 labels"),
        (np.ones((4, 2)), [1, 1, 1, 1], [0, 1, 2, 3], "found 4 groups and 1 labels"),
        (np.ones((2, 2)), [0, 1], [0, 1], "labels of up to 1 items"),
    ],
)
def test_what_cannot_be_learned_from_is_an_error(vectors, labels, groups, said):
    with pytest.raises(DataError, match=said):
        noise_from_features(vectors, np.array(labels), np.array(groups), classes=2)


def test_items_that_share_an_account_an_event_or_a_copy_are_one_group(tmp_path):
    project = Project.init(tmp_path / "news", labels="plutchik-wheel-8")
    (tmp_path / "r.csv").write_text("id,account,event\na,x,\nb,x,flood\nc,y,flood\nd,z,\ne,,\nf,,\n")
    import_records(project, tmp_path / "r.csv")
    with project.database() as connection:
        connection.execute("INSERT INTO duplicate VALUES ('d', 'd', 'sound'), ('e', 'd', 'sound')")
        found = groups_of(connection)
    assert found["a"] == found["b"] == found["c"]
    assert found["d"] == found["e"]
    assert len(set(found.values())) == 3


def test_suspected_items_are_listed_by_id_with_a_likely_label(noisy, tmp_path):
    vectors, given, is_wrong = noisy
    labels = label_set("plutchik-wheel-8")
    project = Project.init(tmp_path / "news", labels="plutchik-wheel-8")
    lines = [f"c{row:03d},a{row // 4},{labels.names[given[row]]}\n" for row in range(ITEMS)]
    (tmp_path / "r.csv").write_text(f"id,account,label\n{''.join(lines)}unseen,,joy\n")
    import_records(project, tmp_path / "r.csv")
    np.savez(tmp_path / "v.npz", ids=np.array([f"c{row:03d}" for row in range(ITEMS)]), vectors=vectors)
    with project.database() as connection:
        final = final_labels(project, connection)
        found = find_suspects(read_vectors(tmp_path / "v.npz"), final, labels, connection)
    assert (found.items, found.without) == (ITEMS, 1)
    rows = [int(one.item[1:]) for one in found.found]
    assert is_wrong[rows].mean() > 0.9
    assert all(one.likely != one.label for one in found.found)
    assert [one.own for one in found.found] == sorted(one.own for one in found.found)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"ids": np.array(["a"])}, "has no vectors"),
        ({"ids": np.array([1]), "vectors": np.ones((1, 2))}, "of text"),
        ({"ids": np.array(["a", "a"]), "vectors": np.ones((2, 2))}, "each id once"),
        ({"ids": np.array(["a"], object), "vectors": np.ones((1, 2))}, "objects are never loaded"),
        ({"ids": np.array(["a"]), "vectors": np.zeros((90_000_000, 1), np.int8)}, "states 90000000 values"),
        ({"ids": np.array([2**31], "u4").view("U1"), "vectors": np.ones((1, 2))}, "no characters"),
    ],
)
def test_a_file_of_vectors_that_is_none_is_an_error(tmp_path, arrays, said):
    np.savez_compressed(tmp_path / "v.npz", **arrays)
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "v.npz")
