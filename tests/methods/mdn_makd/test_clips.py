"""Words, sound and picture from files to answers: training, features, subsets, a bundle."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import affekt
from affekt.core.sample import Skipped

CORE = Path(__file__).parents[3] / ".venv-core" / "bin"

pytestmark = pytest.mark.xdist_group("scenes")


@pytest.fixture(scope="module")
def predictors(clip_run, clip_bundle):
    """The network by PyTorch, and as a graph."""
    return affekt.load(clip_run.path), affekt.load(clip_bundle)


def test_a_run_names_its_modalities_and_modes(clip_run):
    assert clip_run.path.parts[-2] == "3xE--TAV"
    assert clip_run.path.parts[-3].startswith("Ttrainable+Alora+Vfrozen--")


def test_each_encoder_is_a_file_of_its_own_and_a_frozen_one_is_not_among_the_trained(clip_run):
    checkpoint = clip_run.path / "checkpoints" / "best"
    parts = {
        folder: {file.stem for file in (checkpoint / folder).iterdir()} for folder in ("frozen", "trained")
    }
    assert parts["frozen"] == {"encoders.A", "encoders.V"}
    assert parts["trained"] == {"encoders.T", "encoders.A", "fusion"}


def test_the_graph_answers_any_subset_as_pytorch_does(predictors, scene_samples):
    eager, graph = predictors
    line = scene_samples[0]
    subsets = [("text",), ("audio",), ("video",), ("text", "video"), ("text", "audio", "video")]
    samples = [
        replace(line, id="+".join(names), media={name: line.media[name] for name in names})
        for names in subsets
    ]
    together = list(graph.answers(samples))
    for names, mine, theirs in zip(subsets, together, eager.answers(samples), strict=True):
        assert mine.modality == "+".join(names)
        np.testing.assert_allclose(list(mine.scores.values()), list(theirs.scores.values()), atol=1e-4)
    alone = [next(iter(graph.answers([sample]))) for sample in samples]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(list(one.scores.values()), list(other.scores.values()), atol=1e-5)


def test_every_subset_is_scored(clip_run, scenes):
    from affekt.evaluation.subsets import evaluate_subsets

    found = evaluate_subsets(clip_run.path, data_root=scenes)
    assert len(found) == 7 and all(one.samples == 6 for one in found.values())
    assert len({json.dumps(one.scores) for one in found.values()}) > 1


def test_vectors_of_all_frozen_encoders_are_cached(clip_recipe, scenes, tmp_path):
    from safetensors.numpy import load_file

    from affekt.engine.train import train

    recipe = clip_recipe({"T": "lora", "A": "frozen", "V": "frozen"}, cached_views=1)
    cached = train(recipe, data_root=scenes, runs=tmp_path / "runs", cache=tmp_path / "cache", progress=False)
    (folder,) = (tmp_path / "cache").iterdir()
    arrays = load_file(next(folder.glob("*.safetensors")))
    assert arrays["0.audio"].shape == arrays["0.video"].shape == (16,)
    assert arrays["0.audio"].dtype == np.float16 and arrays["0.audio_real"].shape == (1,)
    assert arrays["0.text"].dtype == np.int64 and len(arrays["0.own"]) == len(arrays["0.text"])
    direct = train(
        clip_recipe({"T": "lora", "A": "frozen", "V": "frozen"}),
        data_root=scenes,
        runs=tmp_path / "runs",
        progress=False,
    )
    losses = [
        json.loads((run.path / "metrics.jsonl").read_text().splitlines()[0]) for run in (cached, direct)
    ]
    assert losses[0]["train/loss"] == pytest.approx(losses[1]["train/loss"], rel=0.02)


def test_a_trained_modality_alone_has_nothing_to_cache(clip_recipe, scenes, tmp_path):
    from affekt.core.errors import ConfigError
    from affekt.engine.train import train

    recipe = clip_recipe({"T": "trainable", "V": "trainable"}, cached_views=1)
    with pytest.raises(ConfigError, match="no part of the network of mdn_makd is frozen"):
        train(recipe, data_root=scenes, runs=tmp_path, cache=tmp_path / "cache", progress=False)


def test_a_sound_that_cannot_be_read_is_a_skipped_line(predictors, scene_samples, tmp_path):
    line = scene_samples[0]
    broken = replace(line, media={**line.media, "audio": tmp_path / "none.flac"})
    (found,) = predictors[1].answers([broken])
    assert isinstance(found, Skipped) and "none.flac" in found.reason


@pytest.mark.skipif(not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install")
def test_the_bundle_answers_without_pytorch(clip_bundle, scenes, scene_samples):
    code = (
        "import sys, affekt; from pathlib import Path; from affekt.data.open import open_dataset; "
        "samples = open_dataset('meld', Path(sys.argv[2])).samples[:2]; "
        "print([one.modality for one in affekt.load(sys.argv[1]).answers(samples)]); "
        "sys.exit(1 if 'torch' in sys.modules else 0)"
    )
    done = subprocess.run(
        [CORE / "python", "-c", code, str(clip_bundle), str(scenes)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(["text+audio+video"] * 2)


def test_a_student_of_cached_pictures_learns_from_a_teacher_of_words(scenes, clip_recipe, tmp_path):
    from affekt.engine.train import train

    given = {"data_root": scenes, "runs": tmp_path, "progress": False}
    teacher = train(clip_recipe({"T": "trainable"}, fusion={"kind": "none"}), **given)
    student = clip_recipe(
        {"V": "frozen"}, cached_views=1, fusion={"kind": "none"}, losses={"distillation": {"on": "answer"}}
    )
    run = train(student, teacher=teacher.path, **given)
    assert {"train/distilled_logits", "train/distilled_features"} <= set(run.metrics()[0])
