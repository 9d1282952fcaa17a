"""The inflated Inception network, and the frame encoders by name."""

import pytest
import torch
from torch.nn import functional

from affekt.layers.frame_encoders import ENCODERS, frame_encoder
from affekt.layers.i3d import I3D, Mixed, pad_same
from affekt.layers.names import i3d_file
from affekt.layers.resnet_3d import SnippetResNet
from affekt.media.cells import PIXEL_SCALES

NAMES = i3d_file("frames", lambda shapes: {}).names
SMALL = {"i3d": {"stem": 8}, "resnet_3d": {"blocks": (1, 1, 1, 1), "stem": 4}}


@pytest.fixture(scope="module")
def published():
    """The network in its published size, without weights."""
    with torch.device("meta"):
        return I3D()


@pytest.fixture(scope="module")
def small():
    """A small network whose batch norms are not identities."""
    torch.manual_seed(0)
    network = I3D(stem=8)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def unit_size(before, after, kernel):
    return before * after * kernel**3 + 2 * after


def test_the_channels_of_the_mixed_blocks_are_the_published_ones(published):
    blocks = [block for block in published.modules() if isinstance(block, Mixed)]
    assert [block.channels for block in blocks] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    branches = [
        [unit.conv for unit in (block.direct, *block.wide, *block.narrow, block.pooled)] for block in blocks
    ]
    assert [[conv.out_channels for conv in convs] for convs in branches] == [
        [64, 96, 128, 16, 32, 32],
        [128, 128, 192, 32, 96, 64],
        [192, 96, 208, 16, 48, 64],
        [160, 112, 224, 24, 64, 64],
        [128, 128, 256, 24, 64, 64],
        [112, 144, 288, 32, 64, 64],
        [256, 160, 320, 32, 128, 128],
        [256, 160, 320, 32, 128, 128],
        [384, 192, 384, 48, 128, 128],
    ]
    assert all([conv.kernel_size[0] for conv in convs] == [1, 1, 3, 1, 3, 1] for convs in branches)


def test_the_published_network_has_the_published_size(published):
    assert sum(p.numel() for p in published.parameters()) == 12_287_264
    stem = unit_size(3, 64, 7) + unit_size(64, 64, 1) + unit_size(64, 192, 3)
    first = unit_size(192, 64 + 96 + 16 + 32, 1) + unit_size(96, 128, 3) + unit_size(16, 32, 3)
    assert sum(p.numel() for p in published.stem.parameters()) == stem
    assert sum(p.numel() for p in published.stages[0][0].parameters()) == first


def test_sixteen_frames_become_one_row_of_1024(published):
    assert published.width == 1024
    assert published(torch.zeros(2, 3, 16, 224, 224, device="meta")).shape == (2, 1024)


def test_the_last_map_is_a_32nd_of_the_picture_and_an_8th_of_the_time(small):
    sizes = []
    handle = small.stages[2].register_forward_hook(lambda _, __, maps: sizes.append(tuple(maps.shape[2:])))
    for size in ((16, 64, 32), (9, 33, 1), (1, 1, 1)):
        small(torch.zeros(1, 3, *size))
    handle.remove()
    assert sizes == [(2, 2, 1), (2, 2, 1), (1, 1, 1)]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "before", "after"),
    [
        (224, 7, 2, 2, 3),
        (225, 7, 2, 3, 3),
        (16, 3, 2, 0, 1),
        (15, 3, 2, 1, 1),
        (8, 2, 2, 0, 0),
        (7, 2, 2, 0, 1),
        (9, 3, 1, 1, 1),
        (9, 1, 1, 0, 0),
        (5, 1, 2, 0, 0),
    ],
)
def test_zeros_around_a_map_are_tensorflows_same(size, kernel, stride, before, after):
    padded = pad_same(torch.ones(1, 1, 1, 1, size), (1, 1, kernel), (1, 1, stride))
    assert padded.flatten().tolist() == [0.0] * before + [1.0] * size + [0.0] * after
    assert (padded.shape[-1] - kernel) // stride + 1 == -(-size // stride)


def test_each_axis_is_padded_separately():
    padded = pad_same(torch.ones(1, 1, 3, 4, 5), (2, 3, 7), (2, 2, 1))
    assert padded.shape[2:] == (4, 5, 11)
    assert padded[0, 0, 3].sum() == 0 and padded[0, 0, :, 4].sum() == 0


