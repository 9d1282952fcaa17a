"""The voices of a medium: turns of speech, who has them, and the answer of a network to each."""

from affekt.analysis.voices.find import VoiceSettings, find_voices

__all__ = ["VoiceSettings", "find_voices"]
