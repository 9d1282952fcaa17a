"""Speech recognition in English: Whisper tiny.en (Radford et al., 2022), computed by CTranslate2.

It needs the extra `asr` and the asset `whisper_tiny_en`. No connection is opened. The same sound gives the
same words: decoding draws nothing at random.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affekt.assets.places import asset_copy, copies
from affekt.assets.registry import find_asset
from affekt.core.errors import require
from affekt.media.sound import SoundSource, sound_blocks
from affekt.media.text import Line

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

ASSET = "whisper_tiny_en"
RATE_HZ = 16_000  # of the network
BLOCK_S = 300.0  # of sound in memory at a time
PAUSE_S = 1.0  # between the words of two lines
# Published: text that compresses better than this is a loop of the decoder.
_LOOP = 2.4
# Mean log probability of a token. Synthetic English has -.3 to -.8, German -.8 to -.9, French below -1.
_DOUBTFUL = -0.8
_SHORTEST_S = 0.1  # a line has a part of sound and picture, even if the decoder gives its word no duration
_DOUBT = "its words were recognised with low confidence: they may be wrong, or not English"


@dataclass(frozen=True)
class Whisper:
    """A recogniser of English; the network is loaded with the first sound, once in a process.

    Args:
        threads: Processor cores it may use; 0 leaves the choice to CTranslate2.

    Example:
        >>> Whisper(threads=1).lines(Path("clip.mp4"))[0].text  # doctest: +SKIP
        'I did not expect to see you here today.'
    """

    threads: int = 0

    @property
    def name(self) -> str:
        return "Whisper tiny.en, English only"

    def lines(self, sound: SoundSource) -> list[Line]:
        """What is said; see `Recognizer.lines`. Loops of the decoder are left out.

        Raises:
            NoSound: The file has no sound track.
            MediaError: The sound cannot be used.
            MissingExtra: faster-whisper is not installed.
            MissingAsset: The network is not on this computer.
            AssetError: It is damaged.
        """
        # A forked process lacks the threads of the network that its parent loaded: it loads its own.
        model = _load(asset_copy(ASSET).folder, self.threads, os.getpid())
        blocks = (block.samples[0] for block in sound_blocks(sound, seconds=BLOCK_S, rate_hz=RATE_HZ))
        spoken = (
            (words, found, start_s)
            for found, start_s in _segments(model, blocks)
            for words in _utterances(found)
            if "".join(word.word for word in words).strip()
        )
        return [_line(number, *one) for number, one in enumerate(spoken, start=1)]


def installed_recognizer(threads: int | None = None) -> Whisper | None:
    """The recogniser of this installation; None if a part of it is missing (`what_is_missing`)."""
    return None if what_is_missing() else Whisper(threads or 0)


def what_is_missing() -> str:
    """The commands after which speech is recognised; empty if nothing is missing."""
    commands = [] if find_spec("faster_whisper") else ['pip install "affekt[asr]"']
    if not copies(find_asset(ASSET)):
        commands.append(f"affekt assets get {ASSET}")
    return " and ".join(commands)


@cache
def _load(folder: Path, threads: int, process: int) -> WhisperModel:
    require("faster_whisper", extra="asr", needed_by="speech recognition")
    from faster_whisper import WhisperModel

    return WhisperModel(
        str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
    )


def _segments(model: WhisperModel, blocks: Iterable[np.ndarray]) -> Iterator[tuple[Any, float]]:
    """Segments of the decoder, each with the time at which its block starts.

    The last segment of a block may be cut off: the sound from its start on goes to the next block.
    """
    waiting, start_s = np.zeros(0, np.float32), 0.0
    left = iter(blocks)
    block = next(left, None)
    while block is not None:
        following = next(left, None)
        heard = np.concatenate([waiting, block])
        found = _transcribed(model, heard)
        cut = len(heard)
        if following is not None and len(found) > 1:
            cut = round(found.pop().start * RATE_HZ)
        yield from ((one, start_s) for one in found if one.compression_ratio <= _LOOP)
        waiting, start_s = heard[cut:], start_s + cut / RATE_HZ
        block = following


def _transcribed(model: WhisperModel, samples: np.ndarray) -> list[Any]:
    segments, _ = model.transcribe(
        samples,
        language="en",
        temperature=0.0,  # others draw at random
        condition_on_previous_text=False,  # one wrong line would spoil those after it
        vad_filter=True,  # words are invented for silence and music without it
        word_timestamps=True,  # those of segments include the silence before and after
    )
    return [one for one in segments if one.text.strip()]


def _utterances(found: Any) -> Iterator[list[Any]]:
    """The words of a segment, apart where there is a pause: the decoder may join what two people say."""
    words: list[Any] = []
    for word in found.words:
        if words and word.start - words[-1].end >= PAUSE_S:
            yield words
            words = []
        words.append(word)
    yield words


def _line(number: int, words: list[Any], found: Any, start_s: float) -> Line:
    first_s, last_s = float(words[0].start), float(words[-1].end)
    return Line(
        text="".join(word.word for word in words).strip(),
        number=number,
        span_s=(start_s + first_s, start_s + max(last_s, first_s + _SHORTEST_S)),
        notes=(_DOUBT,) if found.avg_logprob < _DOUBTFUL else (),
        confidence=sum(float(word.probability) for word in words) / len(words),
    )