def test_the_network_is_its_layers_in_the_order_of_the_paper(small):
    """A second implementation, from the keys of the published file."""
    tensors = {f"frames.{key}": value for key, value in small.state_dict().items()}
    theirs = {name: tensors[ours] for ours, name in NAMES.to_theirs(tensors).items()}

    def same(maps, kernel, stride):
        pads = []
        for size, k, s in zip(maps.shape[2:], kernel, stride, strict=True):
            missing = max(k - s if size % s == 0 else k - size % s, 0)
            pads = [missing // 2, missing - missing // 2, *pads]
        return functional.pad(maps, pads)

    def unit(maps, name, stride=1):
        weight = theirs[f"{name}.conv3d.weight"]
        maps = functional.conv3d(same(maps, weight.shape[2:], (stride,) * 3), weight, stride=stride)
        mean, var = theirs[f"{name}.bn.running_mean"], theirs[f"{name}.bn.running_var"]
        scale, shift = theirs[f"{name}.bn.weight"], theirs[f"{name}.bn.bias"]
        return functional.batch_norm(maps, mean, var, scale, shift, eps=1e-3).relu()

    def pool(maps, kernel, stride):
        return functional.max_pool3d(same(maps, kernel, stride), kernel, stride)

    def mixed(maps, name):
        wide = unit(unit(maps, f"{name}.b1a"), f"{name}.b1b")
        narrow = unit(unit(maps, f"{name}.b2a"), f"{name}.b2b")
        pooled = unit(pool(maps, (3, 3, 3), (1, 1, 1)), f"{name}.b3b")
        return torch.cat([unit(maps, f"{name}.b0"), wide, narrow, pooled], dim=1)

    clips = torch.rand(1, 3, 9, 50, 41) * 2 - 1
    maps = pool(unit(clips, "Conv3d_1a_7x7", 2), (1, 3, 3), (1, 2, 2))
    maps = pool(unit(unit(maps, "Conv3d_2b_1x1"), "Conv3d_2c_3x3"), (1, 3, 3), (1, 2, 2))
    maps = pool(mixed(mixed(maps, "Mixed_3b"), "Mixed_3c"), (3, 3, 3), (2, 2, 2))
    for letter in "bcdef":
        maps = mixed(maps, f"Mixed_4{letter}")
    maps = pool(maps, (2, 2, 2), (2, 2, 2))
    expected = mixed(mixed(maps, "Mixed_5b"), "Mixed_5c").mean(dim=(2, 3, 4))
    assert expected.std() > 1e-3
    torch.testing.assert_close(small(clips), expected)


def test_every_key_of_the_published_file_maps_to_one_parameter_and_back(published):
    ours = {f"frames.{key}" for key in published.state_dict()}
    theirs = set(NAMES.to_theirs(ours).values())
    units = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"] + [
        f"Mixed_{block}.{branch}"
        for block in ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")
        for branch in ("b0", "b1a", "b1b", "b2a", "b2b", "b3b")
    ]
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    assert theirs == {
        f"{unit}.{name}" for unit in units for name in ("conv3d.weight", *(f"bn.{part}" for part in norm))
    }
    found = NAMES.sort([*theirs, "logits.conv3d.weight", "logits.conv3d.bias", "logits.bn.weight"])
    assert set(found.ours.values()) == ours and len(found.dropped) == 3 and not found.unknown
    assert published.get_parameter("stages.1.4.narrow.1.conv.weight").shape == (128, 32, 3, 3, 3)
    assert found.ours["Mixed_4f.b2b.conv3d.weight"] == "frames.stages.1.4.narrow.1.conv.weight"


@pytest.mark.parametrize("name", ENCODERS)
def test_a_cell_becomes_one_row_that_depends_on_no_other(name):
    encoder = frame_encoder(name, **SMALL[name])
    clips = torch.rand(2, 3, 16, 32, 32)
    rows = encoder.eval()(clips)
    assert rows.shape == (2, encoder.width)
    torch.testing.assert_close(torch.cat([encoder(clip[None]) for clip in clips]), rows)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_frozen_encoder_gives_the_same_output_in_training_and_evaluation(name):
    encoder = frame_encoder(name, **SMALL[name])
    clips = torch.rand(2, 3, 16, 32, 32, requires_grad=True)
    rows = encoder.train()(clips)
    assert not rows.requires_grad and not any(p.requires_grad for p in encoder.parameters())
    torch.testing.assert_close(encoder.eval()(clips), rows)


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_that_is_not_frozen_learns(name):
    encoder = frame_encoder(name, frozen=False, **SMALL[name]).train()
    encoder(torch.rand(2, 3, 16, 32, 32)).square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())
    counters = [value for key, value in encoder.state_dict().items() if key.endswith("num_batches_tracked")]
    assert all(counter == 1 for counter in counters)


def test_the_residual_encoder_is_the_snippet_network_averaged():
    encoder = frame_encoder("resnet_3d", **SMALL["resnet_3d"]).eval()
    assert isinstance(encoder.network, SnippetResNet)
    clips = torch.rand(2, 3, 16, 64, 64)
    maps = encoder.network(clips[None])[0]
    torch.testing.assert_close(encoder(clips), maps.flatten(2).mean(dim=2))


def test_every_encoder_has_a_pixel_scale():
    assert set(PIXEL_SCALES) == set(ENCODERS)


def test_an_encoder_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="i3d, resnet_3d"):
        frame_encoder("c3d")
    with pytest.raises(ValueError, match="multiple of 8"):
        frame_encoder("i3d", stem=12)


def test_the_exported_network_takes_any_number_of_cells(small):
    clips = torch.rand(2, 3, 4, 32, 32)
    exported = torch.export.export(small, (clips,), dynamic_shapes=({0: torch.export.Dim("n")},))
    torch.testing.assert_close(exported.module()(clips[[0, 1, 1, 0, 1]]), small(clips)[[0, 1, 1, 0, 1]])
