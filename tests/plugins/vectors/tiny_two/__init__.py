"""A small network with two heads: an emotion, and a rating of valence."""

from affekt.core.method import Method

METHOD = Method(
    config="config:TinyTwoConfig",
    model="model:TinyTwo",
    objective="objective:TinyTwoObjective",
    preprocess="preprocess:TinyVectorsPreprocess",
    weights="weights:WEIGHTS",
    tasks=("single_label", "regression"),
)
