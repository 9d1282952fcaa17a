"""MDN and MAKD: any subset of text, sound and picture, fused in many ways, distilled in one run."""

from affekt.core.method import Method

METHOD = Method(
    config="config:MDNConfig",
    model="model:MDN",
    objective="objective:make_objective",
    preprocess="preprocess:MDNPreprocess",
    weights="weights:WEIGHTS",
)
