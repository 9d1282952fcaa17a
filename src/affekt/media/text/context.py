"""The context of a line: the turns before it, as one sequence of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field, PositiveInt

from affekt.core.dialogues import Dialogue, earlier
from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.media.text.clean import plain_words
from affekt.media.text.tokens import Tokenizer

_UNKNOWN_SHARE = 0.5  # of a line's tokens, from which an answer says so


class ContextSettings(Settings):
    """Which earlier turns are read with a line, and how speakers are marked. Later turns are never read.

    Attributes:
        form: `lines` puts earlier turns before the line, each closed by the separator. `spcl` and `telme` are
            the published forms, token by token.
        turns: The most earlier turns; 0 reads the line alone. `telme` reads all, as far as `tokens` reach.
        tokens: Length of the whole input. Context is left out first, from the oldest turn; a line that
            is longer by itself loses its beginning, with a note.
        context_tokens: The most tokens of earlier turns, for `lines`.
        speakers: For `lines`: `names` writes `Name: ` before each turn, `tokens` the token of the speaker.
        speaker_tokens: Number of speaker tokens, `<s1>` onwards, numbered by first appearance in the
            dialogue. The last one stands for all further speakers. They are added to the tokenizer.
        query: For `lines`: close the input with `Name feels` and the mask token.
        published_numbers: For `telme`: number speakers as the published code does. The first turn
            has the number that its speaker had in the dialogue before it, and is forgotten after that.
    """

    form: Literal["lines", "spcl", "telme"] = "lines"
    turns: int = Field(default=5, ge=0)
    tokens: PositiveInt = 128
    context_tokens: PositiveInt | None = None
    speakers: Literal["none", "names", "tokens"] = "names"
    speaker_tokens: int = Field(default=9, ge=1)
    query: bool = False
    published_numbers: bool = False

    @property
    def earlier_turns(self) -> int:
        """The most turns that can influence the input."""
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
        MediaError: The line has no words, or the vocabulary lacks a mask token that the form needs.
    """
    words = _words(sample)
    if not words:
        raise MediaError("the line has no words")
    if settings.needs_mask and tokenizer.mask is None:
        raise MediaError(f"the form {settings.form!r} needs a mask token, and the vocabulary has none")
    _note_unknown(tokenizer, words)
    forms = {"lines": _lines, "spcl": _spcl, "telme": _telme}
    return forms[settings.form](sample, tokenizer, settings)


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

    def turn(one: Sample) -> list[int]:
        words = _words(one)
        if settings.speakers == "names" and one.speaker:
            return [*tokenizer.ids(f"{one.speaker}: "), *tokenizer.ids(words)]
        if settings.speakers == "tokens" and one.speaker:
            return [_speaker_token(sample, one.speaker, tokenizer, settings), *tokenizer.ids(words)]
        return list(tokenizer.ids(words))

    query: list[int] = []
    if settings.query and tokenizer.mask is not None:
        query = [*tokenizer.ids(f" {sample.speaker or 'Speaker'} feels "), tokenizer.mask]
    line = _cut_own(turn(sample), settings.tokens - 2 - len(query))
    context = [
        number
        for one in earlier(sample, settings.turns)
        if _words(one)
        for number in (*turn(one), tokenizer.separator)
    ]
    left = settings.tokens - 2 - len(query) - len(line)
    if settings.context_tokens is not None:
        left = min(left, settings.context_tokens)
    context = context[len(context) - left :] if left < len(context) else context
    start = 1 + len(context)
    ids = [tokenizer.begin, *context, *line, *query, tokenizer.separator]
    return Window(ids, (start, start + len(line)))


