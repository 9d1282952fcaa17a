"""What turns sound into lines. Another recogniser than `Whisper` needs these two members only."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from affekt.media.sound import SoundSource
from affekt.media.text import Line


@runtime_checkable
class Recognizer(Protocol):
    """A speech recogniser.

    Attributes:
        name: Which one, with its languages, as the notes of answers state it.
    """

    @property
    def name(self) -> str: ...

    def lines(self, sound: SoundSource) -> list[Line]:
        """What is said, in order, without names of speakers.

        Each line has its times on the clock of the file, its confidence if the recogniser states one, and a
        note if its words are doubtful. Empty if there is no speech, or none was recognised.

        Raises:
            NoSound: The file has no sound track.
            MediaError: The sound cannot be used.
        """
        ...
