"""SPCL: emotion of the lines of a dialogue, by prototypes of the classes (Song et al., EMNLP 2022)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:SPCLConfig",
    model="model:SPCL",
    objective="objective:SPCLObjective",
    preprocess="preprocess:SPCLPreprocess",
    weights="weights:WEIGHTS",
)
