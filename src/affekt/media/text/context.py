"""The context of a line: the turns before it, as one sequence of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from pydantic import Field, PositiveInt

from affekt.core.dialogues import Dialogue, earlier
from affekt.core.errors import ConfigError, MediaError
from affekt.core.notes import note
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.media.features import words_of
from affekt.media.text.clean import plain_words
from affekt.media.text.tokens import Tokenizer

_UNKNOWN_SHARE = 0.5  # of a line's tokens, from which an answer says so
_SHORTEST = 8  # tokens: begin, separator and a query leave room for a word
_NOBODY = "Speaker"  # the name of speakers who have none, in forms that need one


class ContextSettings(Settings):
    """Which earlier turns are read with a line, and how speakers are marked. Later turns are never read.

    Attributes:
        form: `lines` puts earlier turns before the line, each closed by the separator. `spcl` and `telme` are
            the published forms, token by token.
        turns: The most earlier turns; 0 reads the line alone. `telme` reads all, as far as `tokens` reach.
        tokens: Length of the whole input. Context is left out first, from its beginning: `spcl` leaves out
            whole turns, the other forms tokens. A line that is too long by itself loses its beginning, with
            a note.
        context_tokens: The most tokens of earlier turns, for `lines`.
        speakers: For `lines`: `names` writes `Name: ` before each turn, `tokens` the token of the speaker.
        speaker_tokens: Number of speaker tokens, `<s1>` onwards, numbered by first appearance in the
            dialogue. The last one stands for all further speakers. They are added to the tokenizer.
        query: For `lines`: close the input with `Name feels` and the mask token.
        published_numbers: For `telme`: number speakers as the published code does. The first turn
            has the number that its speaker had in the dialogue before it, and is forgotten after that. Needs
            whole dialogues in the order of the data: a conversation that is read line by line has neither.
    """

    form: Literal["lines", "spcl", "telme"] = "lines"
    turns: int = Field(default=5, ge=0)
    tokens: int = Field(default=128, ge=_SHORTEST)
    context_tokens: PositiveInt | None = None
    speakers: Literal["none", "names", "tokens"] = "names"
    speaker_tokens: int = Field(default=9, ge=1)
    query: bool = False
    published_numbers: bool = False

    @property
    def earlier_turns(self) -> int:
        """The most earlier turns that can influence the input."""
        if self.form == "telme":
            return self.tokens // 2  # a turn has a speaker token and one of a word, at least
        return min(self.turns, self.tokens)

    @property
    def added_tokens(self) -> tuple[str, ...]:
        """Tokens that the tokenizer needs for it."""
        if self.form == "telme" or (self.form == "lines" and self.speakers == "tokens"):
            return tuple(f"<s{number}>" for number in range(1, self.speaker_tokens + 1))
        return ()

    @property
    def needs_mask(self) -> bool:
        """Whether the input has a mask token."""
        return self.form != "lines" or self.query


class Window(NamedTuple):
    """A line with its context.

    Attributes:
        own: First and last + 1 place of the tokens of the line itself.
    """

    ids: list[int]
    own: tuple[int, int]


def window(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """The input of a line.

    Raises:
        MediaError: The line has no words, or its speaker's name leaves no room for them.
        ConfigError: The vocabulary lacks a mask token that the form needs.
    """
    words = _words(sample)
    if not words:
        raise MediaError("the line has no words")
    if settings.needs_mask and tokenizer.mask is None:
        raise ConfigError("recipe", ["config.context: it needs a mask token, and the vocabulary has none"])
    _note_unknown(tokenizer, words)
    forms = {"lines": _lines, "spcl": _spcl, "telme": _telme}
    found = forms[settings.form](sample, tokenizer, settings)
    if found.own[0] >= found.own[1]:
        raise MediaError(f"the speaker's name leaves no room for the line in {settings.tokens} tokens")
    return found


@lru_cache(maxsize=64)
def speaker_numbers(dialogue: Dialogue) -> dict[str, int]:
    """Number of each speaker, by first appearance in the dialogue, from 1."""
    return {name: number for number, name in enumerate(dialogue.speakers, start=1)}


def published_numbers(speakers: Sequence[str], previous: Sequence[str]) -> list[int]:
    """Numbers of the turns of a dialogue as the published TelME code gives them.

    Its list of speakers is emptied after the first turn of a dialogue, not before it.

    Args:
        speakers: Who speaks in each turn.
        previous: Who speaks in each turn of the dialogue before it in the data; empty for the first dialogue.

    Example:
        >>> published_numbers(["Ann", "Ben", "Ann"], ["Cas", "Ben", "Ann", "Ben"])
        [2, 1, 2]
    """
    known = list(dict.fromkeys(previous[1:])) if previous else []
    numbers: list[int] = []
    for place, name in enumerate(speakers):
        if name not in known:
            known.append(name)
        numbers.append(known.index(name) + 1)
        if place == 0 and previous:
            known = []
    return numbers


def _lines(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """`<cls> earlier turns, each closed by <sep>, line <sep>`, with the query before the last one."""

    def turn(one: Sample) -> tuple[int, ...]:
        if not one.speaker or settings.speakers == "none":
            return tokenizer.ids(_words(one))
        if settings.speakers == "names":
            name = tokenizer.ids(f"{one.speaker}:")
        else:
            token = tokenizer.id_of(_token(_number(sample, one, settings)))
            name = (tokenizer.unknown if token is None else token,)
        return (*name, *tokenizer.ids(f" {_words(one)}"))

    query = _query(sample, tokenizer) if settings.query else []
    line = _cut(turn(sample), settings.tokens - 2 - len(query))
    left = settings.tokens - 2 - len(query) - len(line)
    if settings.context_tokens is not None:
        left = min(left, settings.context_tokens)
    context = [
        number
        for one in earlier(sample, settings.turns)
        if _words(one)
        for number in (*turn(one), tokenizer.separator)
    ]
    context = context[max(0, len(context) - left) :]
    start, end = 1 + len(context), 1 + len(context) + len(line)
    return Window([tokenizer.begin, *context, *line, *query, tokenizer.separator], (start, end))


def _spcl(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """`<s>`, earlier turns and the line as `Name:text</s>`, `For utterance:`, the line again, the query."""

    def turn(one: Sample) -> tuple[int, ...]:
        return (*tokenizer.ids(f"{one.speaker or _NOBODY}:{_words(one)}"), tokenizer.separator)

    line = turn(sample)
    ending = [*_query(sample, tokenizer), tokenizer.separator]
    query = [*tokenizer.ids("For utterance:"), *line, *ending]
    turns = [turn(one) for one in earlier(sample, settings.turns) if _words(one)]
    turns.append(line)
    while len(turns) > 1 and 1 + sum(map(len, turns)) + len(query) > settings.tokens:
        turns.pop(0)
    ids = [tokenizer.begin, *(number for one in turns for number in one), *query]
    ids = ids[max(0, len(ids) - settings.tokens) :]
    end = len(ids) - len(ending) - 1
    start = end - len(line) + 1
    if start < 0:
        _note_cut(-start)
    return Window(ids, (max(0, start), end))


def _telme(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """`<s1> text <s2> text ... </s> Now <s2> feels <mask>`, cut from the left; no token before it."""
    assert tokenizer.mask is not None
    turns = [one for one in earlier(sample, settings.earlier_turns) if _words(one)]
    said = [part for one in turns for part in (_telme_speaker(sample, one, settings), f" {_words(one)} ")]
    speaker = _telme_speaker(sample, sample, settings)
    before = _mixed([*said, speaker], tokenizer, settings)
    line = tokenizer.ids(f" {_words(sample)} ")
    after = [tokenizer.separator, *_mixed([" Now ", speaker, " feels"], tokenizer, settings), tokenizer.mask]
    ids = [*before, *line, *after]
    kept = ids[max(0, len(ids) - settings.tokens) :]
    end = len(kept) - len(after)
    start = end - len(line)
    if start < 0:
        _note_cut(-start)
    return Window(kept, (max(0, start), end))


def _mixed(parts: list[str], tokenizer: Tokenizer, settings: ContextSettings) -> list[int]:
    """Ids of parts, of which those that equal a speaker token are that token."""
    special = set(settings.added_tokens)
    ids: list[int] = []
    plain = ""
    for part in parts:
        found = tokenizer.id_of(part) if part in special else None
        if found is None:
            plain += part
            continue
        ids += [*(tokenizer.ids(plain) if plain else ()), found]
        plain = ""
    return [*ids, *(tokenizer.ids(plain) if plain else ())]


def _query(sample: Sample, tokenizer: Tokenizer) -> list[int]:
    """`Name feels` and the mask token, which the published vocabulary reads together with the space."""
    assert tokenizer.mask is not None
    return [*tokenizer.ids(f"{sample.speaker or _NOBODY} feels"), tokenizer.mask]


def _token(number: int) -> str:
    return f"<s{number}>"


def _number(sample: Sample, turn: Sample, settings: ContextSettings) -> int:
    """Number of a turn's speaker in the dialogue; the last token stands for all further ones."""
    known = speaker_numbers(sample.around) if sample.around else {}
    if known and not turn.speaker:
        note("a turn states no speaker: it is read as one of the first speaker")
    return min(known.get(turn.speaker or "", 1), settings.speaker_tokens)


