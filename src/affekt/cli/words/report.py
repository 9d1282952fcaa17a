"""What is said about lines when their answers are done: counts, notes, skipped lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from affekt.cli.show import say
from affekt.core.answers.prediction import Prediction
from affekt.core.answers.skip_reasons import SkipReasons
from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.core.wording import counted

_NUMBER = re.compile(r"\d+")
_MAX_SAID = 20  # skipped lines and notes that are printed one by one


class Report:
    """Counts answers, notes and skipped lines; memory does not grow with the number of lines.

    Args:
        live: Lines come one by one: a skipped one is reported at once.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self.predicted = self._skipped = 0
        # First id, note and count, by the note without its numbers: notes that differ in them are one line.
        self._notes: dict[str, tuple[str, str, int]] = {}
        self._more_notes = 0
        self._first: Skipped | None = None
        self._waits = False
        self._reasons, self._said, self._unsaid = SkipReasons(), 0, 0
        self._kinds: Counter[str] = Counter()
        self._examples: dict[str, Skipped] = {}

    def add(self, answer: Prediction | Skipped) -> None:
        if isinstance(answer, Skipped):
            self._skip(answer)
            return
        self._say_first()
        self.predicted += 1
        for note in answer.notes:
            kind = _NUMBER.sub("#", note)
            if kind in self._notes or len(self._notes) < _MAX_SAID:
                first, text, count = self._notes.get(kind, (answer.id, note, 0))
                self._notes[kind] = first, text, count + 1
            else:
                self._more_notes += 1

    def _skip(self, item: Skipped) -> None:
        if self._first is None and not self._live:
            # Said later: if nothing else comes, it is the error.
            self._first, self._waits = item, not item.kind
            if self._waits:
                self._said += int(self._reasons.add(item))
        else:
            self._say_first()
            # Of equal reasons the first is printed, the others are counted.
            is_new = not item.kind and self._reasons.add(item)
            if self._live or (is_new and self._said < _MAX_SAID):
                self._said += 1
                say(f"skipped {item}")
            elif is_new:
                self._unsaid += 1
        if item.kind:
            self._kinds[item.kind] += 1
            self._examples.setdefault(item.kind, item)
        else:
            self._skipped += 1

    def _say_first(self) -> None:
        if self._waits:
            self._waits = False
            say(f"skipped {self._first}")

    def check(self, left_out: str) -> None:
        """Raise if there is no answer.

        Raises:
            MediaError: With the reason, if there is a single one.
        """
        if self.predicted:
            return
        skipped = self._skipped + self._kinds.total()
        if skipped == 1 and self._first:
            raise MediaError("; ".join([str(self._first), *([left_out] if left_out else [])]))
        for text in self.lines():
            say(text)
        raise MediaError("none of the lines could be used" if skipped else "there are no lines with words")

    def lines(self) -> Iterator[str]:
        """What to tell about the lines."""
        for first, note, count in self._notes.values():
            yield f"{first}: {note}{f' ({count - 1} more with such a note)' if count > 1 else ''}"
        if self._more_notes:
            yield f"{counted(self._more_notes, 'further note')}: write .csv, .json or .jsonl to have them all"
        if not self._live:
            yield from self._reasons.further()
        if self._unsaid:
            yield f"skipped {counted(self._unsaid, 'more line')} for other reasons"
        for kind, count in self._kinds.most_common():
            yield f"not answered: {kind} {count}, such as {self._examples[kind]}"
        if self._skipped or self._kinds:
            yield f"{self.predicted} predicted, {self._skipped + self._kinds.total()} skipped"
