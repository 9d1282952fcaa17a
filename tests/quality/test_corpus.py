"""Checks of a data set: counts, leaks, duplicates, classes, walks."""

import dataclasses
import json
import zlib

import numpy as np
import pytest
from PIL import Image

from affekt.core.dataset import Corpus
from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.media.skeleton import JOINT_ORDERS, Skeleton
from affekt.quality.balance import draw_balance
from affekt.quality.corpus import describe, problems

LABELS = LabelSet.of("happy", "sad")
JOINTS = JOINT_ORDERS["bpm_gcn"]


HEIGHTS = (6, 8, 10, 12, 10, 8, 6, 10, 8, 6, 6, 3, 0, 6, 3, 0)  # of the joints, root to left foot


def walk(seed, frames=15, stretch=0.0, **facts):
    """A stiff figure at random positions that swings its left foot; `stretch` moves its left hand away."""
    rng = np.random.default_rng(seed)
    positions = np.broadcast_to(rng.standard_normal((16, 3)), (frames, 16, 3)).copy()
    positions[..., 1] += HEIGHTS
    positions += rng.standard_normal((frames, 1, 3))
    positions[:, JOINTS.index("left_foot"), 2] += np.sin(np.arange(frames) / 2)
    for side in ("left", "right"):
        hip, knee, foot = (JOINTS.index(f"{side}_{part}") for part in ("hip", "knee", "foot"))
        positions[:, knee] = (positions[:, hip] + positions[:, foot]) / 2
    positions[:, JOINTS.index("left_hand"), 0] += stretch * np.arange(frames)
    return Skeleton(positions.astype(np.float32), JOINTS, **facts)


def sample(name, *, label="happy", media=None, **values):
    return Sample(
        name, {"skeleton": walk(zlib.crc32(name.encode()))} if media is None else media, label, **values
    )


def corpus(*samples, skipped=(), labels=LABELS, task="single_label"):
    return Corpus(list(samples), labels, list(skipped), find_task(task))


def clean():
    """Two people in each of two splits, each person with both classes."""
    return [
        sample(f"{split}-{label}-{n}", label=label, split=split, subject=f"{split}-{n}")
        for split in ("train", "test")
        for label in LABELS.names
        for n in range(2)
    ]


def reported(*samples, **values):
    return "\n".join(problems(describe(corpus(*samples, **values))))


def test_a_clean_corpus_has_no_problems():
    assert problems(describe(corpus(*clean()))) == []


def test_a_description_is_plain_json():
    description = describe(corpus(*clean(), skipped=[Skipped("x", "broken")]))
    assert json.loads(json.dumps(description)) == description


def test_samples_are_counted_by_split_and_class():
    description = describe(corpus(*clean(), sample("x", label=None, split="train")))
    assert description["samples"] == 9
    assert description["classes"] == ["happy", "sad"]
    assert description["modalities"] == ["skeleton"]
    assert list(description["splits"]) == ["train", "test"]
    assert description["splits"]["train"] == {
        "samples": 5,
        "classes": {"happy": 2, "sad": 2},
        "unlabelled": 1,
        "subjects": 2,
        "without_subject": 1,
    }


def test_samples_without_a_split_are_counted_separately():
    description = describe(corpus(sample("a"), sample("b", label="sad")))
    assert description["splits"]["unassigned"]["classes"] == {"happy": 1, "sad": 1}


def test_votes_count_for_the_strongest_and_several_labels_for_each():
    votes = sample("a", label=None, label_weights={"happy": 0.6, "sad": 0.7}, subject="a", split="train")
    single = describe(corpus(votes))["splits"]["train"]["classes"]
    assert single == {"happy": 0, "sad": 1}
    both = describe(corpus(votes, task="multi_label"))["splits"]["train"]["classes"]
    assert both == {"happy": 1, "sad": 1}


# Leaks


def test_a_subject_in_two_splits_is_named_as_a_leak():
    leak = sample("x", split="test", subject="train-0")
    description = describe(corpus(*clean(), leak))
    assert description["shared_subjects"] == [{"splits": ["train", "test"], "subjects": ["train-0"]}]
    assert "1 subject in both train and test, such as train-0: scores would be too high" in reported(
        *clean(), leak
    )


def test_samples_without_a_split_are_not_leaks():
    description = describe(
        corpus(sample("a", subject="s"), sample("b", label="sad", subject="s", split="train"))
    )
    assert description["shared_subjects"] == []


