"""Names of a reference checkpoint and names of ours, both ways, every key accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from affekt.core.errors import AffektError

_PLACEHOLDER = re.compile(r"\{(?:(?P<name>[a-z])(?P<shift>[+-]\d+)?)?\}")


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
        kept = [key for key in keys if not any(pattern.match(key) is not None for pattern in self._dropped)]
        return _rename(kept, self._forward, side="reference")

    def to_theirs(self, keys: Iterable[str]) -> dict[str, str]:
        """Our key to reference key.

        Raises:
            AffektError: As for `to_ours`.
        """
        return _rename(list(keys), [(ours, theirs) for theirs, ours in self._forward], side="affekt")


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
            regex += re.escape(literal) + (f"(?P<{name}>\\d+)" if name else "(?P<rest>.+)")
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
