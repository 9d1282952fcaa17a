"""Names of weights in the reference and here."""

from __future__ import annotations

from affekt.core.weights import KeyMap

# The fusion and its classifier, as in `total_fusion.bin`.
FUSION = (
    ("multihead_attn.{}", "fusion.attention.{}"),
    ("W_hav.{}", "fusion.gate.{}"),
    ("W_av.{}", "fusion.shift.{}"),
    ("LayerNorm.{}", "fusion.norm.{}"),
    ("AV_LayerNorm.{}", "fusion.others_norm.{}"),
    ("W.{}", "classifier.{}"),
)
WEIGHTS = KeyMap(
    (
        *FUSION,
        ("text_model.{}", "encoders.T.backbone.{}"),
        ("inward.{}", "inward.{}"),
        ("placeholders.{}", "fusion.placeholders.{}"),
        ("heads.{}", "heads.{}"),
        ("prototypes", "prototypes"),
        ("has_prototype", "has_prototype"),
    )
)
