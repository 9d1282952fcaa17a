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

_ATTENTION = tuple(
    (f"linear_{letter}.{{}}", f"{name}.{{}}")
    for letter, name in (("q", "query"), ("k", "key"), ("v", "value"), ("o", "out"))
)
_COMMON = (
    *within("resnet", "backbone", RESNET_3D),
    ("nl.0.{}", "visual_intra.{}"),
    *within("ta_net", "temporal", TEMPORAL_ATTENTION),
    ("fc.{}", "head.{}"),
)

WEIGHTS = KeyMap(
    (
        *_COMMON,
        *within("a_resnet", "audio.backbone", RESNET_2D),
        ("a_fc.0.{}", "audio.embed.linear.{}"),
        ("a_fc.1.{}", "audio.embed.bn.{}"),
        ("nl_a.0.{}", "audio.intra.{}"),
        *within("v2a_attn", "cross.to_visual", _ATTENTION),
        *within("a2v_attn", "cross.to_audio", _ATTENTION),
    )
)


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields as the shapes of the weights tell them, of the whole network or of a backbone."""
    visual: dict[str, Any] = sizes_of(shapes, "backbone")
    audio: dict[str, Any] = sizes_of(shapes, "audio.backbone")
    config: dict[str, Any] = {}
    if "head.weight" in shapes:
        config["num_classes"] = shapes["head.weight"][0]
        config["streams"] = "visual+audio" if audio else "visual"
        visual["segments"] = shapes["temporal.mix.weight"][0]
    config |= {"visual": visual} if visual else {}
    return config | ({"audio": audio} if audio else {})


SOURCES = (
    Source(
        "training file of CTEN",
        WEIGHTS,
        marks=("nl.0.theta.weight", "v2a_attn.linear_q.weight", "fc.weight"),
        config=config_of,
        note="weights trained on VideoEmotion-8 answer in the order of videoemotion-8",
    ),
    Source(
        "training file of CTEN's visual stream",
        WEIGHTS,
        marks=("nl.0.theta.weight", "ta_net.fc.weight", "fc.weight"),
        without=("v2a_attn.{}", "a_resnet.{}"),
        config=config_of,
    ),
    *backbone_sources(config_of),
)
