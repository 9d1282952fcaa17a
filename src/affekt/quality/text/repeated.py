"""Lines with the same words, within a part and in training.

Words are compared exactly, and again without case and punctuation (`alike`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from affekt.quality.text.parts import TextLine
from affekt.report.wording import SHOWN

_NO_WORD = re.compile(r"[\W_]+")


def loose(text: str) -> str:
    """Words without case and punctuation; a line of signs alone stays as it is."""
    return _NO_WORD.sub(" ", text.casefold()).strip() or text


def describe_repeated(parts: Mapping[str, Sequence[TextLine]]) -> dict[str, Any]:
    """Repeated lines, as plain JSON values.

    `within` holds for each part the number of lines whose words another line of the part has, and of words
    with different labels. `seen` holds for each part but training the lines whose words stand in training:
    their number and share, and, of those with a label, how many have the label that is most frequent there.
    """
    known = {part: _by_words(lines, str) for part, lines in parts.items()}
    loosely = {part: _by_words(lines, loose) for part, lines in parts.items()}
    return {
        "within": {part: _within(groups) for part, groups in known.items()},
        "seen": [
            _seen(part, lines, known["train"], loosely["train"])
            for part, lines in parts.items()
            if part != "train" and "train" in parts
        ],
    }


def _by_words(lines: Sequence[TextLine], key: Callable[[str], str]) -> dict[str, list[TextLine]]:
    groups: dict[str, list[TextLine]] = defaultdict(list)
    for line in lines:
        groups[key(line.text)].append(line)
    return groups


def _within(groups: Mapping[str, Sequence[TextLine]]) -> dict[str, Any]:
    several = {text: members for text, members in groups.items() if len(members) > 1}
    most = sorted(several, key=lambda text: -len(several[text]))
    return {
        "lines": sum(map(len, several.values())),
        "texts": len(several),
        "conflicting": sum(
            len({line.labels for line in members if line.labels}) > 1 for members in several.values()
        ),
        "most": [[text, len(several[text])] for text in most[:SHOWN]],
    }


def _seen(
    part: str,
    lines: Sequence[TextLine],
    train: Mapping[str, Sequence[TextLine]],
    loosely: Mapping[str, Sequence[TextLine]],
) -> dict[str, Any]:
    found = [line for line in lines if line.text in train]
    usual: dict[str, frozenset[str]] = {}
    for text in {line.text for line in found}:
        counts = Counter(line.labels for line in train[text] if line.labels)
        if counts:
            usual[text] = counts.most_common(1)[0][0]
    judged = [line for line in found if line.labels and line.text in usual]
    return {
        "part": part,
        "of": len(lines),
        "lines": len(found),
        "alike": sum(loose(line.text) in loosely for line in lines),
        "judged": len(judged),
        "agree": sum(line.labels == usual[line.text] for line in judged),
        "examples": [[line.id, line.text] for line in found[:SHOWN]],
    }
