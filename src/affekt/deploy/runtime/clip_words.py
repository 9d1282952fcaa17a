"""Where the words of a clip come from: the caller, a transcript, subtitles beside it, or its sound."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import MediaError, MissingExtra, UsageError
from affekt.core.sample import Sample
from affekt.deploy.runtime.input_types import checked_input
from affekt.deploy.runtime.scene_files import reads_scenes, scene_suffixes, without_subtitles
from affekt.media.files import has_suffix, walk
from affekt.media.sound import sound_duration_s
from affekt.media.speech import Recognizer, installed_recognizer, what_is_missing
from affekt.media.text import SUFFIXES as LINES
from affekt.media.text import Line, Text

# A clip with recognised words is answered as a whole up to this length, a longer one line by line: of 13,708
# utterances of MELD, 99.5 % last up to 13.2 s.
UTTERANCE_S = 15.0
_STATE = "give --text or --transcript (in Python text, transcript), or put subtitles of its name beside it"


class WordSources(NamedTuple):
    """Where the words of clips come from; the first source that has words counts.

    Attributes:
        text: The words of one clip, as the caller states them.
        transcript: A file of lines: subtitles, a table, or plain text. Subtitles beside a clip come next.
        recognizer: Hears the words of a clip for which the other sources have none.
        lacking: Commands that install a recogniser; empty if there is one, or none is wanted.
        one_answer: A clip is answered as a whole, however many lines are heard in it.
    """

    text: str = ""
    transcript: Path | None = None
    recognizer: Recognizer | None = None
    lacking: str = ""
    one_answer: bool = False


class Heard(NamedTuple):
    """The words that were recognised in a clip.

    Attributes:
        lines: With their times; empty if there are none.
        origin: How the words came about, or why there are none.
        duration_s: Of the sound.
    """

    lines: list[Line]
    origin: str
    duration_s: float = 0.0

    @property
    def noted_lines(self) -> list[Line]:
        """The lines, each with a note on its origin."""
        return [replace(line, notes=(self.origin, *line.notes)) for line in self.lines]

    @property
    def notes(self) -> tuple[str, ...]:
        """The origin, and the doubts about any line, each once."""
        return tuple(dict.fromkeys([self.origin, *(note for line in self.lines for note in line.notes)]))

    @property
    def words(self) -> str:
        """All lines as one."""
        return " ".join(line.text for line in self.lines)

    def is_one_utterance(self, sources: WordSources) -> bool:
        """Whether the clip is answered as a whole."""
        return sources.one_answer or self.duration_s <= UTTERANCE_S


NO_WORDS = WordSources()


def word_sources(
    modality: str,
    inputs: Iterable[Any],
    *,
    text: str | None = None,
    transcript: Path | str | None = None,
    recognize: bool | Recognizer | None = None,
    one_answer: bool = False,
) -> WordSources:
    """The sources of words that the caller asks for, checked before anything is computed.

    Args:
        modality: Of the network.
        inputs: What is to be answered. Words that are stated belong to one clip, so that there is one input.
        text: Words of that clip.
        transcript: A file of its lines.
        recognize: Whether speech is recognised where there are no other words, or by what. None: if it is
            installed; else answers say how to install it.
        one_answer: As in `WordSources`.

    Raises:
        UsageError: The words belong to no clip, or are stated twice; or speech is to be recognised for a
            network that reads no words.
        MissingExtra: Speech is to be recognised, and a part of the recogniser is missing.
    """
    _check_stated(modality, inputs, text, transcript)
    recognizer, lacking = _recognizer(modality, recognize)
    return WordSources(
        (text or "").strip(), Path(transcript) if transcript else None, recognizer, lacking, one_answer
    )


def heard_in(source: Any, sources: WordSources) -> Heard:
    """What is said in a sound, by the recogniser; nothing, with a note, if there is none or no sound.

    Args:
        source: A file or a decoded sound; None for a clip without sound.
    """
    if source is None:
        return Heard([], f"its words are not known, and it has no sound: {_STATE}")
    if sources.recognizer is None:
        install = f"; for speech recognition in English: {sources.lacking}" if sources.lacking else ""
        return Heard([], f"its words are not known: {_STATE}{install}")
    name = sources.recognizer.name
    try:
        lines = sources.recognizer.lines(source)
    except MediaError as error:
        return Heard([], f"its words are not known, and its sound cannot be used ({error}): {_STATE}")
    if not lines:
        return Heard([], f"no words were recognised in its sound ({name}): {_STATE}")
    return Heard(lines, f"words by speech recognition ({name})", sound_duration_s(source))


def _check_stated(
    modality: str, inputs: Iterable[Any], text: str | None, transcript: Path | str | None
) -> None:
    if text is None and transcript is None:
        return
    stated = "text" if text is not None else "transcript"
    if text is not None and transcript is not None:
        raise UsageError("transcript and text are given: the words of a clip are stated once")
    if text is not None and not text.strip():
        raise UsageError("the words of the clip (text) are empty")
    if transcript is not None and not Path(transcript).is_file():
        raise UsageError(f"transcript {transcript} does not exist, or is no file")
    if not isinstance(inputs, Collection):
        raise UsageError(f"{stated} states the words of one clip: give that clip, and no iterator")
    clips = [clip for one in inputs for clip in _clips_of(checked_input(one, modality), modality)]
    lines = [
        clip
        for clip in clips
        if isinstance(clip, Text) or (isinstance(clip, Path) and has_suffix(clip, LINES))
    ]
    if lines or not _reads_words_of_clips(modality):
        shown = str((lines or clips or ["no clip"])[0])
        raise UsageError(f"{stated} and {shown} are given: words or files, not both")
    if len(clips) != 1:
        raise UsageError(f"{stated} states the words of one clip; {len(clips)} are given")
    if isinstance(clips[0], Sample):
        raise UsageError(f"{stated} and a Sample are given: a Sample holds its words itself")


def _clips_of(given: Any, modality: str) -> list[Any]:
    """The files of a folder that the network reads; anything else as it is."""
    if not isinstance(given, Path) or not given.is_dir():
        return [given]
    known = [file for file in walk(given).files if has_suffix(file, scene_suffixes(modality))]
    return without_subtitles(known)


def _reads_words_of_clips(modality: str) -> bool:
    return "text" in modality.split("+") and reads_scenes(modality)


def _recognizer(modality: str, recognize: bool | Recognizer | None) -> tuple[Recognizer | None, str]:
    """The recogniser and what is missing for one."""
    if recognize is False or (recognize is None and not _reads_words_of_clips(modality)):
        return None, ""
    if not _reads_words_of_clips(modality):
        raise UsageError(
            f"speech is to be recognised, and a network of {modality} does not read the words of clips"
        )
    if isinstance(recognize, Recognizer):
        return recognize, ""
    lacking = what_is_missing()
    if lacking and recognize:
        raise MissingExtra(f"speech recognition is not installed: {lacking}")
    return installed_recognizer(), lacking
