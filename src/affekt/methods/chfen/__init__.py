"""CHFEN: what viewers of a short video feel, from title, scenes, faces, words and sound (yuliu625, 2025)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CHFENConfig",
    model="model:CHFEN",
    objective="objective:CHFENObjective",
    preprocess="preprocess:ShortVideoPreprocess",
    weights="weights:WEIGHTS",
)
