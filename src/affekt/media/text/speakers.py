"""Names of speakers before their words: `Joey: How are you?`.

A name is up to four words and 40 characters, begins with a letter, and is followed by a colon and a space; by
a colon alone where a letter follows (`Bob:Hi`), or by a full-width colon. Each of its words begins with a
capital, a digit or a letter of a script without capitals, or is a particle such as `de`; a single word before
a colon and a space may be in small letters. It may stand in brackets or markup (`[Bob]: hi`,
`<b>Bob</b>: hi`). A remark in brackets after it, as in `Joey (laughing): hi`, is dropped. So `http://...`,
`12:30` and `he said that: no` hold no name, nor do words that often open a sentence, such as `Note:` or
`Well:`.

A colon alone does not make a speaker: in a file, at least 80 % of the lines must begin with a name; else all
lines are words as they are. Where each line is read before the next one is there, see `LineByLine`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Split = Callable[[str], tuple[str | None, str]]

CONSISTENT = 0.8  # share of the lines of a file that must begin with a name
_MAX_NAME, _MAX_WORDS, _MAX_SURE_WORDS, _MAX_UNSPACED = 40, 4, 3, 4
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_SAYS = "\u8bf4\u8aaa\u8aac\u9053\u95ee\u554f"
_WITHIN = r"[^\n:\N{FULLWIDTH COLON}()\[\]<>\"?!,;/\\*\u3010\u3011]"  # characters of a name
_MARKUP = r"(?:</?[A-Za-z]{1,10}>|\*){0,4}"
_PREFIX = re.compile(
    rf"{_MARKUP}(?P<open>[\[\u3010])?\s*(?P<name>[^\W\d_]{_WITHIN}{{0,60}}?)\s*(?(open)[\]\u3011]){_MARKUP}"
    r"\s*(?:[(\[][^()\[\]\n]{0,60}[)\]]\s*)?"
    rf"(?P<colon>:{_MARKUP}(?=\s|$)|:(?=[^\W\d_])|\uff1a)\s*(?P<words>.*)",
    re.DOTALL,
)
_PARTICLES = frozenset({
    "and", "of", "the", "de", "del", "della", "da", "di", "du", "la", "le", "van", "von", "der", "den", "el",
    "al", "bin", "y", "e", "und", "et",
})  # fmt: skip
# What stands before a colon in writing and is no name.
_NO_NAMES = frozenset({
    "actually", "also", "anyway", "attention", "bonus", "btw", "but", "caution", "cc", "conclusion", "date",
    "debug", "edit", "error", "example", "fact", "finally", "first", "frankly", "from", "fw", "fwd", "fyi",
    "hint", "honestly", "http", "https", "imho", "imo", "important", "info", "listen", "look", "nb", "no",
    "note", "notes", "now", "ok", "okay", "p.s.", "plus", "ps", "re", "remember", "reminder", "result",
    "second", "seriously", "so", "spoiler", "still", "subject", "summary", "then", "time", "tip", "to",
    "todo", "update", "wait", "warning", "well", "yes",
})  # fmt: skip


def split_name(text: str) -> tuple[str | None, str]:
    """The name before the words, and the words; (None, the text) if there is no name.

    Example:
        >>> split_name("Dr. Green (smiling): Well, 12:30."), split_name("12:30 is late")
        (('Dr. Green', 'Well, 12:30.'), (None, '12:30 is late'))
    """
    found = _PREFIX.match(text)
    if found is None:
        return None, text
    name = found["name"]
    if not _is_name(name) or (found["colon"] == ":" and _glued(text, found) and name[0].islower()):
        return None, text
    return name, found["words"].strip()


def split_sure(text: str) -> tuple[str | None, str]:
    """As `split_name`, for names that a single line shows: at most three words, and not in small letters.

    Of scripts without spaces, such as Chinese, at most four characters, and no verb of saying at the end.
    """
    name, words = split_name(text)
    if name is None or name[0].islower() or len(name.split()) > _MAX_SURE_WORDS:
        return None, text
    if _UNSPACED.search(name) and (len(name) > _MAX_UNSPACED or name[-1] in _SAYS):
        return None, text
    return name, words


def split_capitals(text: str) -> tuple[str | None, str]:
    """As `split_name`, for names in capitals alone, as subtitles for the hard of hearing write them.

    A name in brackets before a colon may have small letters.
    """
    name, words = split_name(text)
    in_brackets = text.lstrip().startswith(("[", "\u3010"))
    if name is None or (not in_brackets and (not name.isupper() or sum(map(str.isalpha, name)) < 2)):
        return None, text
    return name, words


def are_named(texts: Iterable[str]) -> bool:
    """Whether the lines of a file begin with names of speakers."""
    found = [split_name(text)[0] is not None for text in texts]
    return bool(found) and sum(found) >= CONSISTENT * len(found)


class LineByLine:
    """Names where each line is answered before the next one is there: a stream, a chat, stated words.

    A name counts at once if the line shows it (`split_sure`); any other one, such as one in small letters,
    when it comes again.

    Example:
        >>> lines = LineByLine()
        >>> [lines.split(text)[0] for text in ("Ann: hi", "Well: no", "ben: ah", "ben: oh")]
        ['Ann', None, None, 'ben']
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._used: set[str] = set()

    def split(self, text: str) -> tuple[str | None, str, tuple[str, ...]]:
        """The name, the words, and a note where the name counts for the first time."""
        name, words = split_name(text)
        if name is None:
            return None, text, ()
        is_sure = split_sure(text)[0] is not None or name in self._seen
        self._seen.add(name)
        if not is_sure:
            return None, text, ()
        if name in self._used:
            return name, words, ()
        self._used.add(name)
        return name, words, (f"{name!r} before the colon is read as the name of its speaker",)


def _glued(text: str, found: re.Match[str]) -> bool:
    """Whether words follow the colon without a space."""
    place = found.end("colon")
    return place < len(text) and not text[place].isspace()


def _is_name(name: str) -> bool:
    words = name.split()
    if len(name) > _MAX_NAME or len(words) > _MAX_WORDS or name.casefold() in _NO_NAMES:
        return False
    return len(words) == 1 or all(not word[0].islower() or word.casefold() in _PARTICLES for word in words)
