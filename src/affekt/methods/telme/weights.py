"""Names of weights in the reference and here."""

from __future__ import annotations

# The fusion and its classifier, as in `total_fusion.bin`.
FUSION = (
    ("multihead_attn.{}", "fusion.attention.{}"),
    ("W_hav.{}", "fusion.gate.{}"),
    ("W_av.{}", "fusion.shift.{}"),
    ("LayerNorm.{}", "fusion.norm.{}"),
    ("AV_LayerNorm.{}", "fusion.others_norm.{}"),
    ("W.{}", "classifier.{}"),
)
