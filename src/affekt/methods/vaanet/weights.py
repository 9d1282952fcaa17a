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
_VISUAL = (
    *within("resnet", "backbone", _RESNET),
    ("conv0.0.{}", "visual.reduce.conv.{}"),
    ("conv0.1.{}", "visual.reduce.bn.{}"),
    *within("sa_net", "visual.spatial", _TEMPORAL_ATTENTION),
    *within("cwa_net", "visual.channel", _TEMPORAL_ATTENTION),
    *within("ta_net", "visual.temporal", _TEMPORAL_ATTENTION),
)
_AUDIO = (
    *within("a_resnet", "audio.backbone", _RESNET),
    ("a_fc.0.{}", "audio.embed.linear.{}"),
    ("a_fc.1.{}", "audio.embed.bn.{}"),
    *within("aa_net", "audio.temporal", _TEMPORAL_ATTENTION),
)

# The reference with sound also contains the head of the one without, and never uses it.
WEIGHTS = KeyMap((*_VISUAL, *_AUDIO, ("av_fc.{}", "head.{}")), dropped=("fc.{}",))
VISUAL_WEIGHTS = KeyMap((*_VISUAL, ("fc.{}", "head.{}")))


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields, read from the tensor shapes of the whole network or of a backbone."""
    visual = resnet_sizes(shapes, "backbone")
    audio = resnet_sizes(shapes, "audio.backbone")
    config: dict[str, Any] = {}
    if "head.weight" in shapes:
        config["num_classes"] = shapes["head.weight"][0]
        config["streams"] = "video+audio" if audio else "video"
        visual["segments"] = shapes["visual.temporal.mix.weight"][0]
        visual["embed"] = shapes["visual.channel.mix.weight"][0]
    if "audio.temporal.mix.weight" in shapes:
        audio["chunks"] = shapes["audio.temporal.mix.weight"][0]
        audio["embed"] = shapes["audio.embed.linear.weight"][0]
    config |= {"visual": visual} if visual else {}
    return config | ({"audio": audio} if audio else {})


PUBLISHED_FILES = (
    PublishedFile(
        "training file of VAANet",
        WEIGHTS,
        marks=("conv0.0.weight", "cwa_net.fc.weight", "av_fc.weight"),
        config=config_of,
        note="weights trained on VideoEmotion-8 have the class order of videoemotion-8",
    ),
    PublishedFile(
        "training file of VAANet's visual stream",
        VISUAL_WEIGHTS,
        marks=("conv0.0.weight", "cwa_net.fc.weight", "fc.weight"),
        without=("av_fc.{}", "a_resnet.{}"),
        config=config_of,
    ),
    resnet_3d_file("backbone", config_of),
    resnet_18_file("audio.backbone", config_of),
)
