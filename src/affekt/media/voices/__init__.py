"""Voices: where somebody speaks in a sound, and which turns are of one voice."""

from affekt.media.voices.activity import ActivitySettings, Speech, VoiceActivity, find_speech
from affekt.media.voices.named import ACTIVITIES, open_activity, open_vectors
from affekt.media.voices.vectors import VoiceVectors

__all__ = [
    "ACTIVITIES",
    "ActivitySettings",
    "Speech",
    "VoiceActivity",
    "VoiceVectors",
    "find_speech",
    "open_activity",
    "open_vectors",
]
