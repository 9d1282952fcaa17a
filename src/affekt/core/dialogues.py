"""Dialogues: the turns around a sample, for preprocessing that reads more than the sample itself."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, TypeVar, runtime_checkable

from affekt.core.errors import DataError
from affekt.core.sample import Sample

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Dialogue:
    """All turns of a dialogue, shared by its samples.

    Attributes:
        name: As the samples state it in `Sample.dialogue`.
        turns: In order, annotated or not. These samples are not linked themselves: their `around` is None.
            Where a conversation is read line by line, only as many as preprocessing reads (`ReadsDialogue`).
        earlier_speakers: Who spoke before the first of `turns`, in order of appearance; empty if `turns` are
            complete.
        previous: Who speaks in each turn of the dialogue before it in the data, which some published code
            reads by mistake; empty for the first one.
    """

    name: str
    turns: tuple[Sample, ...] = field(repr=False)
    earlier_speakers: tuple[str, ...] = ()
    previous: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in order of first appearance; turns without a speaker are left out."""
        found = (turn.speaker for turn in self.turns if turn.speaker is not None)
        return tuple(dict.fromkeys((*self.earlier_speakers, *found)))

    def place(self, sample: Sample) -> int:
        """Number of a sample's turn among all turns, from 0."""
        return self._places[sample.turn]

    @cached_property
    def _places(self) -> dict[int | None, int]:
        # Looked up once for each turn of a dialogue of any length.
        return {turn.turn: number for number, turn in enumerate(self.turns)}

    def others(self, sample: Sample) -> tuple[Sample, ...]:
        """All turns but the sample's own."""
        return tuple(turn for turn in self.turns if turn.turn != sample.turn)


@runtime_checkable
class ReadsDialogue(Protocol):
    """Preprocessing that reads the turns before a sample.

    Attributes:
        earlier_turns: The most of them that it reads; 0 for the sample's own words alone.
    """

    earlier_turns: int


def earlier(sample: Sample, count: int) -> tuple[Sample, ...]:
    """Up to `count` turns directly before a sample, in order; none if it is not linked to a dialogue."""
    if sample.around is None:
        return ()
    place = sample.around.place(sample)
    return sample.around.turns[max(0, place - count) : place]


def later(sample: Sample, count: int) -> tuple[Sample, ...]:
    """Up to `count` turns directly after a sample, in order; none if it is not linked to a dialogue."""
    if sample.around is None:
        return ()
    place = sample.around.place(sample)
    return sample.around.turns[place + 1 : place + 1 + count]


class RunningDialogue:
    """A dialogue that is read turn by turn: each turn is linked to those before it, as many as are kept.

    Memory and time of a turn do not grow with the dialogue.

    Args:
        name: Of the dialogue.
        keep: Number of earlier turns that preprocessing reads (`ReadsDialogue.earlier_turns`).

    Example:
        >>> talk = RunningDialogue("d", keep=1)
        >>> turns = [talk.link(Sample(words, {"text": words})) for words in ("well?", "yes", "so")]
        >>> turns[2].turn, [turn.id for turn in earlier(turns[2], 5)]
        (3, ['yes'])
    """

    def __init__(self, name: str, *, keep: int) -> None:
        self.name, self._keep = name, keep
        self._turns: deque[Sample] = deque()
        self._left: dict[str, None] = {}  # who spoke before the turns that are kept, in order
        self.last_turn = 0

    @property
    def is_new(self) -> bool:
        """Whether no turn was linked."""
        return not self._turns

    def link(self, sample: Sample) -> Sample:
        """The next turn, with the turns before it, in the order in which they come.

        Its number is the one after the highest so far if it has none. Numbers need not rise.

        Raises:
            DataError: It states the number of another turn that is kept.
        """
        number = self.last_turn + 1 if sample.turn is None else sample.turn
        if any(turn.turn == number for turn in self._turns):
            raise DataError(f"turn {number} of dialogue {self.name!r} comes twice")
        while len(self._turns) > self._keep:
            left = self._turns.popleft()
            if left.speaker is not None:
                self._left.setdefault(left.speaker)
        sample = replace(sample, dialogue=self.name, turn=number, around=None)
        self.last_turn = number if self.is_new else max(self.last_turn, number)
        self._turns.append(sample)
        return replace(sample, around=Dialogue(self.name, tuple(self._turns), tuple(self._left)))


def words_around(sample: Sample) -> list[tuple[int, str]]:
    """Number and words of the other turns of a sample's dialogue; empty where none has words."""
    turns = sample.around.others(sample) if sample.around else ()
    words = [(turn.turn or 0, turn.media.get("text")) for turn in turns]
    return [(number, text) for number, text in words if isinstance(text, str)]


def link_dialogues(items: Iterable[Item]) -> list[Item]:
    """The same samples, each with the turns around it.

    Samples without a dialogue, samples that are linked already, and items that are not samples stay as they
    are.

    Raises:
        DataError: Two turns of a dialogue have the same number, or one of several has none.

    Example:
        >>> ask = Sample("ask", {"text": "well?"}, dialogue="d", turn=0)
        >>> answer = Sample("answer", {"text": "yes"}, dialogue="d", turn=1)
        >>> [turn.id for turn in earlier(link_dialogues([answer, ask])[0], 2)]
        ['ask']
    """
    items = list(items)
    turns: dict[str, list[Sample]] = defaultdict(list)
    for item in items:
        if isinstance(item, Sample) and item.dialogue is not None and item.around is None:
            turns[item.dialogue].append(item)
    dialogues: dict[str, Dialogue] = {}
    previous: tuple[str, ...] = ()
    for name, members in turns.items():
        dialogues[name] = replace(_dialogue(name, members), previous=previous)
        previous = tuple(turn.speaker or "" for turn in dialogues[name].turns)
    linked: list[Item] = []
    for item in items:
        if isinstance(item, Sample) and item.dialogue is not None and item.around is None:
            linked.append(replace(item, around=dialogues[item.dialogue]))
        else:
            linked.append(item)
    return linked


def _dialogue(name: str, members: list[Sample]) -> Dialogue:
    counts = Counter(sample.turn for sample in members)
    if None in counts and len(members) > 1:
        unnumbered = next(sample.id for sample in members if sample.turn is None)
        raise DataError(f"dialogue {name!r} has {len(members)} samples, and {unnumbered} states no turn")
    repeated = [sample.id for sample in members if counts[sample.turn] > 1]
    if repeated:
        raise DataError(f"dialogue {name!r} has turns of the same number: {', '.join(repeated[:5])}")
    return Dialogue(name, tuple(sorted(members, key=lambda sample: sample.turn or 0)))
