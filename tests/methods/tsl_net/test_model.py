"""Properties that are special to this network."""

import numpy as np
import pytest
import torch

from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.core.labels import label_set
from affekt.core.task import find_task
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph, make_graphs, max_difference, random_batch
from affekt.engine.network import eager_network
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.methods.tsl_net.config import TSLNetConfig
from affekt.methods.tsl_net.model import TSLNet
from affekt.methods.tsl_net.objective import TSLNetObjective
from affekt.methods.tsl_net.preprocess import TSLNetPreprocess

SMALL = {"feature_width": 12, "audio_widths": (4, 8), "align": 16, "hidden": 24}
FRAMES = {"encoder": "resnet_3d", "height": 32, "size": 32, "blocks": (1, 1, 1, 1), "stem": 4}
INPUTS = {"video+audio": ("rgb", "logmel"), "video": ("rgb",), "audio": ("logmel",)}


def small(**changes):
    torch.manual_seed(0)
    return TSLNet(TSLNetConfig(**(SMALL | changes))).eval()


def inputs(cells, *, videos=1, names=("rgb", "logmel")):
    torch.manual_seed(1)
    batch = {"rgb": torch.rand(videos, cells, 12), "logmel": torch.randn(videos, cells, 96, 60)}
    return {name: batch[name] for name in names}


def test_parameters_are_the_published_ones():
    with torch.device("meta"):
        model = TSLNet(TSLNetConfig())
        heads = TSLNetObjective(TSLNetConfig(), PlainCrossEntropy(label_set("tsl-2"))).reverse
    assert sum(p.numel() for p in model.parameters()) == 9_540_352
    assert [sum(p.numel() for p in head.parameters()) for head in heads.values()] == [40_901_120] * 2


@pytest.mark.parametrize("streams", INPUTS)
def test_each_stream_works_alone_or_together(streams):
    output = small(streams=streams)(**inputs(10, videos=2, names=INPUTS[streams]))
    assert output.logits.shape == output.distribution.shape == (2, 10, 3)
    assert output.features.shape == (2, 10, 24)
    assert output.aligned.shape == (2, len(INPUTS[streams]), 10, 16)


def test_aligned_features_are_those_of_picture_then_sound():
    together = small()
    batch = inputs(10)
    heard = together.audio(batch["logmel"])
    assert torch.equal(together(**batch).aligned[:, 1], heard)


@pytest.mark.parametrize("streams", INPUTS)
def test_an_output_depends_on_two_cells_on_each_side(streams):
    model, batch = small(streams=streams), inputs(30, names=INPUTS[streams])
    whole = model(**batch).logits
    for start, stop in ((0, 11), (11, 20), (20, 30)):
        first, last = max(0, start - 2), min(30, stop + 2)
        part = model(**{name: value[:, first:last] for name, value in batch.items()}).logits
        torch.testing.assert_close(part[:, start - first : stop - first], whole[:, start:stop])


def test_features_of_raw_frames_may_be_computed_first():
    model = small(frames=FRAMES)
    clips, logmel = torch.randn(1, 10, 3, 16, 32, 32), inputs(10)["logmel"]
    features = model.features(clips)
    assert features.shape == (1, 10, 128) and model.visual_align.in_channels == 128
    parted = model.from_features(clips=features, logmel=logmel)
    assert torch.equal(model(clips=clips, logmel=logmel).logits, parted.logits)


def test_a_frozen_encoder_keeps_weights_and_statistics_and_another_learns():
    clips, logmel = torch.randn(1, 9, 3, 16, 32, 32), inputs(9)["logmel"]
    for freeze in (True, False):
        model = small(frames={**FRAMES, "freeze": freeze}).train()
        before = {key: value.clone() for key, value in model.frames.state_dict().items()}
        model(clips=clips, logmel=logmel).logits.sum().backward()
        assert all((p.grad is None) == freeze for p in model.frames.parameters())
        same = all(torch.equal(value, before[key]) for key, value in model.frames.state_dict().items())
        assert same == freeze


def test_dropout_is_on_the_way_to_both_heads_and_not_in_the_features():
    model = small()
    batch = inputs(10)
    quiet = model(**batch)
    model.dropout.train()
    torch.manual_seed(3)
    noisy = model(**batch)
    assert torch.equal(noisy.features, quiet.features)
    assert not torch.allclose(noisy.logits, quiet.logits)
    assert not torch.allclose(noisy.distribution, quiet.distribution)


@pytest.mark.parametrize("streams", INPUTS)
def test_the_exported_graph_takes_any_number_of_cells_and_videos(streams):
    config = TSLNetConfig(**(SMALL | {"streams": streams}))
    model = small(streams=streams)
    graph = graph_network(make_graph(model, TSLNetPreprocess(config).spec))
    for videos, cells in ((1, 1), (1, 13), (3, 40)):
        batch = inputs(cells, videos=videos, names=INPUTS[streams])
        with torch.inference_mode():
            expected = model(**batch)
        answer = graph.outputs({name: value.numpy() for name, value in batch.items()})
        for name, value in expected._asdict().items():
            np.testing.assert_allclose(answer[name], value.numpy(), atol=1e-5)


def test_raw_frames_are_exported_as_two_graphs():
    config = TSLNetConfig(**(SMALL | {"frames": FRAMES}))
    model, preprocess = small(frames=FRAMES), TSLNetPreprocess(config)
    graphs = make_graphs(model, preprocess, find_task("localization"))
    assert graphs.encoded == "clips"
    eager = eager_network(model, encoded="clips")
    batches = [random_batch(preprocess.spec, 1, seed=cells, open_size=cells) for cells in (3, 14)]
    assert max_difference(eager, graphs.network(), batches) < 1e-4


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"streams": "audio", "frames": {}}, "a network of sound alone takes no frames"),
        ({"frames": {"height": 112}}, "no square of 224 pixels can be cut out of 112 rows"),
        ({"frames": {"stem": 12}}, "stem = 12: the channels of an I3D are eighths of it"),
        ({"seed_rule": "total"}, "seed_rule"),
        ({"streams": "audio+video"}, "streams"),
    ],
)
def test_configs_that_do_not_fit_are_refused(config, problem):
    with pytest.raises(ConfigError, match=problem):
        catalog.method("tsl_net").make_config(config)
