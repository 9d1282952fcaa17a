"""A small convolutional network over word pieces, for single lines of English (after Kim, 2014)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CompactTextConfig",
    model="model:CompactText",
    objective="objective:CompactTextObjective",
    preprocess="preprocess:CompactTextPreprocess",
    weights="weights:WEIGHTS",
)
