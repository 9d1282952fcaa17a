"""Keys of the reference's checkpoints, and the published files that `convert` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core.weights import KeyMap, PublishedFile, within
from affekt.layers.names import resnet_3d_file, resnet_18_file, resnet_sizes

# The reference lists the modules of both ResNets by number; 2 is the activation, 3 the pooling.
_RESNET = (
    ("0.{}", "stem.conv.{}"),
    ("1.{}", "stem.bn.{}"),
    *((f"{stage + 4}.{{}}", f"stages.{stage}.{{}}") for stage in range(4)),
)
_TEMPORAL_ATTENTION = (("conv.0.{}", "score.{}"), ("conv.1.{}", "bn.{}"), ("fc.{}", "mix.{}"))
_ATTENTION = tuple(
    (f"linear_{letter}.{{}}", f"{name}.{{}}")
    for letter, name in (("q", "query"), ("k", "key"), ("v", "value"), ("o", "out"))
)
_COMMON = (
    *within("resnet", "backbone", _RESNET),
    ("nl.0.{}", "visual_intra.{}"),
    *within("ta_net", "temporal", _TEMPORAL_ATTENTION),
    ("fc.{}", "head.{}"),
)

WEIGHTS = KeyMap(
    (
        *_COMMON,
        *within("a_resnet", "audio.backbone", _RESNET),
        ("a_fc.0.{}", "audio.embed.linear.{}"),
        ("a_fc.1.{}", "audio.embed.bn.{}"),
        ("nl_a.0.{}", "audio.intra.{}"),
        *within("v2a_attn", "cross.to_visual", _ATTENTION),
        *within("a2v_attn", "cross.to_audio", _ATTENTION),
    )
)


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields, read from the tensor shapes of the whole network or of a backbone."""
    visual = resnet_sizes(shapes, "backbone")
    audio = resnet_sizes(shapes, "audio.backbone")
    config: dict[str, Any] = {}
    if "head.weight" in shapes:
        config["num_classes"] = shapes["head.weight"][0]
        config["streams"] = "video+audio" if audio else "video"
        visual["segments"] = shapes["temporal.mix.weight"][0]
    config |= {"visual": visual} if visual else {}
    return config | ({"audio": audio} if audio else {})


PUBLISHED_FILES = (
    PublishedFile(
        "training file of CTEN",
        WEIGHTS,
        marks=("nl.0.theta.weight", "v2a_attn.linear_q.weight", "fc.weight"),
        config=config_of,
        note="weights trained on VideoEmotion-8 have the class order of videoemotion-8",
    ),
    PublishedFile(
        "training file of CTEN's visual stream",
        WEIGHTS,
        marks=("nl.0.theta.weight", "ta_net.fc.weight", "fc.weight"),
        without=("v2a_attn.{}", "a_resnet.{}"),
        config=config_of,
    ),
    resnet_3d_file("backbone", config_of),
    resnet_18_file("audio.backbone", config_of),
)
