"""Names of weights in the reference and here. No weights were published."""

from affekt.core.weights import KeyMap

_IMAGE = "feature_module.conditional_image_encoder"

WEIGHTS = KeyMap(
    (
        ("feature_module.learnable_query", "query"),
        (f"{_IMAGE}.image_fusion_layer.cross_attention.{{}}", "frame_fusion.attention.{}"),
        (f"{_IMAGE}.cross_attention.{{}}", "conditioned.video.{}"),
        ("feature_module.conditional_text_encoder.cross_attention.{}", "conditioned.text.{}"),
        ("decision_module.title_type_encoding.type_encoding", "types.title"),
        ("decision_module.image_type_encoding.type_encoding", "types.video"),
        ("decision_module.text_type_encoding.type_encoding", "types.text"),
        ("decision_module.audio_type_encoding.type_encoding", "types.audio"),
        ("decision_module.self_attention_layer_{i+1}.{}", "blocks.{i}.attention.{}"),
        ("decision_module.ffn_layer_{i+1}.0.{}", "blocks.{i}.linear.{}"),
        ("decision_module.learnable_pooling_query", "pooling_query"),
        ("decision_module.attention_pooling_layer.{}", "pooling.{}"),
        ("classifier.linear.{}", "classifier.{}"),
        # Parts that the reference's network does not have.
        ("missing.{}", "missing.{}"),
        ("inward.{}", "inward.{}"),
        ("query_gate.{}", "query_gate.{}"),
        ("gate.{}", "gate.{}"),
        ("face_counts.{}", "frame_fusion.counts.{}"),
        ("norms.{i}.{}", "blocks.{i}.norms.{}"),
    ),
    # Tables of positions, which are computed.
    dropped=(
        "feature_module.positional_encoding.pe",
        f"{_IMAGE}.positional_encoding.pe",
        "feature_module.conditional_text_encoder.positional_encoding.pe",
    ),
)  # fmt: skip
