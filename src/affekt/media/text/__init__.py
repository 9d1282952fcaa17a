"""Text: bytes to lines of words, and words to tokens."""

from affekt.media.text.line import Line
from affekt.media.text.read import SUFFIXES, read_lines
from affekt.media.text.speakers import LineByLine
from affekt.media.text.stream import FORMATS, LineDecoder, read_stream
from affekt.media.text.transcript import one_turn
from affekt.media.text.words import Text

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Line",
    "LineByLine",
    "LineDecoder",
    "Text",
    "one_turn",
    "read_lines",
    "read_stream",
]
