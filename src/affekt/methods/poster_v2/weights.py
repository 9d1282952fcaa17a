"""Keys of the reference's checkpoint, its unused weights, and the published files that `convert` reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from affekt.core.weights import KeyMap, PublishedFile


def _conv_norm(theirs: str, ours: str) -> list[tuple[str, str]]:
    parts = {"conv": "conv", "bn": "norm", "prelu": "activation"}
    return [(f"{theirs}.{part}.{{}}", f"{ours}.{name}.{{}}") for part, name in parts.items()]


def _unit(theirs: str, ours: str) -> list[tuple[str, str]]:
    parts = {"conv": "widen", "conv_dw": "depthwise", "project": "project"}
    return [rule for part, name in parts.items() for rule in _conv_norm(f"{theirs}.{part}", f"{ours}.{name}")]


LANDMARKS = (
    *_conv_norm("conv1", "stem"),
    *_conv_norm("conv2_dw", "stem_depthwise"),
    *(
        rule
        for stage, (down, units) in enumerate(
            (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5"))
        )
        for rule in (
            *_unit(down, f"stages.{stage}.down"),
            *_unit(f"{units}.model.{{i}}", f"stages.{stage}.units.{{i}}"),
        )
    ),
    *_conv_norm("conv_6_sep", "expand"),
)
IMAGE = (
    ("input_layer.{}", "stem.{}"),
    ("body{i+1}.{j}.res_layer.{}", "stages.{i}.{j}.branch.{}"),
    ("body{i+1}.{j}.shortcut_layer.{}", "stages.{i}.{j}.shortcut.{}"),
)
_FUSION = (
    ("last_face_conv.{}", "landmark_projection.{}"),
    ("conv{i+1}.{}", "scales.{i}.shrink.{}"),
    ("window{i+1}.norm.{}", "scales.{i}.norm.{}"),
    ("attn{i+1}.qkv.{}", "scales.{i}.attention.key_value.{}"),
    ("attn{i+1}.proj.{}", "scales.{i}.attention.projection.{}"),
    ("attn{i+1}.relative_position_bias_table", "scales.{i}.attention.position"),
    ("ffn{i+1}.gamma1", "scales.{i}.attention_scale"),
    ("ffn{i+1}.gamma2", "scales.{i}.mlp_scale"),
    ("ffn{i+1}.norm.{}", "scales.{i}.mlp_norm.{}"),
    ("ffn{i+1}.mlp.fc1.{}", "scales.{i}.mlp.widen.{}"),
    ("ffn{i+1}.mlp.fc2.{}", "scales.{i}.mlp.narrow.{}"),
    ("embed_q.{}", "embeds.0.{}"),
    ("embed_k.{}", "embeds.1.{}"),
    ("embed_v.proj.{}", "embeds.2.{}"),
)
_TOKENS = (
    ("VIT.cls_token", "encoder.class_token"),
    ("VIT.pos_embed", "encoder.position"),
    ("VIT.blocks.{i}.norm1.{}", "encoder.blocks.{i}.attention_norm.{}"),
    ("VIT.blocks.{i}.attn.qkv.{}", "encoder.blocks.{i}.query_key_value.{}"),
    ("VIT.blocks.{i}.attn.proj.{}", "encoder.blocks.{i}.projection.{}"),
    ("VIT.blocks.{i}.norm2.{}", "encoder.blocks.{i}.mlp_norm.{}"),
    ("VIT.blocks.{i}.mlp.fc1.{}", "encoder.blocks.{i}.mlp.widen.{}"),
    ("VIT.blocks.{i}.mlp.fc2.{}", "encoder.blocks.{i}.mlp.narrow.{}"),
    ("VIT.norm.{}", "encoder.norm.{}"),
    ("VIT.se_block.linear1.{}", "gate.squeeze.{}"),
    ("VIT.se_block.linear2.{}", "gate.excite.{}"),
    ("VIT.head.linear.{}", "head.{}"),
)

WEIGHTS = KeyMap(
    (
        *((f"face_landback.{theirs}", f"landmarks.{ours}") for theirs, ours in LANDMARKS),
        *((f"ir_back.{theirs}", f"image.{ours}") for theirs, ours in IMAGE),
        *_FUSION,
        *_TOKENS,
    ),
    dropped=(
        "face_landback.output_layer.{}",  # the landmarks themselves, which are not used
        "ir_back.output_layer.{}",
        "attn{i}.relative_position_index",  # derived from the size
        "VIT.patch_embed.{}",
        "VIT.CON1.{}",
        "VIT.IRLinear{i}.{}",
        "VIT.eca_block.{}",
        "VIT.blocks.{i}.conv.{}",
    ),
)


# The face recognition release has the units of four stages in one list; the fourth is not used here.
_ONE_LIST = ((0, 3), (3, 7), (7, 21))
_LAST_STAGE = range(21, 24)
IMAGE_BRANCH = KeyMap(
    [(theirs, f"image.{ours}") for theirs, ours in IMAGE], dropped=("output_layer.{}", "body4.{}")
)
IMAGE_BRANCH_ONE_LIST = KeyMap(
    [
        ("input_layer.{}", "image.stem.{}"),
        *(
            (f"body.{unit}.{part}_layer.{{}}", f"image.stages.{stage}.{unit - first}.{name}.{{}}")
            for stage, (first, end) in enumerate(_ONE_LIST)
            for unit in range(first, end)
            for part, name in (("res", "branch"), ("shortcut", "shortcut"))
        ),
    ],
    dropped=("output_layer.{}", *(f"body.{unit}.{{}}" for unit in _LAST_STAGE)),
)
LANDMARK_BRANCH = KeyMap(
    [(theirs, f"landmarks.{ours}") for theirs, ours in LANDMARKS], dropped=("output_layer.{}",)
)


def config_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Config fields, read from the tensor shapes of the whole network or of a branch."""
    config: dict[str, Any] = {}
    for stem in ("image.stem.0.weight", "landmarks.stem.conv.weight"):
        if stem in shapes:
            config["width"] = _rows(shapes, stem)
    stages = range(3)
    image = [_count(shapes, f"image.stages.{stage}.") for stage in stages]
    landmarks = [_count(shapes, f"landmarks.stages.{stage}.units.") for stage in stages]
    config |= {"image_units": image} if all(image) else {}
    config |= {"landmark_units": landmarks} if all(landmarks) else {}
    if "head.weight" in shapes:
        config["num_classes"] = _rows(shapes, "head.weight")
        config["token_blocks"] = _count(shapes, "encoder.blocks.")
    if "scales.0.attention.position" in shapes:
        # (2 side - 1)^2 rows, one for each offset in a map whose side is a fourth of the image's.
        config["size"] = 2 * (math.isqrt(_rows(shapes, "scales.0.attention.position")) + 1)
    return config


