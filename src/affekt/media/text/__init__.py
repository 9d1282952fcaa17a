"""Text: bytes to lines of words, and words to tokens."""

from affekt.media.text.line import Line
from affekt.media.text.read import SUFFIXES, read_lines, read_stream
from affekt.media.text.transcript import one_turn
from affekt.media.text.words import Text

__all__ = ["SUFFIXES", "Line", "Text", "one_turn", "read_lines", "read_stream"]
