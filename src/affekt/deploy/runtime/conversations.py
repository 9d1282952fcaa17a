"""Lines of a file, a stream or a person to samples, each linked to the turns before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from affekt.core.dialogues import RunningDialogue
from affekt.core.errors import MediaError
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.media.files import has_suffix
from affekt.media.text import Line, LineByLine, one_turn, read_lines
from affekt.media.text.read import SORTED as SUBTITLES

# Dialogues of a file whose last turns are kept, in case that further turns follow. Files with more of them at
# the same time exist only if their rows are shuffled.
MAX_RUNNING = 1000
RESULT = ".affekt"  # before the suffix of subtitles that are results, not words to be answered


class _Numbers:
    """Whole numbers that were used, as ranges: counted turns of any number need the memory of one."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []  # not included

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._starts, number) - 1
        return place >= 0 and number < self._stops[place]

    def __bool__(self) -> bool:
        return bool(self._stops)

    @property
    def highest(self) -> int:
        return self._stops[-1] - 1 if self._stops else 0

    def add(self, number: int) -> None:
        if number in self:
            return
        place = bisect_right(self._starts, number)
        follows = place > 0 and self._stops[place - 1] == number
        precedes = place < len(self._starts) and self._starts[place] == number + 1
        if follows and precedes:
            self._stops[place - 1] = self._stops.pop(place)
            del self._starts[place]
        elif follows:
            self._stops[place - 1] = number + 1
        elif precedes:
            self._starts[place] = number
        else:
            self._starts.insert(place, number)
            self._stops.insert(place, number + 1)


class Conversation:
    """Turns of one or more dialogues, in the order in which they come.

    Args:
        name: Of the file or stream: the beginning of ids, and the dialogue of lines that state none.
        keep: Number of earlier turns that preprocessing reads.
        media: Sound and picture of the whole conversation by modality, files or indexed videos, such as the
            film that subtitles belong to. A line has the part of them that its times state; one without
            times has its words alone.

    A dialogue is the lines of a file, or those of a `dialogue` that the file states. Turns are numbered from
    1 where the file does not number them. The context of a line is in the order of the file; a number that
    does not rise is kept, with a note. A line whose number was used before is skipped, so that dialogue and
    turn always name one answer.
    """

    def __init__(self, name: str, *, keep: int, media: Mapping[str, Any] | None = None) -> None:
        self.name, self._keep, self._media = name, keep, dict(media or {})
        self._running: dict[str, RunningDialogue] = {}  # the one used last is the last one
        self._ended: set[str] = set()
        self._numbers: dict[str, _Numbers] = {}
        self._last: tuple[int, int] = (0, 0)  # line of the file, and how many turns began there

    def sample(self, line: Line) -> Sample | Skipped:
        """The sample of a line, linked to the turns before it; `Skipped` if its turn was there before."""
        notes = list(line.notes)
        name = line.dialogue or self.name
        dialogue = self._dialogue(name, notes)
        turn = line.turn
        numbers = self._numbers.setdefault(name, _Numbers())
        if turn is not None and turn in numbers:
            return Skipped(
                f"{self.name}:{line.number}",
                f"turn {turn} of dialogue {name!r} was there before: number the turns of a dialogue once, or "
                "name the column that tells dialogues apart `dialogue`",
            )
        if turn is not None and numbers and turn < numbers.highest:
            notes.append(
                f"its turn {turn} comes after turn {numbers.highest} in the file: its context is in the "
                "order of the file"
            )
        if turn is None:
            turn = numbers.highest + 1
        numbers.add(turn)
        if self._media and line.span_s is None:
            notes.append(f"it has no times: answered without its {' and '.join(self._media)}")
        before, count = self._last
        self._last = (line.number, count + 1 if line.number == before else 1)
        place = f"{line.number}/{self._last[1]}" if self._last[1] > 1 else f"{line.number}"
        sample = Sample(
            id=f"{self.name}:{place}",
            media={"text": line.text, **(self._media if line.span_s is not None else {})},
            label=line.label,
            span_s=line.span_s,
            turn=turn,
            speaker=line.speaker,
            facts={"path": self.name, **({"notes": tuple(notes)} if notes else {})},
        )
        return dialogue.link(sample)

    def start_again(self) -> None:
        """Forget all turns: the next one begins a dialogue."""
        self._running.clear()
        self._ended.clear()
        self._numbers.clear()

    def _dialogue(self, name: str, notes: list[str]) -> RunningDialogue:
        found = self._running.pop(name, None)
        if found is None:
            found = RunningDialogue(name, keep=self._keep)
            if name in self._ended and self._keep:
                notes.append(
                    f"more than {MAX_RUNNING} dialogues lie between it and the turn before: answered without "
                    "its context; sort the rows by dialogue"
                )
        self._running[name] = found
        if len(self._running) > MAX_RUNNING:
            oldest = next(iter(self._running))
            del self._running[oldest]
            self._ended.add(oldest)
        return found


