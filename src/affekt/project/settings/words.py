"""Which sound and which words of an item are used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from affekt.core.errors import UsageError
from affekt.core.settings import Settings
from affekt.media.text.decode import stated_encoding


class SoundSettings(Settings):
    """Which sound of an item is used.

    Attributes:
        stem: The whole sound (`mix`), the voice alone, or the accompaniment alone. It has no default: sound
            that is used must be stated. A video's own sound is the stem `mix` where no sound file is.
    """

    stem: Literal["mix", "voice", "accompaniment"] | None = None


class WordSettings(Settings):
    """Which words of an item are used.

    Attributes:
        tracks: Names of tracks of words in order of preference: of each item the first that it has. Subtitle
            files are `collected`, recognised speech is `recognized`.
        encoding: Codec of subtitle files; found from the bytes if empty.
    """

    tracks: tuple[str, ...] = Field(default=("collected", "recognized"), min_length=1)
    encoding: str = ""

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        if encoding:
            try:
                stated_encoding(encoding)
            except UsageError as error:
                raise ValueError(str(error)) from None
        return encoding
