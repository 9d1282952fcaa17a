"""CTEN: video emotion by looking again at what attention left out (Zhang, Wang, Yang, CVPR 2023)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CTENConfig",
    model="model:CTEN",
    objective="objective:CTENObjective",
    preprocess="preprocess:CTENPreprocess",
    weights="weights:WEIGHTS",
)
