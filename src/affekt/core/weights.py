"""Renaming between the keys of published checkpoints and the keys of the networks here; no key is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from affekt.core.errors import AffektError

_PLACEHOLDER = re.compile(r"\{(?:(?P<name>[a-z])(?P<shift>[+-]\d+)?)?\}")


class Sorted(NamedTuple):
    """The keys of a published file, each in exactly one group.

    Attributes:
        ours: Reference key to affekt key.
        dropped: Keys that the network here does not use.
        unknown: Keys that match no rule.
    """

    ours: dict[str, str]
    dropped: list[str]
    unknown: list[str]


class KeyMap:
    """Rules that rename keys.

    A pattern holds at most one `{}`, which matches any text, and integers such as `{i}`. `{i+1}` on one side
    means that numbering starts at 1 there.

    Example:
        >>> names = KeyMap((("l{i+1}.conv.{}", "blocks.{i}.convolution.{}"), ("fc.{}", "head.{}")))
        >>> names.to_ours(["l1.conv.weight", "fc.bias"])
        {'l1.conv.weight': 'blocks.0.convolution.weight', 'fc.bias': 'head.bias'}
        >>> names.to_theirs(["blocks.4.convolution.bias"])
        {'blocks.4.convolution.bias': 'l5.conv.bias'}
    """

    def __init__(self, rules: Sequence[tuple[str, str]], *, dropped: Sequence[str] = ()) -> None:
        """Args:
        rules: Pairs (reference pattern, affekt pattern).
        dropped: Patterns of reference keys that the network here does not use (dead parameters).
        """
        self.rules = tuple(rules)
        self._dropped = [_Pattern(pattern) for pattern in dropped]
        self._forward = [(_Pattern(theirs), _Pattern(ours)) for theirs, ours in self.rules]

    def to_ours(self, keys: Iterable[str]) -> dict[str, str]:
        """Map reference keys to affekt keys; dropped keys are left out.

        Raises:
            AffektError: A key matches no rule or several rules, or two keys are renamed to the same key.
        """
        kept = [key for key in keys if not _fits_any(key, self._dropped)]
        return _rename(kept, self._forward, side="reference")

    def sort(self, keys: Iterable[str]) -> Sorted:
        """As `to_ours`, for a file that may hold unknown keys: dropped and unknown keys are listed.

        Raises:
            AffektError: A key matches several rules, or two keys are renamed to the same key.
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
        """Map affekt keys to reference keys.

        Raises:
            AffektError: As for `to_ours`.
        """
        return _rename(list(keys), [(ours, theirs) for theirs, ours in self._forward], side="affekt")


def within(theirs: str, ours: str, rules: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Rules of a submodule: a prefix is put before the pattern on each side; an empty prefix adds nothing.

    Example:
        >>> within("module", "head", (("fc.{}", "{}"),))
        (('module.fc.{}', 'head.{}'),)
    """
    return tuple((_join(theirs, left), _join(ours, right)) for left, right in rules)


@dataclass(frozen=True)
class PublishedFile:
    """A kind of published weight file that `convert` reads, and the part of a network that it contains.

    A file must be complete: it must contain each tensor of that part, in the right shape.

    Attributes:
        title: Name of the file in messages, after "a" or "an".
        names: Renames the file's keys to the keys of the whole network, prefix of the part included.
        marks: Patterns that identify the file: each matches a key, and no other kind of file matches all.
        without: Patterns that no key may match, where `marks` alone do not separate two kinds of file.
        part: Prefix of the part of the network that the file contains, as in `image`; empty for all of it.
        lacks: Keys within the part that the file cannot contain; they keep their initial values.
        config: Reads config fields from tensor shapes, given by affekt key.
        inert: Full names of classes that the file has pickled beside its weights; they are ignored.
        note: Advice on the labels, shown when they are needed.
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
        """Whether the keys are those of such a file."""
        keys = list(keys)

        def has(pattern: str) -> bool:
            return any(_Pattern(pattern).match(key) is not None for key in keys)

        return all(map(has, self.marks)) and not any(map(has, self.without))


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


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
    """One side of a rule: `match` returns the variable parts of a key, `fill` makes a key from them."""

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
