"""Bundles of sound, of picture and of both: what they answer, and what they say of a part that is missing."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

import affekt
from affekt.core import catalog
from affekt.core.files.sealed import read_sealed
from affekt.core.sample import Skipped
from affekt.deploy.export.export import export
from affekt.engine.weights.checkpoint import write_checkpoint
from affekt.media.video import VideoFrames

pytestmark = pytest.mark.xdist_group("scenes")


@pytest.fixture(scope="module", params=["A", "V", "AV"])
def both(request, clip_run, clip_recipe, tmp_path_factory):
    """A network of random weights by PyTorch, and its bundle."""
    config = clip_recipe(dict.fromkeys(request.param, "frozen")).config
    if len(request.param) == 1:
        config = {**config, "fusion": {"kind": "none"}}
    method = catalog.method("mdn_makd")
    settings = method.make_config(config).resolved()
    torch.manual_seed(1)
    model = method.load("model")(settings)
    trained = read_sealed(clip_run.best, kind="checkpoint").document
    document = {name: trained[name] for name in ("method", "labels", "task", "environment")}
    document |= {"config": settings.model_dump(mode="json"), "preprocessing": {}}
    folder = tmp_path_factory.mktemp(request.param)
    weights = {f"model.{name}": value for name, value in model.state_dict().items()}
    write_checkpoint(folder / "network", {"state_dict": weights}, document)
    exported = export(folder / "network", folder / "bundle")
    return affekt.load(folder / "network"), affekt.load(exported.bundle, backend="onnxruntime")


@pytest.fixture(scope="module")
def clips(scenes, tmp_path_factory):
    """A clip with sound, its sound alone, and a folder of both."""
    folder = tmp_path_factory.mktemp("clips")
    shutil.copy(next((scenes / "videos" / "test").glob("*.mp4")), folder / "clip.mp4")
    shutil.copy(next((scenes / "audios" / "test").glob("*.flac")), folder / "voice.flac")
    return folder


def scores(answer):
    return list(answer.scores.values())


def test_a_clip_is_answered_as_by_pytorch(both, clips):
    eager, graph = both
    found, expected = graph(clips / "clip.mp4"), eager(clips / "clip.mp4")
    assert found.modality == graph.modality and found.notes == expected.notes
    np.testing.assert_allclose(scores(found), scores(expected), rtol=1e-4)
    assert not any("words" in note for note in found.notes)  # it reads none


def test_a_folder_of_clips_and_sounds_is_answered_by_what_each_holds(both, clips):
    eager, graph = both
    found = list(graph.predict(clips))
    read = {"audio+video": ["audio+video", "audio"], "audio": ["audio"] * 2, "video": ["video"]}
    assert [one.modality for one in found] == read[graph.modality]
    for one, other in zip(found, eager.predict(clips), strict=True):
        np.testing.assert_allclose(scores(one), scores(other), rtol=1e-4)


def test_a_part_that_is_missing_is_noted_or_the_reason_why_there_is_no_answer(both, scene_samples):
    _, graph = both
    line = scene_samples[0]
    # Frames in memory: the sound of a video file would be read by a network of sound.
    frames = VideoFrames(np.full((6, 24, 24, 3), 90, np.uint8), np.arange(6) / 6, 1.0)
    given = {"audio": line.media["audio"], "video": frames}
    for kind, other in (("audio", "video"), ("video", "audio")):
        (found,) = graph.predict([replace(line, media={kind: given[kind]})])
        if other == graph.modality:
            assert isinstance(found, Skipped) and "has no" in found.reason
        elif kind == graph.modality:
            assert found.modality == kind
        else:
            assert f"no {other}: the answer is based on {kind} alone" in found.notes
