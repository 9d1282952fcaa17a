"""A small network on vectors of four numbers, with the objectives that the tests need."""

from affekt.core.method import Method

METHOD = Method(
    config="config:TinyVectorsConfig",
    model="model:TinyVectors",
    objective="objective:make_objective",
    preprocess="preprocess:TinyVectorsPreprocess",
    weights="weights:WEIGHTS",
    tasks=("single_label", "regression", "pretraining"),
)
