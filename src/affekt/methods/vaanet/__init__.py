"""VAANet: emotion of a video from picture and sound (Zhao, Ma et al., AAAI 2020)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:VAANetConfig",
    model="model:VAANet",
    objective="objective:VAANetObjective",
    preprocess="preprocess:VAANetPreprocess",
    weights="weights:WEIGHTS",
)