def test_unknown_subjects_are_a_problem():
    assert "the subject of 1 of 9 samples is unknown" in reported(*clean(), sample("x", split="train"))


@pytest.mark.parametrize(("subjects", "is_reported"), [(1, True), (2, True), (3, False)])
def test_fewer_subjects_than_parts_of_a_training_are_a_problem(subjects, is_reported):
    samples = [
        sample(f"{label}-{n}", label=label, subject=f"s{n}")
        for label in LABELS.names
        for n in range(subjects)
    ]
    assert (
        "no split is stated: a training, a validation and a test part" in reported(*samples)
    ) == is_reported


# Duplicates


def test_the_same_walk_under_other_names_in_two_splits_is_found():
    twins = [
        sample(name, media={"skeleton": walk(5)}, split=split, subject=name)
        for name, split in (("a", "train"), ("b", "test"), ("c", "train"))
    ]
    description = describe(corpus(*clean(), *twins))
    assert description["duplicates"] == [
        {"ids": ["a", "b", "c"], "splits": ["test", "train"], "conflict": False}
    ]
    assert "1 group of samples with the same media in different splits, such as a = b = c" in reported(
        *clean(), *twins
    )


def test_the_same_walk_within_a_split_is_not_a_leak():
    twins = [sample(name, media={"skeleton": walk(5)}, split="train", subject="s") for name in "ab"]
    text = reported(*clean(), *twins)
    assert "same media within one split, such as a = b" in text
    assert "different splits" not in text
    assert "different labels" not in text


def test_the_same_walk_with_two_labels_is_a_conflict():
    twins = [
        sample(label, label=label, media={"skeleton": walk(5)}, split="train", subject="s")
        for label in LABELS.names
    ]
    assert describe(corpus(*clean(), *twins))["duplicates"][0]["conflict"]
    assert "same media, but with different labels, such as happy = sad" in reported(*clean(), *twins)


def test_one_changed_coordinate_makes_another_walk():
    other = walk(5)
    other.positions[3, 3, 0] += np.float32(1e-3)
    twins = [sample("a", media={"skeleton": walk(5)}), sample("b", media={"skeleton": other})]
    assert describe(corpus(*twins))["duplicates"] == []


def test_the_same_numbers_under_other_joints_are_another_walk():
    turned = Skeleton(walk(5).positions, JOINT_ORDERS["emotion_gait"])
    twins = [sample("a", media={"skeleton": walk(5)}), sample("b", media={"skeleton": turned})]
    assert describe(corpus(*twins))["duplicates"] == []


def test_files_are_compared_by_their_bytes_and_spans(tmp_path):
    for name, content in (("a.mp4", b"x"), ("b.mp4", b"x"), ("c.mp4", b"y")):
        (tmp_path / name).write_bytes(content)

    def clip(name, file, span=None):
        return sample(name, media={"video": tmp_path / file}, span_s=span)

    description = describe(
        corpus(clip("a", "a.mp4"), clip("b", "b.mp4"), clip("c", "c.mp4"), clip("d", "a.mp4", (0.0, 1.0)))
    )
    assert [group["ids"] for group in description["duplicates"]] == [["a", "b"]]
    assert description["skeletons"] is None


@pytest.mark.parametrize("one", ["text", b"bytes", np.arange(3), [1, "a"], ("a", None), {"k": np.ones(2)}])
def test_media_of_any_kind_are_compared(one):
    twins = [
        sample("a", media={"text": one}),
        sample("b", media={"text": one}),
        sample("c", media={"audio": one}),
    ]
    assert [group["ids"] for group in describe(corpus(*twins))["duplicates"]] == [["a", "b"]]


# Classes


def test_a_class_that_is_missing_in_a_split_is_named():
    text = reported(*[s for s in clean() if not (s.split == "test" and s.label == "sad")])
    assert "the test split has no sample labelled sad" in text


def test_a_class_without_any_sample_is_named_once():
    text = reported(*[s for s in clean() if s.label == "happy"])
    assert "no sample is labelled sad" in text
    assert "split has no sample" not in text


def test_a_large_class_beside_a_small_one_is_a_problem():
    many = [sample(f"m{n}", split="train", subject="m") for n in range(40)]
    assert "happy has 44 samples, sad has 4: accuracy is misleading" in reported(*clean(), *many)


def test_samples_without_a_label_are_counted():
    assert "1 sample without a label" in reported(
        *clean(), sample("x", label=None, split="train", subject="x")
    )