def _telme_speaker(sample: Sample, turn: Sample, settings: ContextSettings) -> str:
    if settings.published_numbers and sample.around is not None:
        numbers = _published_numbers(sample.around)
        return _token(numbers[sample.around.place(turn)])  # above the added tokens: plain text, as there
    return _token(_number(sample, turn, settings))


@lru_cache(maxsize=64)
def _published_numbers(dialogue: Dialogue) -> list[int]:
    return published_numbers([one.speaker or _NOBODY for one in dialogue.turns], dialogue.previous)


def _words(sample: Sample) -> str:
    # One form of punctuation, as data sets have it: users type and paste both.
    return plain_words(words_of(sample.media.get("text")))


def _cut(ids: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The last tokens of a line."""
    if len(ids) <= most:
        return ids
    _note_cut(len(ids) - most)
    return ids[max(0, len(ids) - most) :] if most > 0 else ()


def _note_cut(left_out: int) -> None:
    note(f"the line is too long: its first {left_out} tokens are left out")


def _note_unknown(tokenizer: Tokenizer, words: str) -> None:
    ids = tokenizer.ids(words)
    if not ids:
        raise MediaError("the line has no tokens: the tokenizer drops all its characters")
    unknown = sum(number == tokenizer.unknown for number in ids)
    if unknown > _UNKNOWN_SHARE * len(ids):
        note(f"{unknown} of {len(ids)} tokens of the line are unknown to the network's vocabulary")
