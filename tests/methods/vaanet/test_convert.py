"""Files of the authors, and published files of the backbones, are converted."""

import pytest
import torch
from safetensors.torch import load_file

import affekt
from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.engine.weights.convert import convert
from affekt.layers.names import resnet_3d_file, resnet_18_file
from affekt.methods.vaanet.config import VAANetConfig
from affekt.methods.vaanet.model import VAANet
from affekt.methods.vaanet.weights import VISUAL_WEIGHTS, WEIGHTS, config_of

TINY = catalog.card("vaanet").tiny
KINETICS = resnet_3d_file("backbone", config_of).names
IMAGENET = resnet_18_file("audio.backbone", config_of).names


def network(streams="video+audio"):
    torch.manual_seed(3)
    return VAANet(VAANetConfig(**(TINY | {"streams": streams}))).eval()


def in_their_names(names, state):
    theirs = names.to_theirs(state)
    return {theirs[key]: value for key, value in state.items()}


def kinetics_file():
    backbone = network().backbone.state_dict()
    return in_their_names(KINETICS, {f"backbone.{key}": value for key, value in backbone.items()})


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_training_file_becomes_a_network_that_answers_the_same(tmp_path, prefix):
    model = network()
    state = in_their_names(WEIGHTS, model.state_dict()) | {
        "fc.weight": torch.ones(4, 16),
        "fc.bias": torch.ones(4),
    }
    content = {
        "epoch": 7,
        "state_dict": {prefix + key: value for key, value in state.items()},
        "optimizer": {},
    }
    torch.save(content, tmp_path / "save_7.pth")
    given = {"visual": TINY["visual"], "audio": TINY["audio"]}
    done = convert("vaanet", tmp_path / "save_7.pth", labels="joy,trust,fear,anger", config=given)
    assert done.dropped == 2 and not done.unexpected and not done.part
    again = affekt.create("vaanet", weights=done.folder, **done.config)
    batch = {"clips": torch.randn(1, 2, 3, 4, 64, 64), "mfcc": torch.randn(1, 64, 16)}
    with torch.inference_mode():
        assert torch.equal(again.eval()(**batch).logits, model(**batch).logits)


def test_the_visual_stream_is_recognised_by_its_head(tmp_path):
    model = network("video")
    torch.save({"state_dict": in_their_names(VISUAL_WEIGHTS, model.state_dict())}, tmp_path / "visual.pth")
    done = convert(
        "vaanet", tmp_path / "visual.pth", labels="joy,trust,fear,anger", config={"visual": TINY["visual"]}
    )
    assert done.config["streams"] == "video" and "visual stream" in done.title
    head = load_file(done.folder / "model.safetensors")["head.weight"]
    assert torch.equal(head, model.head.weight)


@pytest.mark.parametrize("classes", [400, 1039])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_kinetics_file_becomes_the_backbone_with_or_without_prefix(tmp_path, classes, prefix):
    backbone = {f"backbone.{key}": value for key, value in network().backbone.state_dict().items()}
    state = in_their_names(KINETICS, backbone)
    state |= {"fc.weight": torch.ones(classes, 128), "fc.bias": torch.ones(classes)}
    torch.save({"state_dict": {prefix + key: value for key, value in state.items()}}, tmp_path / "r3d.pth")
    done = convert("vaanet", tmp_path / "r3d.pth")
    assert done.part == "backbone" and done.dropped == 2
    assert done.config["visual"] == {"width": 4, "blocks": (1, 1, 1, 1)}
    again = load_file(done.folder / "model.safetensors")
    assert all(torch.equal(again[key], value) for key, value in backbone.items())


def test_an_imagenet_file_brings_all_of_the_audio_backbone_but_its_first_convolution(tmp_path):
    backbone = {
        f"audio.backbone.{key}": value for key, value in network().audio.backbone.state_dict().items()
    }
    del backbone["audio.backbone.stem.conv.weight"]
    state = in_their_names(IMAGENET, backbone)
    state |= {
        "conv1.weight": torch.ones(4, 3, 7, 7),
        "fc.weight": torch.ones(1000, 32),
        "fc.bias": torch.ones(1000),
    }
    torch.save(state, tmp_path / "resnet18.pth")
    done = convert("vaanet", tmp_path / "resnet18.pth")
    assert done.part == "audio.backbone" and done.dropped == 3
    assert set(load_file(done.folder / "model.safetensors")) == set(backbone)
    model = affekt.create("vaanet", weights=done.folder, **TINY)
    assert torch.equal(
        model.audio.backbone.state_dict()["stages.0.0.conv1.weight"],
        backbone["audio.backbone.stages.0.0.conv1.weight"],
    )


def test_a_file_that_lacks_a_stage_is_refused_with_counts(tmp_path):
    state = kinetics_file()
    state = {key: value for key, value in state.items() if not key.startswith("layer4.0.conv2")}
    torch.save(state, tmp_path / "broken.pth")
    with pytest.raises(FolderError, match=r"stages\.3\.0\.conv2\.weight: is missing"):
        convert("vaanet", tmp_path / "broken.pth")


def test_a_backbone_is_written_as_weights_to_start_from(tmp_path):
    state = kinetics_file()
    torch.save(state, tmp_path / "r3d.pth")
    done = convert("vaanet", tmp_path / "r3d.pth")
    assert read_sealed(done.folder, kind="weights").document["part"] == "backbone"
