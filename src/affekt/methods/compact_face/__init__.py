"""A small residual network for face crops, trained on annotator votes (after Barsoum et al., 2016)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CompactFaceConfig",
    model="model:CompactFace",
    objective="objective:CompactFaceObjective",
    preprocess="preprocess:CompactFacePreprocess",
    weights="weights:WEIGHTS",
)
