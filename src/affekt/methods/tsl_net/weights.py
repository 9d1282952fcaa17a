"""Keys of the reference's checkpoints, and the published files that `convert` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core.weights import KeyMap, PublishedFile, within
from affekt.layers.names import i3d_file, resnet_3d_file, resnet_sizes

# Module numbers of the reference; the numbers between have no weights.
_AUDIO = (
    ("0.{}", "stem.conv.{}"),
    ("2.{}", "stem.bn.{}"),
    *(
        (f"{6 * block + place}.{{}}", f"blocks.{block}.{{}}".replace("{}", f"{name}.{{}}"))
        for block in range(2)
        for place, name in ((4, "conv"), (6, "mix"), (8, "bn"))
    ),
)
_NETWORK = (
    *within("a_extractor", "audio", _AUDIO),
    ("v_align.0.{}", "visual_align.{}"),
    ("neck.0.{}", "fuse.{}"),
    ("classifier.0.{}", "cls_head.{}"),
    ("distribution.0.{}", "dist_head.{}"),
)
_REVERSE = tuple(
    (f"{theirs}.net.{2 * layer}.{{}}", f"{ours}.convs.{layer}.{{}}")
    for theirs, ours in (("rev_fa", "audio"), ("rev_fv", "visual"))
    for layer in range(4)
)
# Training files hold the network as a submodule of this name; files saved from it alone do not.
_PREFIX = "cls_module"
_FRAMES = ("frames.{}", "frames.{}")  # the reference has no encoder of raw frames


def _names(prefix: str) -> KeyMap:
    rules = within(prefix, "", _NETWORK)
    dropped = tuple(theirs for theirs, _ in within(prefix, "", _REVERSE))
    return KeyMap((*rules, _FRAMES), dropped=dropped)


WEIGHTS, BARE_WEIGHTS = _names(_PREFIX), _names("")
# Used in training only; it belongs to the objective.
TRAINING_WEIGHTS = KeyMap(within(_PREFIX, "reverse", _REVERSE))
# A frame encoder can be taken from a network of affekt that was trained on clips: these call it `backbone`.
_TRAINED_BACKBONE = KeyMap(
    (("backbone.{}", "frames.network.{}"),),
    dropped=("visual.{}", "visual_intra.{}", "audio.{}", "cross.{}", "temporal.{}", "head.{}"),
)


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields, read from the tensor shapes of the whole network or of a frame encoder."""
    config: dict[str, Any] = {}
    if encoder := _frame_sizes(shapes):
        config["frames"] = encoder
    if "cls_head.weight" not in shapes:
        return config
    has_video, has_audio = "visual_align.weight" in shapes, "audio.stem.bn.weight" in shapes
    config |= {
        "num_classes": shapes["cls_head.weight"][0] - 1,
        "streams": "+".join(["video"] * has_video + ["audio"] * has_audio),
        "hidden": shapes["fuse.weight"][0],
    }
    if has_video:
        config["align"], config["feature_width"] = shapes["visual_align.weight"][:2]
    if has_audio:
        config["audio_widths"] = (shapes["audio.stem.bn.weight"][0], shapes["audio.blocks.0.bn.weight"][0])
        config["align"] = shapes["audio.blocks.1.bn.weight"][0]
    return config


def _frame_sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Kind and sizes of the frame encoder; empty where there is none."""
    stem = "frames.stem.0.bn.weight"
    if stem in shapes:
        return {"encoder": "i3d", "stem": shapes[stem][0]}
    sizes = resnet_sizes(shapes, "frames.network")
    return {"encoder": "resnet_3d", "blocks": sizes["blocks"], "stem": sizes["width"]} if sizes else {}


def _file(title: str, names: KeyMap, prefix: str) -> PublishedFile:
    marks = ("a_extractor.0.weight", "v_align.0.weight", "classifier.0.weight")
    return PublishedFile(
        title,
        names,
        marks=tuple(f"{prefix}{mark}" for mark in marks),
        config=config_of,
        note="weights trained on TSL-300 have the class order of tsl-2",
    )


PUBLISHED_FILES = (
    _file("training file of TSL-Net, with the reverse heads used in training", WEIGHTS, f"{_PREFIX}."),
    _file("file of TSL-Net's network alone", BARE_WEIGHTS, ""),
    PublishedFile(
        "checkpoint of a vaanet or cten that was trained here",
        _TRAINED_BACKBONE,
        marks=("backbone.stem.conv.weight", "head.weight"),
        part="frames",
        config=config_of,
    ),
    i3d_file("frames", config_of),
    resnet_3d_file("frames.network", config_of, part="frames"),
)