def earlier_turns_of(preprocess: Preprocess) -> int:
    """Number of earlier turns that preprocessing reads (`affekt.core.dialogues.ReadsDialogue`)."""
    return getattr(preprocess, "earlier_turns", 0)


def linked(
    items: Iterable[Line | Skipped], name: str, *, keep: int, media: Mapping[str, Any] | None = None
) -> Iterator[Sample | Skipped]:
    """Lines as samples of one conversation, as they come; `media` as in `Conversation`."""
    conversation = Conversation(name, keep=keep, media=media)
    for item in items:
        yield conversation.sample(item) if isinstance(item, Line) else item


def file_samples(
    path: Path, *, keep: int, encoding: str | None = None, media: Mapping[str, Any] | None = None
) -> Iterator[Sample | Skipped]:
    """The lines of a file as samples; a file that cannot be read, or breaks, is `Skipped` with its reason.

    Args:
        media: As in `Conversation`.
    """
    try:
        yield from linked(read_lines(path, encoding=encoding), str(path), keep=keep, media=media)
    except MediaError as error:
        yield Skipped(str(path), str(error))


def film_samples(
    film: Path,
    subtitles: Path | None = None,
    *,
    keep: int,
    encoding: str | None = None,
    media: Mapping[str, Any] | None = None,
) -> Iterator[Sample | Skipped]:
    """A film as one dialogue: the lines of its subtitles, each with its part of picture and sound.

    Args:
        subtitles: Those beside the film if not given: `film.srt` or `film.vtt` of `film.mp4`, or one that
            states a language, such as `film.en.srt`. A film without any is `Skipped`.
        media: As in `Conversation`; the film as video if not given.
    """
    subtitles = subtitles or subtitles_of(film)
    if subtitles is None:
        yield Skipped(
            str(film), f"no subtitles lie beside it ({film.stem}.srt or {film.stem}.vtt): give them"
        )
        return
    yield from file_samples(subtitles, keep=keep, encoding=encoding, media=media or {"video": film})


def subtitles_of(film: Path) -> Path | None:
    """The file of subtitles beside a film; of several languages the first by name, without one first.

    Results that are named `film.affekt.srt` are not taken.
    """
    wanted = [f"{film.stem}{end}" for end in SUBTITLES]
    beside = {path.name: path for path in sorted(film.parent.iterdir()) if has_suffix(path, SUBTITLES)}
    if plain := [beside[name] for name in wanted if name in beside]:
        return plain[0]
    stated = [path for path in beside.values() if is_subtitles_of(path, film)]
    return stated[0] if stated else None


def is_subtitles_of(path: Path, film: Path) -> bool:
    """Whether a file beside a film has the name of its subtitles, such as `film.srt` or `film.en.vtt`."""
    if not has_suffix(path, SUBTITLES):
        return False
    return path.stem == film.stem or (Path(path.stem).stem == film.stem and not is_result(path))


def is_result(path: Path) -> bool:
    """Whether a file holds subtitles that are results, by its name, such as `film.affekt.srt`."""
    return has_suffix(path, SUBTITLES) and Path(path.stem).suffix == RESULT


def words_samples(texts: Iterable[str], name: str, *, keep: int) -> Iterator[Sample | Skipped]:
    """Turns of one dialogue that a person states, `Name: words` or words alone."""
    conversation, names = Conversation(name, keep=keep), LineByLine()
    for number, text in enumerate(texts, start=1):
        line = one_turn(text, number, name, names)
        yield conversation.sample(line) if isinstance(line, Line) else line
