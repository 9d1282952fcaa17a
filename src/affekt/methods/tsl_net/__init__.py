"""TSL-Net: sentiment segments of untrimmed videos, learned from points (Zhang, Yang, ACM MM 2022)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:TSLNetConfig",
    model="model:TSLNet",
    objective="objective:TSLNetObjective",
    preprocess="preprocess:TSLNetPreprocess",
    weights="weights:WEIGHTS",
    tasks=("localization",),
)
