"""Files of the authors are converted."""

import pytest
import torch
from safetensors.torch import load_file

import affekt
from affekt.core import catalog
from affekt.engine.weights.convert import convert
from affekt.layers.names import resnet_3d_file
from affekt.methods.cten.config import CTENConfig
from affekt.methods.cten.model import CTEN
from affekt.methods.cten.weights import WEIGHTS, config_of

TINY = catalog.card("cten").tiny
KINETICS = resnet_3d_file("backbone", config_of).names
LABELS = "joy,trust,fear,anger"


def network(streams="video+audio"):
    torch.manual_seed(3)
    return CTEN(CTENConfig(**(TINY | {"streams": streams}))).eval()


def in_their_names(names, state):
    theirs = names.to_theirs(state)
    return {theirs[key]: value for key, value in state.items()}


@pytest.mark.parametrize("wrap", [lambda state: {"epoch": 9, "state_dict": state}, lambda state: state])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_training_file_becomes_a_network_that_answers_the_same(tmp_path, prefix, wrap):
    model = network()
    state = {prefix + key: value for key, value in in_their_names(WEIGHTS, model.state_dict()).items()}
    torch.save(wrap(state), tmp_path / "save_9_57.3.pth")
    given = {name: TINY[name] for name in ("visual", "audio", "heads")}
    done = convert("cten", tmp_path / "save_9_57.3.pth", labels=LABELS, config=given)
    again = affekt.create("cten", weights=done.folder, **done.config)
    batch = {"clips": torch.randn(1, 2, 3, 4, 32, 32), "fbank": torch.randn(1, 40, 16)}
    with torch.inference_mode():
        assert torch.equal(again.eval()(**batch).logits, model(**batch).logits)


def test_the_visual_stream_is_recognised(tmp_path):
    torch.save(in_their_names(WEIGHTS, network("video").state_dict()), tmp_path / "visual.pth")
    given = {name: TINY[name] for name in ("visual", "heads")}
    done = convert("cten", tmp_path / "visual.pth", labels=LABELS, config=given)
    assert done.config["streams"] == "video" and "visual stream" in done.title


def test_the_file_of_1039_classes_becomes_the_backbone(tmp_path):
    backbone = {f"backbone.{key}": value for key, value in network().backbone.state_dict().items()}
    state = in_their_names(KINETICS, backbone) | {
        "fc.weight": torch.ones(1039, 128),
        "fc.bias": torch.ones(1039),
    }
    torch.save(state, tmp_path / "r3d101_KM.pth")
    done = convert("cten", tmp_path / "r3d101_KM.pth")
    again = load_file(done.folder / "model.safetensors")
    assert done.part == "backbone" and all(torch.equal(again[key], value) for key, value in backbone.items())
