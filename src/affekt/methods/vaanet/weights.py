"""Names of the reference's checkpoints, and the files to convert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core.weights import KeyMap, Source
from affekt.layers.names import (
    RESNET_2D,
    RESNET_3D,
    TEMPORAL_ATTENTION,
    backbone_sources,
    sizes_of,
    within,
)

_VISUAL = (
    *within("resnet", "backbone", RESNET_3D),
    ("conv0.0.{}", "visual.reduce.conv.{}"),
    ("conv0.1.{}", "visual.reduce.bn.{}"),
    *within("sa_net", "visual.spatial", TEMPORAL_ATTENTION),
    *within("cwa_net", "visual.channel", TEMPORAL_ATTENTION),
    *within("ta_net", "visual.temporal", TEMPORAL_ATTENTION),
)
_AUDIO = (
    *within("a_resnet", "audio.backbone", RESNET_2D),
    ("a_fc.0.{}", "audio.embed.linear.{}"),
    ("a_fc.1.{}", "audio.embed.bn.{}"),
    *within("aa_net", "audio.temporal", TEMPORAL_ATTENTION),
)

# The reference with sound carries the head of the one without, and never uses it.
WEIGHTS = KeyMap((*_VISUAL, *_AUDIO, ("av_fc.{}", "head.{}")), dropped=("fc.{}",))
VISUAL_WEIGHTS = KeyMap((*_VISUAL, ("fc.{}", "head.{}")))


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields as the shapes of the weights tell them, of the whole network or of a backbone."""
    visual: dict[str, Any] = sizes_of(shapes, "backbone")
    audio: dict[str, Any] = sizes_of(shapes, "audio.backbone")
    config: dict[str, Any] = {}
    if "head.weight" in shapes:
        config["num_classes"] = shapes["head.weight"][0]
        config["streams"] = "visual+audio" if audio else "visual"
        visual["segments"] = shapes["visual.temporal.mix.weight"][0]
        visual["embed"] = shapes["visual.channel.mix.weight"][0]
    if "audio.temporal.mix.weight" in shapes:
        audio["chunks"] = shapes["audio.temporal.mix.weight"][0]
        audio["embed"] = shapes["audio.embed.linear.weight"][0]
    config |= {"visual": visual} if visual else {}
    return config | ({"audio": audio} if audio else {})


SOURCES = (
    Source(
        "training file of VAANet",
        WEIGHTS,
        marks=("conv0.0.weight", "cwa_net.fc.weight", "av_fc.weight"),
        config=config_of,
        note="weights trained on VideoEmotion-8 answer in the order of videoemotion-8",
    ),
    Source(
        "training file of VAANet's visual stream",
        VISUAL_WEIGHTS,
        marks=("conv0.0.weight", "cwa_net.fc.weight", "fc.weight"),
        without=("av_fc.{}", "a_resnet.{}"),
        config=config_of,
    ),
    *backbone_sources(config_of),
)
