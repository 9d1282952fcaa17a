"""What published checkpoints call the parts of the layers here. No torch: `convert` reads names first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from affekt.core.weights import KeyMap, Source

# Numbered, as the references of VAANet and CTEN build them; 2 is the activation, 3 the pooling.
RESNET_3D = (
    ("0.{}", "stem.conv.{}"),
    ("1.{}", "stem.bn.{}"),
    *((f"{stage + 4}.{{}}", f"stages.{stage}.{{}}") for stage in range(4)),
)
# With names, as the files are published that pretraining gave.
RESNET_3D_NAMED = (
    ("conv1.{}", "stem.conv.{}"),
    ("bn1.{}", "stem.bn.{}"),
    *((f"layer{stage + 1}.{{}}", f"stages.{stage}.{{}}") for stage in range(4)),
)
RESNET_2D = RESNET_3D
# ImageNet's network sees three colours; its first convolution has no use here.
RESNET_2D_NAMED = RESNET_3D_NAMED[1:]

_I3D_STEM = ("Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3")
_I3D_STAGES = (("3b", "3c"), ("4b", "4c", "4d", "4e", "4f"), ("5b", "5c"))
_I3D_BRANCHES = {
    "b0": "direct",
    "b1a": "wide.0",
    "b1b": "wide.1",
    "b2a": "narrow.0",
    "b2b": "narrow.1",
    "b3b": "pooled",  # b3a is the pooling
}
# As PyTorch files of the weights on Kinetics-400 are published, rgb_imagenet.pt above all.
I3D_NAMED = tuple(
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

TEMPORAL_ATTENTION = (("conv.0.{}", "score.{}"), ("conv.1.{}", "bn.{}"), ("fc.{}", "mix.{}"))


def within(theirs: str, ours: str, rules: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Rules of a part that has a prefix on either side.

    Example:
        >>> within("module", "head", (("fc.{}", "{}"),))
        (('module.fc.{}', 'head.{}'),)
    """
    return tuple((_join(theirs, left), _join(ours, right)) for left, right in rules)


SNIPPET_BACKBONE = KeyMap(
    tuple((theirs, f"backbone.{ours}") for theirs, ours in RESNET_3D_NAMED), dropped=("fc.{}",)
)
SOUND_BACKBONE = KeyMap(
    tuple((theirs, f"audio.backbone.{ours}") for theirs, ours in RESNET_2D_NAMED),
    dropped=("conv1.{}", "fc.{}"),
)
I3D_FRAMES = KeyMap(tuple((theirs, f"frames.{ours}") for theirs, ours in I3D_NAMED), dropped=("logits.{}",))
RESNET_3D_FRAMES = KeyMap(
    tuple((theirs, f"frames.network.{ours}") for theirs, ours in RESNET_3D_NAMED), dropped=("fc.{}",)
)
# A network of this house that learned to see snippets: vaanet and cten call what sees them `backbone`.
HOUSE_FRAMES = KeyMap(
    (("backbone.{}", "frames.network.{}"),),
    dropped=("visual.{}", "audio.{}", "local.{}", "spatial.{}", "channel.{}", "temporal.{}", "head.{}"),
)


def backbone_sources(
    config_of: Callable[[Mapping[str, tuple[int, ...]]], dict[str, Any]],
) -> tuple[Source, ...]:
    """Files of pretrained backbones, for methods that call theirs `backbone` and `audio.backbone`.

    Args:
        config_of: Config fields of the method as the shapes of its weights tell them.
    """
    return (
        Source(
            "file of the 3D ResNet-101 (Kinetics, of 400 or 1039 classes)",
            SNIPPET_BACKBONE,
            marks=("conv1.weight", "layer1.0.conv3.weight", "layer1.0.downsample.0.weight"),
            part="backbone",
            config=config_of,
        ),
        Source(
            "file of the ResNet-18 (ImageNet)",
            SOUND_BACKBONE,
            marks=("conv1.weight", "layer1.0.conv2.weight"),
            without=("layer{i}.{j}.conv3.{}",),
            part="audio.backbone",
            lacks=("audio.backbone.stem.conv.weight",),  # sees one spectrogram, not three colours
            config=config_of,
        ),
    )


def frame_sources(
    config_of: Callable[[Mapping[str, tuple[int, ...]]], dict[str, Any]],
) -> tuple[Source, ...]:
    """Files of pretrained networks, for methods that keep a frame encoder as `frames`.

    Args:
        config_of: Config fields of the method as the shapes of its weights tell them; see `frame_sizes_of`.
    """
    return (
        Source(
            "checkpoint of a vaanet or cten that was trained here",
            HOUSE_FRAMES,
            marks=("backbone.stem.conv.weight", "head.weight"),
            part="frames",
            config=config_of,
        ),
        Source(
            "file of the I3D for RGB (Kinetics-400)",
            I3D_FRAMES,
            marks=("Conv3d_1a_7x7.conv3d.weight", "Mixed_5c.b3b.conv3d.weight"),
            part="frames",
            config=config_of,
        ),
        Source(
            "file of the 3D ResNet-101 (Kinetics, of 400 or 1039 classes)",
            RESNET_3D_FRAMES,
            marks=("conv1.weight", "layer1.0.conv3.weight", "layer1.0.downsample.0.weight"),
            part="frames",
            config=config_of,
        ),
    )


def frame_sizes_of(shapes: Mapping[str, tuple[int, ...]], prefix: str = "frames") -> dict[str, Any]:
    """Kind and sizes of a frame encoder, as the shapes of its weights tell them.

    Nothing where the weights hold none.

    Example:
        >>> frame_sizes_of({"frames.stem.0.bn.weight": (64,)})
        {'encoder': 'i3d', 'stem': 64}
    """
    stem = f"{prefix}.stem.0.bn.weight"
    if stem in shapes:
        return {"encoder": "i3d", "stem": shapes[stem][0]}
    sizes = sizes_of(shapes, f"{prefix}.network")
    return {"encoder": "resnet_3d", "blocks": sizes["blocks"], "stem": sizes["width"]} if sizes else {}


def sizes_of(shapes: Mapping[str, tuple[int, ...]], prefix: str) -> dict[str, object]:
    """Blocks of the stages and width of a residual network here, as the shapes of its weights tell them.

    Nothing where the weights hold no such network.
    """
    stem = f"{prefix}.stem.bn.weight"
    if stem not in shapes:
        return {}
    stages = [f"{prefix}.stages.{stage}." for stage in range(4)]
    counts = [
        len({key[len(start) :].partition(".")[0] for key in shapes if key.startswith(start)})
        for start in stages
    ]
    return {"width": shapes[stem][0], "blocks": tuple(counts)}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
