"""Files of the authors, and published files of frame encoders, are converted."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

import affekt
from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.core.weights import KeyMap
from affekt.engine.weights.convert import convert
from affekt.layers.names import i3d_file
from affekt.methods.tsl_net.config import TSLNetConfig
from affekt.methods.tsl_net.model import TSLNet
from affekt.methods.tsl_net.weights import BARE_WEIGHTS, TRAINING_WEIGHTS, WEIGHTS, config_of

SMALL = {"feature_width": 12, "audio_widths": (4, 8), "align": 16, "hidden": 24}


def network(**changes):
    torch.manual_seed(3)
    return TSLNet(TSLNetConfig(**(SMALL | changes))).eval()


def in_their_names(names: KeyMap, state):
    theirs = names.to_theirs(state)
    return {theirs[key]: value.clone() for key, value in state.items()}


def reverse_heads():
    shapes = [(24, 24, 3), (24,)] * 3 + [(16, 24, 3), (16,)]
    keys = [
        f"reverse.{name}.convs.{layer}.{kind}"
        for name in ("visual", "audio")
        for layer in range(4)
        for kind in ("weight", "bias")
    ]
    return {
        theirs: torch.ones(shape)
        for theirs, shape in zip(TRAINING_WEIGHTS.to_theirs(keys).values(), shapes * 2, strict=True)
    }


def answer(model, width=12):
    torch.manual_seed(5)
    with torch.inference_mode():
        return model(rgb=torch.rand(1, 10, width), logmel=torch.randn(1, 10, 96, 60)).logits


@pytest.mark.parametrize("suffix", ["pkl", "pth"])
@pytest.mark.parametrize("wrapper", ["", "module."])
@pytest.mark.parametrize("whole", [True, False])
def test_a_training_file_becomes_a_network_that_answers_the_same(tmp_path, suffix, wrapper, whole):
    model = network()
    state = in_their_names(WEIGHTS, model.state_dict()) | reverse_heads()
    if not whole:  # the inner network was saved alone
        state = {key.removeprefix("cls_module."): value for key, value in state.items()}
    path = tmp_path / f"net.{suffix}"
    torch.save({wrapper + key: value for key, value in state.items()}, path)
    done = convert("tsl_net", path, labels="tsl-2")
    assert done.dropped == 16 and done.matched == 31 and not done.unexpected and not done.part
    again = affekt.create("tsl_net", weights=done.folder, **done.config).eval()
    assert torch.equal(answer(again), answer(model))
    assert json.loads((done.folder / "affekt.json").read_text())["labels"]["names"] == [
        "negative",
        "positive",
    ]


def test_a_file_without_the_heads_of_training_is_whole(tmp_path):
    state = in_their_names(WEIGHTS, network().state_dict())
    torch.save(state, tmp_path / "net.pth")
    assert convert("tsl_net", tmp_path / "net.pth", labels="tsl-2").dropped == 0


def test_sizes_are_read_from_the_weights():
    shapes = {key: tuple(value.shape) for key, value in network().state_dict().items()}
    assert config_of(shapes) == {"num_classes": 2, "streams": "video+audio", **SMALL}
    frames = {"encoder": "i3d", "stem": 8}
    shapes = {key: tuple(value.shape) for key, value in network(frames=frames).state_dict().items()}
    assert config_of(shapes)["frames"] == frames
    for streams in ("video", "audio"):
        shapes = {key: tuple(value.shape) for key, value in network(streams=streams).state_dict().items()}
        assert config_of(shapes)["streams"] == streams


def test_sizes_of_a_residual_encoder_are_read_from_its_weights():
    frames = {"encoder": "resnet_3d", "blocks": (1, 1, 1, 1), "stem": 4}
    shapes = {key: tuple(value.shape) for key, value in network(frames=frames).frames.state_dict().items()}
    assert config_of({f"frames.{key}": shape for key, shape in shapes.items()}) == {"frames": frames}
    assert config_of({"head.weight": (3, 4)}) == {}


def test_keys_are_renamed_in_both_directions_for_every_network():
    frames = {"encoder": "resnet_3d", "blocks": (1, 1, 1, 1), "stem": 4}
    for names in (WEIGHTS, BARE_WEIGHTS):
        there = names.to_theirs(network(frames=frames).state_dict())
        back = names.to_ours(there.values())
        assert all(back[theirs] == ours for ours, theirs in there.items())


def test_a_kinetics_file_becomes_the_frame_encoder(tmp_path):
    frames = {"encoder": "i3d", "stem": 8}
    encoder = {f"frames.{key}": value for key, value in network(frames=frames).frames.state_dict().items()}
    state = in_their_names(i3d_file("frames", config_of).names, encoder)
    state |= {"logits.conv3d.weight": torch.ones(400, 128, 1, 1, 1), "logits.conv3d.bias": torch.ones(400)}
    torch.save(state, tmp_path / "rgb_imagenet.pt")
    done = convert("tsl_net", tmp_path / "rgb_imagenet.pt")
    assert done.part == "frames" and done.dropped == 2 and done.config["frames"] == frames
    again = load_file(done.folder / "model.safetensors")
    assert all(torch.equal(again[key], value) for key, value in encoder.items())
    assert read_sealed(done.folder, kind="weights").document["part"] == "frames"


def test_a_file_that_lacks_a_head_is_refused_with_its_name(tmp_path):
    state = in_their_names(WEIGHTS, network().state_dict())
    del state["cls_module.distribution.0.weight"]
    torch.save(state, tmp_path / "net.pkl")
    with pytest.raises(FolderError, match=r"dist_head\.weight: is missing"):
        convert("tsl_net", tmp_path / "net.pkl", labels="tsl-2")


def test_an_encoder_from_a_separate_file_makes_a_network_of_raw_frames(tmp_path):
    frames = {"encoder": "resnet_3d", "blocks": (1, 1, 1, 1), "stem": 4, "height": 32, "size": 32}
    whole = network(frames=frames, feature_width=128)
    encoder = {key: value for key, value in whole.state_dict().items() if key.startswith("frames.network.")}
    trained = {
        f"backbone.{key.removeprefix('frames.network.')}": value.clone() for key, value in encoder.items()
    }
    save_file({**trained, "head.weight": torch.zeros(4, 8)}, tmp_path / "shapes.safetensors")
    converted = convert("tsl_net", tmp_path / "shapes.safetensors", tmp_path / "encoder")
    assert converted.part == "frames"
    own = {key: value for key, value in whole.state_dict().items() if not key.startswith("frames.")}
    torch.save(in_their_names(WEIGHTS, own), tmp_path / "net.pkl")
    sizes = {"frames": {"height": 32, "size": 32}}
    done = convert(
        "tsl_net",
        tmp_path / "net.pkl",
        tmp_path / "whole",
        labels="tsl-2",
        config={"frames": {**converted.config["frames"], **sizes["frames"]}},
        weights=[converted.folder],
    )
    again = affekt.create("tsl_net", weights=done.folder, **done.config).eval()
    clips, logmel = torch.rand(1, 9, 3, 16, 32, 32), torch.randn(1, 9, 96, 60)
    with torch.inference_mode():
        assert torch.equal(again(clips=clips, logmel=logmel).logits, whole(clips=clips, logmel=logmel).logits)
    assert affekt.load(done.folder).task.name == "localization"