def _spcl(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """`<s>`, earlier turns and the line as `Name:text</s>`, `For utterance:`, the line again, the query."""

    def turn(one: Sample) -> list[int]:
        return [*tokenizer.ids(f"{one.speaker or 'Speaker'}:{_words(one)}"), tokenizer.separator]

    assert tokenizer.mask is not None
    line = turn(sample)
    query = [
        *tokenizer.ids("For utterance:"),
        *line,
        *tokenizer.ids(f"{sample.speaker or 'Speaker'} feels "),
        tokenizer.mask,
        tokenizer.separator,
    ]
    turns = [turn(one) for one in earlier(sample, settings.turns) if _words(one)]
    turns.append(line)
    while len(turns) > 1 and 1 + sum(map(len, turns)) + len(query) > settings.tokens:
        turns.pop(0)
    ids = [tokenizer.begin, *(number for one in turns for number in one), *query]
    if len(ids) > settings.tokens:
        _note_cut(len(ids) - settings.tokens)
        ids = ids[-settings.tokens :]
    end = len(ids) - len(query) + len(tokenizer.ids("For utterance:")) + len(line) - 1
    return Window(ids, (max(0, end - len(line) + 1), end))


def _telme(sample: Sample, tokenizer: Tokenizer, settings: ContextSettings) -> Window:
    """`<s1> text <s2> text ... </s> Now <s2> feels <mask>`, cut from the left; no token before it."""
    assert tokenizer.mask is not None
    turns = [one for one in earlier(sample, settings.earlier_turns) if _words(one)]
    turns.append(sample)
    tokens = [_telme_speaker(sample, one, settings) for one in turns]
    words = [tokenizer.without_special(_words(one)) for one in turns]
    said = " ".join(f"{token} {text}" for token, text in zip(tokens, words, strict=True))
    ids = tokenizer.marked_ids(f"{said} {tokenizer.special.separator} Now {tokens[-1]} feels")
    kept = [*ids[-(settings.tokens - 1) :], tokenizer.mask]
    # The end of the line: the separator that closes it, which is the last one.
    end = max((place for place, number in enumerate(kept) if number == tokenizer.separator), default=0)
    own = len(tokenizer.ids(_words(sample)))
    if own > end:
        _note_cut(own - end)
    return Window(kept, (max(0, end - own), end))


def _speaker_token(sample: Sample, speaker: str, tokenizer: Tokenizer, settings: ContextSettings) -> int:
    known = speaker_numbers(sample.around) if sample.around else {}
    number = min(known.get(speaker, 1), settings.speaker_tokens)
    found = tokenizer.id_of(f"<s{number}>")
    return tokenizer.unknown if found is None else found


def _telme_speaker(sample: Sample, turn: Sample, settings: ContextSettings) -> str:
    speaker = turn.speaker or "Speaker"
    if sample.around is None:
        return "<s1>"
    if settings.published_numbers:
        around = sample.around
        numbers = published_numbers([one.speaker or "Speaker" for one in around.turns], around.previous)
        return f"<s{numbers[around.place(turn)]}>"  # numbers above the added tokens are plain text, as there
    return f"<s{min(speaker_numbers(sample.around).get(speaker, 1), settings.speaker_tokens)}>"


def _words(sample: Sample) -> str:
    # One form of punctuation, as data sets have it: users type and paste both.
    words = sample.media.get("text")
    return plain_words(words) if isinstance(words, str) else ""


def _cut_own(ids: list[int], most: int) -> list[int]:
    if len(ids) <= most:
        return ids
    _note_cut(len(ids) - most)
    return ids[len(ids) - most :]


def _note_cut(left_out: int) -> None:
    note(f"the line is too long: its first {left_out} tokens are left out")


def _note_unknown(tokenizer: Tokenizer, words: str) -> None:
    ids = tokenizer.ids(words)
    unknown = sum(number == tokenizer.unknown for number in ids)
    if not ids:
        raise MediaError("the line has no tokens: the tokenizer drops all its characters")
    if unknown > _UNKNOWN_SHARE * len(ids):
        note(f"{unknown} of {len(ids)} tokens of the line are unknown to the network's vocabulary")
