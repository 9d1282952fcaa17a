"""What a person may vary in an analysis."""

from __future__ import annotations

from affekt.analysis.faces.settings import FaceSettings
from affekt.analysis.fusion.fuse import FusionSettings
from affekt.analysis.voices import VoiceSettings
from affekt.analysis.words import WordSettings
from affekt.core.settings import Settings


class AnalysisSettings(Settings):
    """The settings of the stages."""

    faces: FaceSettings = FaceSettings()
    voices: VoiceSettings = VoiceSettings()
    words: WordSettings = WordSettings()
    fusion: FusionSettings = FusionSettings()
