"""BPM-GCN: emotion from gait by graph convolutions of posture and movement (Zhai et al., TAFFC 2024)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:BPMGCNConfig",
    model="model:BPMGCN",
    objective="objective:BPMGCNObjective",
    preprocess="preprocess:GaitPreprocess",
    weights="weights:WEIGHTS",
)
