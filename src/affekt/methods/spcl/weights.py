"""Names of weights in the reference and here."""

from affekt.core.weights import KeyMap

WEIGHTS = KeyMap(
    (
        ("f_context_encoder.{}", "encoders.T.backbone.{}"),
        ("predictor.0.{}", "classifier.{}"),
        ("g.0.{}", "projection.{}"),
        ("prototypes", "prototypes"),
        ("has_prototype", "has_prototype"),
    )
)
