"""Parts of sentences about results, and text that HTML and XML can hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from affekt.core.wording import count as count
from affekt.core.wording import counted as counted

SHOWN = 3  # examples in a sentence
UNASSIGNED = "unassigned"  # samples without a split

# Characters that neither XML nor HTML can hold: control characters except tab and line ends, and surrogates,
# which Python uses for undecodable bytes in the names of files.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def some(names: Sequence[str]) -> str:
    """The first few names, and the number of the others."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def printable(text: object) -> str:
    """Text with replacements for characters that XML and HTML cannot hold; names of files may contain them.

    Example:
        >>> printable("clip" + chr(7) + chr(0xDCFF) + ".mp4")
        'clip��.mp4'
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(text))
