"""CTEN: video emotion, trained with erasing of salient segments (Zhang, Wang, Yang, CVPR 2023)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CTENConfig",
    model="model:CTEN",
    objective="objective:CTENObjective",
    preprocess="preprocess:CTENPreprocess",
    weights="weights:WEIGHTS",
)
