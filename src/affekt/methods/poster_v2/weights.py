"""Names of the reference's checkpoint, and which of its weights nothing ever read."""

from __future__ import annotations

from affekt.core.weights import KeyMap


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
        "face_landback.output_layer.{}",  # the landmarks themselves: computed, thrown away
        "ir_back.output_layer.{}",
        "attn{i}.relative_position_index",  # derived from the size
        "VIT.patch_embed.{}",
        "VIT.CON1.{}",
        "VIT.IRLinear{i}.{}",
        "VIT.eca_block.{}",
        "VIT.blocks.{i}.conv.{}",
    ),
)
