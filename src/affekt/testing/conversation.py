"""An invented film of two people who talk: faces with moving mouths, speech, subtitles, and what is true.

    DIR/talk.mp4     drawn faces side by side; whoever speaks moves the mouth and shows the turn's emotion
        talk.srt     the words, with the names of the speakers

Speech is synthesised by `espeak-ng`, a voice for each person; where it is not installed, syllables are tones.
Synthetic voices express no emotion: what a network of voices says of them is not known.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np

from affekt.invented.face_scenes import FaceScene, Turn, actor, conversation_scene, write_scene
from affekt.media.sound import Waveform, read_sound
from affekt.report.annotations.srt import write_cues

RATE_HZ = 16000
NAMES = ("Anna", "Ben")
_VOICES = (("en-us+f3", 155), ("en-us+m3", 145))  # of espeak-ng, and words a minute
_TONES_HZ = (220.0, 110.0)
_PAUSE_S = (0.4, 1.2)
_NOISE = 0.002
# What is said, by the emotion that the words express. Nobody needs the lines to follow each other.
LINES = {
    "happiness": (
        "This is wonderful news, I am so happy for you.",
        "I love this place, we had a great time here.",
        "Thank you so much, that made my day.",
        "What a beautiful surprise, I am delighted.",
    ),
    "anger": (
        "This makes me furious, they lied to us again.",
        "I hate it when they ignore the rules.",
        "Stop it, that is outrageous and unfair.",
        "I am angry that nobody told me.",
    ),
    "sadness": (
        "I miss her very much since she died.",
        "It is so sad, I cried the whole night.",
        "I feel lonely and lost these days.",
        "I am sorry, it was a terrible loss.",
    ),
    "surprise": (
        "Wow, I did not expect that at all.",
        "Really, that is surprising, are you sure?",
        "Oh my god, what a shock, I can not believe it.",
        "I wonder how that is even possible.",
    ),
    "neutral": (
        "The meeting starts at nine in the main office.",
        "The train to the station leaves from platform two.",
        "The report has twelve pages and two tables.",
        "The window is on the left side of the door.",
    ),
}


class Conversation(NamedTuple):
    """The film and what is true of it.

    Attributes:
        turns: Who speaks when, with the emotion that face and words show; `speaker` is a place in `NAMES`.
        spoken: Whether the speech is synthetic words; otherwise it is tones.
    """

    film: Path
    subtitles: Path
    scene: FaceScene
    turns: tuple[Turn, ...]
    words: tuple[str, ...]
    spoken: bool


def write_conversation(
    folder: Path,
    *,
    duration_s: float = 20.0,
    width: int = 640,
    height: int = 360,
    rate_hz: float = 25.0,
    seed: int = 0,
) -> Conversation:
    """Write a film of about this length, and its subtitles.

    Args:
        folder: Made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    spoken = shutil.which("espeak-ng") is not None
    turns: list[Turn] = []
    words: list[str] = []
    pieces: list[np.ndarray] = []
    samples, speaker = 0, 0
    while samples < duration_s * RATE_HZ or not turns:
        pause = np.zeros(round(rng.uniform(*_PAUSE_S) * RATE_HZ), np.float32)
        emotion = str(rng.choice(list(LINES)))
        line = str(rng.choice(LINES[emotion]))
        voice = _said(folder, line, speaker) if spoken else _hummed(line, speaker, rng)
        start_s = (samples + len(pause)) / RATE_HZ
        turns.append(Turn(speaker, start_s, start_s + len(voice) / RATE_HZ, emotion))
        words.append(line)
        pieces += [pause, voice]
        samples += len(pause) + len(voice)
        speaker = 1 - speaker
    pieces.append(np.zeros(RATE_HZ // 2, np.float32))
    sound = np.concatenate(pieces)
    sound += rng.normal(0, _NOISE, len(sound)).astype(np.float32)
    scene = conversation_scene(
        [actor(place, seed=seed, name=name) for place, name in enumerate(NAMES)],
        turns,
        duration_s=len(sound) / RATE_HZ,
        width=width,
        height=height,
        rate_hz=rate_hz,
        seed=seed,
    )
    film, subtitles = folder / "talk.mp4", folder / "talk.srt"
    write_scene(film, scene, Waveform(sound.clip(-1, 1)[None], RATE_HZ))
    write_cues(
        subtitles,
        (
            (turn.start_s, turn.end_s, f"{NAMES[turn.speaker]}: {line}")
            for turn, line in zip(turns, words, strict=True)
        ),
    )
    return Conversation(film, subtitles, scene, tuple(turns), tuple(words), spoken)


def _said(folder: Path, words: str, speaker: int) -> np.ndarray:
    voice, speed = _VOICES[speaker]
    file = folder / ".speech.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(file), words], check=True)
    samples = read_sound(file, rate_hz=RATE_HZ).samples[0]
    file.unlink()
    return (0.6 * samples).astype(np.float32)


def _hummed(words: str, speaker: int, rng: np.random.Generator) -> np.ndarray:
    """A tone with overtones for each syllable, as far as vowels count them."""
    count = max(2, sum(letter in "aeiouy" for letter in words.lower()))
    time = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    envelope = np.sin(np.pi * time / time[-1])
    tones = [
        sum(np.sin(2 * np.pi * _TONES_HZ[speaker] * pitch * part * time) / part for part in range(1, 6))
        for pitch in rng.uniform(0.9, 1.15, count)
    ]
    return (0.12 * np.concatenate([tone * envelope for tone in tones])).astype(np.float32)
