"""What a person may vary."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from affekt.core.settings import Settings


class TinyDialogueConfig(Settings):
    """A mean of word embeddings and three numbers of the sound.

    Attributes:
        vocabulary: Ids of words, padding and the unknown word included.
        width: Size of an embedding.
        freeze_words: Keep the embeddings as they are drawn, so that they can be cached.
        earlier: Turns before the sample's own that are read, too.
    """

    num_classes: int = Field(default=2, ge=2)
    vocabulary: int = Field(default=64, ge=3)
    width: PositiveInt = 8
    freeze_words: bool = False
    earlier: int = Field(default=2, ge=0)
