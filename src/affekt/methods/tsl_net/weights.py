"""Names of the reference's checkpoints, and the files to convert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core.weights import KeyMap, Source
from affekt.layers.names import frame_sizes_of, frame_sources, within

# Numbered, as the reference builds it; what lies between has no weights.
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
# Files keep the network within another module; what people make of them may not.
_PREFIX = "cls_module"
_FRAMES = ("frames.{}", "frames.{}")  # an encoder of raw frames is no part of the reference


def _names(prefix: str) -> KeyMap:
    rules = within(prefix, "", _NETWORK)
    dropped = tuple(theirs for theirs, _ in within(prefix, "", _REVERSE))
    return KeyMap((*rules, _FRAMES), dropped=dropped)


WEIGHTS, BARE_WEIGHTS = _names(_PREFIX), _names("")
# What training alone uses; it belongs to the objective.
TRAINING_WEIGHTS = KeyMap(within(_PREFIX, "reverse", _REVERSE))


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields as the shapes of the weights tell them, of the whole network or of a frame encoder."""
    config: dict[str, Any] = {}
    if encoder := frame_sizes_of(shapes):
        config["frames"] = encoder
    if "cls_head.weight" not in shapes:
        return config
    sees, hears = "visual_align.weight" in shapes, "audio.stem.bn.weight" in shapes
    config |= {
        "num_classes": shapes["cls_head.weight"][0] - 1,
        "streams": "+".join(["video"] * sees + ["audio"] * hears),
        "hidden": shapes["fuse.weight"][0],
    }
    if sees:
        config["align"], config["feature_width"] = shapes["visual_align.weight"][:2]
    if hears:
        config["audio_widths"] = (shapes["audio.stem.bn.weight"][0], shapes["audio.blocks.0.bn.weight"][0])
        config["align"] = shapes["audio.blocks.1.bn.weight"][0]
    return config


def _source(title: str, names: KeyMap, prefix: str) -> Source:
    marks = ("a_extractor.0.weight", "v_align.0.weight", "classifier.0.weight")
    return Source(
        title,
        names,
        marks=tuple(f"{prefix}{mark}" for mark in marks),
        config=config_of,
        note="weights trained on TSL-300 answer in the order of tsl-2",
    )


SOURCES = (
    _source("training file of TSL-Net, with reverse heads that serve training alone", WEIGHTS, f"{_PREFIX}."),
    _source("file of TSL-Net's network by itself", BARE_WEIGHTS, ""),
    *frame_sources(config_of),
)
