"""Published files of the networks in `layers` are recognised by their keys."""

import pytest

from affekt.layers.i3d import I3D
from affekt.layers.names import i3d_file, resnet_3d_file, resnet_18_file, resnet_sizes
from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.resnet_3d import SnippetResNet

SMALL = (1, 2, 1, 1)
FILES = {
    "resnet_3d": (resnet_3d_file, SnippetResNet(blocks=SMALL, width=2)),
    "resnet_18": (resnet_18_file, SpectrogramResNet(blocks=SMALL, width=2)),
    "i3d": (i3d_file, I3D(stem=8)),
}


def keys_of(network, place):
    return [f"{place}.{key}" for key in network.state_dict()]


def published_keys(file, network, place):
    """Keys of the published file; that of the ResNet-18 also has a convolution over three colours."""
    ours = [key for key in keys_of(network, place) if key not in file.lacks]
    return (
        [*file.names.to_theirs(ours).values(), "conv1.weight"]
        if file.lacks
        else list(file.names.to_theirs(ours).values())
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", ["backbone", "audio.backbone"])
def test_a_file_fills_the_network_at_its_place_but_for_what_it_lacks(name, place):
    make, network = FILES[name]
    file = make(place, lambda shapes: {})
    theirs = published_keys(file, network, place)
    assert file.fits(theirs)
    assert set(file.names.to_ours(theirs).values()) | set(file.lacks) == set(keys_of(network, place))
    assert file.part == place


@pytest.mark.parametrize("name", FILES)
def test_no_two_kinds_of_file_are_confused(name):
    files = {other: make("net", lambda shapes: {}) for other, (make, _) in FILES.items()}
    theirs = published_keys(files[name], FILES[name][1], "net")
    assert [other for other, file in files.items() if file.fits(theirs)] == [name]


def test_a_network_inside_a_part_is_named_with_the_part():
    file = resnet_3d_file("frames.network", lambda shapes: {}, part="frames")
    assert file.part == "frames"
    assert file.names.to_ours(["conv1.weight"]) == {"conv1.weight": "frames.network.stem.conv.weight"}


@pytest.mark.parametrize("name", ["resnet_3d", "resnet_18"])
def test_sizes_are_read_from_the_shapes(name):
    shapes = {f"net.{key}": tuple(value.shape) for key, value in FILES[name][1].state_dict().items()}
    assert resnet_sizes(shapes, "net") == {"width": 2, "blocks": SMALL}
    assert resnet_sizes(shapes, "other") == {}
