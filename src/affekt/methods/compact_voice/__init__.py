"""Emotion of speech from a small spectrogram network, after the audio half of VAANet (Zhao et al., 2020)."""

from affekt.core.method import Method

METHOD = Method(
    config="config:CompactVoiceConfig",
    model="model:CompactVoice",
    objective="objective:CompactVoiceObjective",
    preprocess="preprocess:CompactVoicePreprocess",
    weights="weights:WEIGHTS",
)