def _rows(shapes: Mapping[str, tuple[int, ...]], key: str) -> int:
    """Length of the first axis; 0, which no config allows, for a tensor without axes."""
    return shapes[key][0] if shapes[key] else 0


def _count(shapes: Mapping[str, tuple[int, ...]], prefix: str) -> int:
    """Number of different numbers that follow a prefix."""
    return len({key[len(prefix) :].partition(".")[0] for key in shapes if key.startswith(prefix)})


PUBLISHED_FILES = (
    PublishedFile(
        "training file of POSTER V2",
        WEIGHTS,
        marks=("VIT.{}", "ir_back.{}", "face_landback.{}"),
        config=config_of,
        # Training curves that the authors' script pickles with the weights.
        inert=("__main__.RecorderMeter", "__main__.RecorderMeter1"),
        note=(
            "weights trained on RAF-DB have the class order of raf-7; the order of the published AffectNet "
            "weights is not known: try one, and `affekt evaluate` reports names that seem to be exchanged"
        ),
    ),
    PublishedFile(
        "file of the image branch in three lists (ir50.pth)",
        IMAGE_BRANCH,
        marks=("input_layer.{}", "body1.{}"),
        part="image",
        config=config_of,
    ),
    PublishedFile(
        "file of the image branch in one list (ir50.pth of POSTER and of the face recognition release)",
        IMAGE_BRANCH_ONE_LIST,
        marks=("input_layer.{}", "body.{}"),
        part="image",
        config=config_of,
    ),
    PublishedFile(
        "file of the landmark branch (mobilefacenet_model_best.pth.tar)",
        LANDMARK_BRANCH,
        marks=("conv2_dw.{}", "conv_6_sep.{}"),
        part="landmarks",
        config=config_of,
    ),
)
