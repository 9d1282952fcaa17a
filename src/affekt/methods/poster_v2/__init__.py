"""POSTER V2: facial expression from one aligned face (Mao et al., 2023)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:PosterV2Config",
    model="model:PosterV2",
    objective="objective:PosterV2Objective",
    preprocess="preprocess:PosterV2Preprocess",
    weights="weights:WEIGHTS",
)
