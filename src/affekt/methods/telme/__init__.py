"""TelME: a text teacher, its audio and video students, and a shift of text by both (Yun et al., 2024)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:TelMEConfig",
    model="model:TelME",
    objective="objective:make_objective",
    preprocess="preprocess:TelMEPreprocess",
    weights="weights:WEIGHTS",
)
