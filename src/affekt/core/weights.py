"""Names of a reference checkpoint and names of ours, both ways, every key accounted for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from affekt.core.errors import AffektError

_PLACEHOLDER = re.compile(r"\{(?:(?P<name>[a-z])(?P<shift>[+-]\d+)?)?\}")


class Sorted(NamedTuple):
    """Keys of a foreign file, each in one place.

    Attributes:
        ours: Reference key to our key.
        dropped: Keys that ours has no use for.
        unknown: Keys that fit no rule.
    """

    ours: dict[str, str]
    dropped: list[str]
    unknown: list[str]


class KeyMap:
    """Rules that rename keys.

    A pattern holds at most one `{}` (any rest of the key) and whole numbers `{i}`; `{i+1}` on one side
    stands for a count that starts one higher there.

    Example:
        >>> names = KeyMap((("l{i+1}.conv.{}", "blocks.{i}.convolution.{}"), ("fc.{}", "head.{}")))
        >>> names.to_ours(["l1.conv.weight", "fc.bias"])
        {'l1.conv.weight': 'blocks.0.convolution.weight', 'fc.bias': 'head.bias'}
        >>> names.to_theirs(["blocks.4.convolution.bias"])
        {'blocks.4.convolution.bias': 'l5.conv.bias'}
    """

    def __init__(self, rules: Sequence[tuple[str, str]], *, dropped: Sequence[str] = ()) -> None:
        """Args:
        rules: Pairs (theirs, ours).
        dropped: Patterns of reference keys that ours has no use for (dead parameters).
        """
        self.rules = tuple(rules)
        self._dropped = [_Pattern(pattern) for pattern in dropped]
        self._forward = [(_Pattern(theirs), _Pattern(ours)) for theirs, ours in self.rules]

    def to_ours(self, keys: Iterable[str]) -> dict[str, str]:
        """Reference key to our key; dropped keys are left out.

        Raises:
            AffektError: A key fits no rule or several, or two keys meet in one.
        """
        kept = [key for key in keys if not _fits_any(key, self._dropped)]
        return _rename(kept, self._forward, side="reference")

    def sort(self, keys: Iterable[str]) -> Sorted:
        """The same for a file that may hold strange keys: nothing is lost, everything has its place.

        Raises:
            AffektError: A key fits several rules, or two keys meet in one.
        """
        known: list[str] = []
        dropped: list[str] = []
        unknown: list[str] = []
        for key in keys:
            if _fits_any(key, self._dropped):
                dropped.append(key)
            else:
                fits = _fits_any(key, (theirs for theirs, _ in self._forward))
                (known if fits else unknown).append(key)
        return Sorted(_rename(known, self._forward, side="reference"), dropped, unknown)

    def to_theirs(self, keys: Iterable[str]) -> dict[str, str]:
        """Our key to reference key.

        Raises:
            AffektError: As for `to_ours`.
        """
        return _rename(list(keys), [(ours, theirs) for theirs, ours in self._forward], side="affekt")


@dataclass(frozen=True)
class Source:
    """A kind of file that others publish, and what it holds of a network.

    What a file brings must be complete: each tensor of the part, in the right shape.

    Attributes:
        title: What people call the file, after "a" or "an".
        names: From the file's names to ours, prefix of the part included.
        marks: Patterns that each fit some key of such a file; no other kind of file has them all.
        without: Patterns that no key of such a file fits, where marks alone do not tell two kinds apart.
        part: The part of our network that the file brings, as in `image`; empty for all of it.
        lacks: Full names of ours within the part that such a file cannot bring; they stay as they begin.
        config: Config fields that can be read off the shapes of the tensors, under our names.
        inert: Full names of classes that such a file has pickled beside its weights; they are passed over.
        note: What a person should know who names the labels.
    """

    title: str
    names: KeyMap
    marks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    part: str = ""
    lacks: tuple[str, ...] = ()
    config: Callable[[Mapping[str, tuple[int, ...]]], dict[str, Any]] = lambda shapes: {}
    inert: tuple[str, ...] = ()
    note: str = ""

    def fits(self, keys: Iterable[str]) -> bool:
        """Whether a file with these keys is of this kind."""
        keys = list(keys)

        def has(pattern: str) -> bool:
            return any(_Pattern(pattern).match(key) is not None for key in keys)

        return all(map(has, self.marks)) and not any(map(has, self.without))


def _fits_any(key: str, patterns: Iterable[_Pattern]) -> bool:
    return any(pattern.match(key) is not None for pattern in patterns)


def _rename(keys: list[str], rules: list[tuple[_Pattern, _Pattern]], *, side: str) -> dict[str, str]:
    renamed: dict[str, str] = {}
    problems: list[str] = []
    for key in keys:
        found = {target.fill(values) for source, target in rules if (values := source.match(key)) is not None}
        if len(found) == 1:
            renamed[key] = found.pop()
        else:
            problems.append(f"{key}: {'fits no rule' if not found else f'fits {len(found)} rules'}")
    if len(set(renamed.values())) != len(renamed):
        problems.append("two keys are renamed to the same name")
    if problems:
        shown = "\n  ".join(problems[:10]) + (
            f"\n  and {len(problems) - 10} more" if len(problems) > 10 else ""
        )
        raise AffektError(f"{len(problems)} of {len(keys)} {side} keys cannot be renamed\n  {shown}")
    return renamed


class _Pattern:
    """One side of a rule: matches a key and gives its variable parts, or is filled with them."""

    def __init__(self, text: str) -> None:
        self.pieces: list[str | tuple[str, int]] = []
        regex, end = "", 0
        for found in _PLACEHOLDER.finditer(text):
            name, shift = found["name"] or "", int(found["shift"] or 0)
            literal = text[end : found.start()]
            self.pieces += [literal, (name, shift)]
            regex += re.escape(literal) + (f"(?P<{name}>\\d{{1,9}})" if name else "(?P<rest>.+)")
            end = found.end()
        self.pieces.append(text[end:])
        self.regex = re.compile(regex + re.escape(text[end:]))

    def match(self, key: str) -> dict[str, str | int] | None:
        found = self.regex.fullmatch(key)
        if found is None:
            return None
        shifts = {name: shift for name, shift in (piece for piece in self.pieces if isinstance(piece, tuple))}
        return {
            name: text if name == "rest" else int(text) - shifts[name]
            for name, text in found.groupdict().items()
        }

    def fill(self, values: dict[str, str | int]) -> str:
        def part(piece: str | tuple[str, int]) -> str:
            if isinstance(piece, str):
                return piece
            name, shift = piece
            return str(int(values[name]) + shift) if name else str(values["rest"])

        return "".join(part(piece) for piece in self.pieces)
