"""Speech: from sound to the words in it."""

from affekt.media.speech.recognizer import Recognizer
from affekt.media.speech.whisper import Whisper, installed_recognizer, what_is_missing

__all__ = ["Recognizer", "Whisper", "installed_recognizer", "what_is_missing"]
