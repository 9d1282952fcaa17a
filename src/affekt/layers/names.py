"""Keys of published weight files of the networks in this package. No torch: `convert` compares keys first.

What the reference of a method calls these networks in its own checkpoints is stated in its `weights.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from affekt.core.weights import KeyMap, PublishedFile, within

# Config fields of a method, read from the shapes of its tensors.
ConfigOf = Callable[[Mapping[str, tuple[int, ...]]], dict[str, Any]]

# The 3D ResNet of Hara et al. and the ResNet-18 of torchvision use the same names.
_RESNET = (
    ("conv1.{}", "stem.conv.{}"),
    ("bn1.{}", "stem.bn.{}"),
    *((f"layer{stage + 1}.{{}}", f"stages.{stage}.{{}}") for stage in range(4)),
)

_I3D_STEM = ("Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3")
_I3D_STAGES = (("3b", "3c"), ("4b", "4c", "4d", "4e", "4f"), ("5b", "5c"))
_I3D_BRANCHES = {
    "b0": "direct",
    "b1a": "wide.0",
    "b1b": "wide.1",
    "b2a": "narrow.0",
    "b2b": "narrow.1",
    "b3b": "pooled",  # b3a is the pooling, without weights
}
# As in PyTorch files of the Kinetics-400 weights, such as rgb_imagenet.pt.
_I3D = tuple(
    (f"{theirs}.{layer}.{{}}", f"{ours}.{kind}.{{}}")
    for theirs, ours in (
        *((name, f"stem.{place}") for place, name in enumerate(_I3D_STEM)),
        *(
            (f"Mixed_{name}.{branch}", f"stages.{stage}.{place}.{ours}")
            for stage, names in enumerate(_I3D_STAGES)
            for place, name in enumerate(names)
            for branch, ours in _I3D_BRANCHES.items()
        ),
    )
    for layer, kind in (("conv3d", "conv"), ("bn", "bn"))
)


def resnet_3d_file(place: str, config_of: ConfigOf, *, part: str = "") -> PublishedFile:
    """The published file of a 3D ResNet-101, for a method with a `SnippetResNet`.

    Args:
        place: Name of that network within the method's, as in `backbone`.
        part: The part of the method's network that the file fills; `place` if not given.
    """
    return PublishedFile(
        "file of the 3D ResNet-101 (Kinetics, of 400 or 1039 classes)",
        KeyMap(within("", place, _RESNET), dropped=("fc.{}",)),
        marks=("conv1.weight", "layer1.0.conv3.weight", "layer1.0.downsample.0.weight"),
        part=part or place,
        config=config_of,
    )


def resnet_18_file(place: str, config_of: ConfigOf) -> PublishedFile:
    """The published file of a ResNet-18, for a method with a `SpectrogramResNet`.

    The first convolution is left out: it takes three colour channels, the spectrogram has one.
    """
    return PublishedFile(
        "file of the ResNet-18 (ImageNet)",
        KeyMap(within("", place, _RESNET[1:]), dropped=("conv1.{}", "fc.{}")),
        marks=("conv1.weight", "layer1.0.conv2.weight"),
        without=("layer{i}.{j}.conv3.{}",),
        part=place,
        lacks=(f"{place}.stem.conv.weight",),
        config=config_of,
    )


def i3d_file(place: str, config_of: ConfigOf) -> PublishedFile:
    """The published file of an I3D, for a method with an `I3D`."""
    return PublishedFile(
        "file of the I3D for RGB (Kinetics-400)",
        KeyMap(within("", place, _I3D), dropped=("logits.{}",)),
        marks=("Conv3d_1a_7x7.conv3d.weight", "Mixed_5c.b3b.conv3d.weight"),
        part=place,
        config=config_of,
    )


def resnet_sizes(shapes: Mapping[str, tuple[int, ...]], place: str) -> dict[str, Any]:
    """`width` and `blocks` of a `SnippetResNet` or `SpectrogramResNet`, read from tensor shapes.

    Args:
        place: Name of that network within the method's; the result is empty where there is none.

    Example:
        >>> resnet_sizes({"net.stem.bn.weight": (8,), "net.stages.0.0.bn1.weight": (8,)}, "net")
        {'width': 8, 'blocks': (1, 0, 0, 0)}
    """
    stem = f"{place}.stem.bn.weight"
    if stem not in shapes:
        return {}
    stages = [f"{place}.stages.{stage}." for stage in range(4)]
    counts = [
        len({key[len(start) :].partition(".")[0] for key in shapes if key.startswith(start)})
        for start in stages
    ]
    return {"width": shapes[stem][0], "blocks": tuple(counts)}