# Items


def test_skipped_items_are_reported_with_the_first_reason():
    skipped = [Skipped("a", "the file is empty"), Skipped("b", "NaN")]
    assert describe(corpus(*clean(), skipped=skipped))["skipped"][1] == {"id": "b", "reason": "NaN"}
    assert "2 items cannot be used, such as a: the file is empty" in reported(*clean(), skipped=skipped)


def test_walks_are_measured_in_frames_and_cycles():
    lengths = ((10, None), (20, 5), (60, 7))
    samples = [
        sample(f"{n}", media={"skeleton": walk(n, frames, cycle_frames=cycle)})
        for n, (frames, cycle) in enumerate(lengths)
    ]
    skeletons = describe(corpus(*samples))["skeletons"]
    assert skeletons["frames"] == {"min": 10, "median": 20.0, "max": 60}
    assert skeletons["cycle_frames"] == {"min": 5, "median": 6.0, "max": 7}
    assert describe(corpus(*clean()))["skeletons"]["cycle_frames"] is None


def test_a_bone_that_changes_its_length_is_named():
    rubber = sample("x", media={"skeleton": walk(1, stretch=1.0)}, split="train", subject="x")
    unsteady = describe(corpus(*clean(), rubber))["skeletons"]["unsteady"]
    assert [(item["id"], item["bone"]) for item in unsteady] == [("x", "left_elbow to left_hand")]
    assert "1 walk with bones that change their length, such as x (left_elbow to left_hand)" in reported(
        *clean(), rubber
    )


def test_a_bone_without_length_is_counted():
    flat = walk(1)
    flat.positions[:, JOINTS.index("left_foot")] = flat.positions[:, JOINTS.index("left_knee")]
    flat_sample = sample("x", media={"skeleton": flat}, split="train", subject="x")
    assert "bones of length zero: left_knee to left_foot in 1 of 9 walks" in reported(*clean(), flat_sample)


@pytest.mark.parametrize("joints", [("a", "b"), ("root", "spine")])
def test_skeletons_of_other_joints_or_without_size_are_described(joints):
    still = Skeleton(np.zeros((3, 2, 3), np.float32), joints)
    description = describe(corpus(sample("a", media={"skeleton": still})))
    assert description["skeletons"]["unsteady"] == []
    assert problems(description)


# The figure


@pytest.mark.parametrize("names", [("happy", "sad"), label_set("plutchik-8").names])
def test_the_balance_is_drawn(tmp_path, names):
    labels = LabelSet.of(*names)
    samples = [
        sample(f"{n}", label=names[n % len(names)], split=("train", "test", None)[n % 3]) for n in range(20)
    ]
    draw_balance(describe(corpus(*samples, labels=labels)), tmp_path / "figures" / "balance.png")
    with Image.open(tmp_path / "figures" / "balance.png") as picture:
        assert picture.width > 300


# Real and invented corpora


def test_the_real_walks_have_no_problem_but_exchanged_sides(shared):
    description = describe(open_dataset("emotion_gait", shared / "data" / "emotion_gait"))
    (only,) = problems(description)
    assert only.startswith("knees bend backward in 106 of 294 walks")
    assert description["skeletons"]["cycle_frames"] == {"min": 18, "median": 36.0, "max": 75}


def test_shins_of_length_zero_in_generated_walks_are_reported(shared):
    text = "\n".join(
        problems(describe(open_dataset("step_h5", shared / "data" / "emotion_gait" / "h5_samples")))
    )
    assert (
        "bones of length zero: left_knee to left_foot in 40, right_knee to right_foot in 40 of 40 walks"
        in text
    )
    assert "20 items cannot be used" in text


def test_the_invented_walkers_have_no_problems():
    assert problems(describe(open_dataset("walkers"))) == []


def test_walks_with_exchanged_sides_are_found():
    samples = open_dataset("walkers").samples[:6]
    walk = samples[2].media["skeleton"]
    swapped = tuple(
        n.replace("left", "?").replace("right", "left").replace("?", "right") for n in walk.joints
    )
    exchanged = Skeleton(walk.positions, swapped, cycle_frames=walk.cycle_frames)
    samples[2] = dataclasses.replace(samples[2], media={"skeleton": exchanged})
    description = describe(Corpus(samples, label_set("gait-4")))
    assert description["skeletons"]["backward_knees"] == [samples[2].id]
    assert any("left and right appear to be exchanged" in line for line in problems(description))
