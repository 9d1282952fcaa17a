"""Training on features: a teacher, its students and the fusion in one run, subsets, and a bundle."""

import json

import numpy as np
import pytest

from affekt.core.errors import ConfigError, UsageError
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset


@pytest.fixture(scope="session")
def opinions(tmp_path_factory):
    """A folder in the layout of CMU-MOSI with 60 utterances whose text tells the label, and sound partly."""
    rng = np.random.default_rng(0)
    count = 60
    label = np.arange(count) % 2
    sign = (2 * label - 1)[:, None]
    folder = tmp_path_factory.mktemp("opinions")
    np.savez(
        folder / "features.npz",
        video=np.array([f"v{row // 6}" for row in range(count)]),
        segment=np.arange(count) % 6 + 1,
        split=np.array([("train", "train", "train", "val", "test")[row // 6 % 5] for row in range(count)]),
        text=rng.standard_normal((count, 4)) + 2 * sign,
        audio=rng.standard_normal((count, 3)) + 0.5 * sign,
        vision=rng.standard_normal((count, 2)),
        label=label,
    )
    return folder


@pytest.fixture(scope="session")
def opinion_recipe():
    """A function that makes a recipe on these data."""

    def recipe(letters, **config):
        encoders = {letter: {"kind": "features", "projection": 6} for letter in letters}
        values = {
            "method": "mdn_makd",
            "data": {"name": "cmu_mosi"},
            "config": {
                "num_classes": 2,
                "features": {"T": 4, "A": 3, "V": 2},
                "encoders": encoders,
                **config,
            },
            "optimizer": {"name": "adamw", "lr": 1e-2},
            "selection": {"metric": "accuracy"},
            "train": {"epochs": 15, "batch_size": 12, "threads": 1},
        }
        return Recipe.from_values(values)

    return recipe


@pytest.fixture(scope="session")
def runs(opinions, opinion_recipe, tmp_path_factory):
    """A teacher of text, and the network that learns from it in one run."""
    from affekt.engine.train import train

    folder = tmp_path_factory.mktemp("runs")
    teacher = train(opinion_recipe("T"), data_root=opinions, runs=folder, progress=False)
    student = train(
        opinion_recipe(
            "TAV",
            fusion={"kind": "sparse_moe", "width": 8},
            modality_dropout={"T": 0.3, "A": 0.3, "V": 0.3},
            losses={"distillation": {}},
        ),
        data_root=opinions,
        runs=folder,
        teacher=teacher.path,
        progress=False,
    )
    return teacher, student


def test_the_teacher_is_named_and_not_saved(runs):
    from affekt.engine.weights.checkpoint import MODEL_FILE

    teacher, student = runs
    assert len(student.recipe.teacher) == 16
    assert "makd" in student.path.parts[-3] and student.path.parts[-2] == "3xE--TAV"
    sizes = [next(run.path.rglob(MODEL_FILE)).stat().st_size for run in (teacher, student)]
    names = json.dumps([str(path) for path in student.path.rglob("*")])
    assert sizes[1] > sizes[0] and "teacher" not in names


def test_distillation_needs_a_teacher(opinions, opinion_recipe, tmp_path):
    from affekt.engine.train import train

    with pytest.raises(ConfigError, match="its objective learns from a teacher"):
        train(
            opinion_recipe("A", losses={"distillation": {"on": "answer"}}), data_root=opinions, runs=tmp_path
        )


def test_every_subset_is_scored(runs, opinions):
    from affekt.evaluation.subsets import evaluate_subsets

    found = evaluate_subsets(runs[1].path, data_root=opinions)
    assert list(found) == [
        "text", "audio", "video", "text+audio", "text+video", "audio+video", "text+audio+video",
    ]  # fmt: skip
    assert all(one.samples == 12 for one in found.values())
    assert found["text"].scores["accuracy"] > found["video"].scores["accuracy"]
    assert len({str(one.folder) for one in found.values()}) == 7


def test_a_network_of_one_modality_has_no_subsets(runs, opinions):
    from affekt.evaluation.subsets import evaluate_subsets

    with pytest.raises(UsageError, match="reads text and needs all of it"):
        evaluate_subsets(runs[0].path, data_root=opinions)


@pytest.mark.xdist_group("opinions")
def test_a_bundle_answers_any_subset_and_says_what_it_is_based_on(runs, opinions, tmp_path):
    from dataclasses import replace

    import affekt
    from affekt.deploy.export.export import export

    bundle = export(runs[1].path, tmp_path / "opinions.affekt").bundle
    sample = open_dataset("cmu_mosi", opinions).samples[0]
    whole = affekt.load(bundle)(sample)
    heard = affekt.load(bundle)(replace(sample, media={"audio": sample.media["audio"]}))
    assert whole.modality == "text+audio+video" and heard.modality == "audio"
    assert any("no text and no video" in note for note in heard.notes)


@pytest.fixture(scope="session")
def short(opinion_recipe):
    """A function that makes a recipe of two epochs that learns from a teacher."""

    def recipe(letters, on, *, seed=0):
        found = opinion_recipe(letters, losses={"distillation": {"on": on}}, fusion=FUSION[len(letters)])
        return found.model_copy(update={"seed": seed, "train": found.train.model_copy(update={"epochs": 2})})

    return recipe


FUSION = {1: {"kind": "none"}, 3: {"kind": "vanilla", "width": 6}}


def terms_of(run):
    return [
        {name: value for name, value in row.items() if name.startswith("train/")} for row in run.metrics()
    ]


def test_a_student_of_sound_learns_from_a_teacher_of_words(runs, opinions, short, tmp_path):
    from affekt.engine.train import train

    run = train(short("A", "answer"), data_root=opinions, runs=tmp_path, teacher=runs[0].path, progress=False)
    assert [set(row) for row in terms_of(run)] == [
        {"train/loss", "train/cross_entropy", "train/distilled_logits", "train/distilled_features"}
    ] * 2
    assert terms_of(run)[1]["train/distilled_logits"] < terms_of(run)[0]["train/distilled_logits"]


def test_losses_are_the_same_with_kept_answers_and_with_the_teacher_itself(
    runs, opinions, short, tmp_path, monkeypatch
):
    from affekt.engine.teaching.teacher import Teacher
    from affekt.engine.train import train

    given = {"data_root": opinions, "teacher": runs[0].path, "progress": False}
    asked = []
    answer = Teacher.answer
    monkeypatch.setattr(Teacher, "answer", lambda self, batch: asked.append(1) or answer(self, batch))
    kept = train(short("TAV", "heads"), runs=tmp_path / "kept", cache=tmp_path / "cache", **given)
    once = len(asked)
    with monkeypatch.context() as patch:
        patch.setattr("affekt.engine.train.kept_outputs", lambda *args, **more: ())
        live = train(short("TAV", "heads"), runs=tmp_path / "live", cache=tmp_path / "cache", **given)
    assert once == 3 and len(asked) == once + 6  # batches of an epoch, steps of two
    for one, other in zip(terms_of(kept), terms_of(live), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_answers_are_computed_once_and_again_when_they_are_damaged(
    runs, opinions, short, tmp_path, monkeypatch
):
    from affekt.engine.teaching.teacher import Teacher
    from affekt.engine.train import train

    given = {"data_root": opinions, "cache": tmp_path / "cache", "progress": False}
    asked = []
    answer = Teacher.answer
    monkeypatch.setattr(Teacher, "answer", lambda self, batch: asked.append(1) or answer(self, batch))
    first = train(short("A", "answer"), runs=tmp_path / "0", teacher=runs[0].path, **given)
    (file,) = (tmp_path / "cache").rglob("*.safetensors")
    assert file.parent.name == f"teacher-{first.recipe.teacher}" and len(asked) == 3
    # Another student of the same teacher reads them.
    train(short("V", "answer"), runs=tmp_path / "1", teacher=runs[0].path, **given)
    assert len(asked) == 3
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    train(short("V", "answer", seed=1), runs=tmp_path / "2", teacher=runs[0].path, **given)
    assert len(asked) == 6 and file.read_bytes() == whole
