"""What `affekt data check` reports of words: counts, gaps, lengths, and lines that look broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from affekt.core.dataset import Corpus
from affekt.core.wording import count, counted
from affekt.media.text.clean import looks_like_mojibake
from affekt.media.text.script import main_script
from affekt.quality.text.parts import TextLine, lines_by_part
from affekt.quality.text.repeated import describe_repeated
from affekt.quality.text.tokens import TokenCounter
from affekt.report.wording import SHOWN, some


def describe_text(corpus: Corpus, *, tokens: TokenCounter | None = None) -> dict[str, Any] | None:
    """Lines and dialogues by part, as plain JSON values; None without words.

    Args:
        tokens: Counts the tokens of each line alone, without context.
    """
    parts = lines_by_part(corpus.samples, corpus.task)
    if not parts:
        return None
    lines = [line for members in parts.values() for line in members]
    scripts = {line.id: main_script(line.text) for line in lines}
    counts = Counter(script for script in scripts.values() if script)
    usual = counts.most_common(1)[0][0] if counts else None
    first = min((line.turn for line in lines if line.turn is not None), default=0)
    train = {line.speaker for line in parts.get("train", ()) if line.speaker}
    return {
        "parts": {part: _part(members, train, first, tokens) for part, members in parts.items()},
        "repeated": describe_repeated(parts),
        "tokenizer": None if tokens is None else {"name": tokens.name, "limit": tokens.limit},
        "mojibake": _shown(lines, lambda line: looks_like_mojibake(line.text)),
        "empty": _shown(lines, lambda line: not line.text.strip()),
        "without_letters": _shown(lines, lambda line: bool(line.text.strip()) and scripts[line.id] is None),
        "script": usual,
        "other_script": _shown(lines, lambda line: scripts[line.id] not in (None, usual)),
    }


def text_table(description: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Headings and rows of a table of the parts: counts, and median and maximum of lengths."""
    has_dialogues = any(part["dialogues"] for part in description["parts"].values())
    has_speakers = any(part["speakers"] for part in description["parts"].values())
    heads = ["part", "lines"]
    heads += ["dialogues", "turns"] if has_dialogues else []
    heads += ["words", "characters"] + (["tokens"] if description["tokenizer"] else [])
    heads += ["speakers", "also in train"] if has_speakers else []
    rows: list[tuple[Any, ...]] = []
    for name, part in description["parts"].items():
        row: list[Any] = [name, part["lines"]]
        row += [part["dialogues"], _range_text(part["turns"])] if has_dialogues else []
        row += [_range_text(part[unit]) for unit in ("words", "characters")]
        row += [_range_text(part["tokens"])] if description["tokenizer"] else []
        row += [part["speakers"], "" if name == "train" else part["known_speakers"]] if has_speakers else []
        rows.append(tuple(row))
    return tuple(heads), rows


def lines_of_text(description: Mapping[str, Any] | None) -> list[str]:
    """Sentences about words, with or without problems."""
    if description is None:
        return []
    found = ["lengths are the median and the maximum, of each line alone"]
    for name, part in description["repeated"]["within"].items():
        if part["lines"]:
            most = ", ".join(f"{_quoted(text)} ({number})" for text, number in part["most"])
            found.append(
                f"{name}: {_many(part['lines'], 'line')} with the words of another line, "
                f"{_many(part['texts'], 'text')} in all, {part['conflicting']} of these with different "
                f"labels; most often {most}"
            )
    for seen in description["repeated"]["seen"]:
        if seen["alike"] > seen["lines"]:
            found.append(
                f"{seen['part']}: {seen['alike']} of {counted(seen['of'], 'line')} are also in train if "
                "case and "
                "punctuation are ignored"
            )
    signs = description["without_letters"]
    if signs["count"]:
        found.append(f"{_many(signs['count'], 'line')} without a letter, such as {signs['examples'][0][1]!r}")
    return found


def problems_of_text(description: Mapping[str, Any] | None) -> list[str]:
    """Problems of words, one sentence each."""
    if description is None:
        return []
    return [
        *_problems_of_gaps(description["parts"]),
        *_problems_of_seen(description["repeated"]["seen"]),
        *_problems_of_lines(description),
        *_problems_of_tokens(description),
    ]


def _part(
    lines: Sequence[TextLine], train: set[str], first: int, tokens: TokenCounter | None
) -> dict[str, Any]:
    speaking = [line.speaker for line in lines]
    speakers = set(filter(None, speaking))
    turns = Counter(line.dialogue for line in lines if line.dialogue is not None)
    lengths = tokens([line.text for line in lines]) if tokens else []
    over = [
        line for line, length in zip(lines, lengths, strict=bool(tokens)) if tokens and tokens.is_over(length)
    ]
    return {
        "lines": len(lines),
        "dialogues": len(turns),
        "turns": _range(list(turns.values())),
        "single_turns": sum(number == 1 for number in turns.values()),
        "gaps": _gaps(lines, first),
        "words": _range([len(line.text.split()) for line in lines]),
        "characters": _range([len(line.text) for line in lines]),
        "tokens": _range(lengths),
        "over_limit": {"count": len(over), "examples": [[line.id, line.text] for line in over[:SHOWN]]},
        "speakers": len(speakers),
        "known_speakers": len(speakers & train),
        "without_speaker": speaking.count(None),
        "lengths": _histogram([len(line.text.split()) for line in lines]),
        "turn_counts": _histogram(list(turns.values())),
        "lines_by_speaker": [list(pair) for pair in Counter(filter(None, speaking)).most_common()],
    }


def _gaps(lines: Sequence[TextLine], first: int) -> dict[str, Any]:
    """Places in dialogues where numbers of turns are left out, and dialogues that begin later than others.

    Args:
        first: Number of the first turn of a dialogue.
    """
    numbers: dict[str, list[int]] = {}
    for line in lines:
        if line.dialogue is not None and line.turn is not None:
            numbers.setdefault(line.dialogue, []).append(line.turn)
    jumps: dict[str, int] = {}
    missing = 0
    for dialogue, stated in numbers.items():
        order = sorted(stated)
        steps = [later - before - 1 for before, later in pairwise(order)]
        missing += sum(steps)
        if number := sum(step > 0 for step in steps):
            jumps[dialogue] = number
    late = [dialogue for dialogue, stated in numbers.items() if min(stated) > first]
    return {
        "places": sum(jumps.values()),
        "missing": missing,
        "dialogues": len(jumps),
        "late": len(late),
        "examples": [*jumps, *late][:SHOWN],
    }


def _problems_of_gaps(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for name, part in parts.items():
        gaps = part["gaps"]
        reported: list[str] = []
        if gaps["places"]:
            reported.append(
                f"{_many(gaps['missing'], 'turn')} missing at {_many(gaps['places'], 'place')} within "
                f"{_many(gaps['dialogues'], 'dialogue')}"
            )
        if gaps["late"]:
            reported.append(f"{_many(gaps['late'], 'dialogue')} without the first turn")
        if reported:
            found.append(
                f"{name}: {' and '.join(reported)}, by the numbers of turns, such as "
                f"{some(gaps['examples'])}: contexts have gaps"
            )
    return found


def _problems_of_seen(seen: Sequence[Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for part in seen:
        if part["lines"]:
            name, text = part["examples"][0]
            agree = (
                f"; {part['agree']} of {part['judged']} have the label that these words mostly have there "
                f"({_percent(part['agree'], part['judged'])})"
                if part["judged"]
                else ""
            )
            found.append(
                f"{part['lines']} of {_many(part['of'], part['part'] + ' line')} "
                f"({_percent(part['lines'], part['of'])}) have exactly the words of a training line, such as "
                f"{name} {_quoted(text)}{agree}"
            )
    return found


def _problems_of_lines(description: Mapping[str, Any]) -> list[str]:
    kinds = {
        "mojibake": "with signs of a wrong encoding",
        "empty": "without words",
        "other_script": f"mostly in another script than {description['script']}",
    }
    found: list[str] = []
    for key, what in kinds.items():
        lines = description[key]
        if lines["count"]:
            name, text = lines["examples"][0]
            found.append(f"{_many(lines['count'], 'line')} {what}, such as {name} {_quoted(text)}")
    return found


def _problems_of_tokens(description: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name, part in description["parts"].items():
        over = part["over_limit"]
        if over["count"]:
            example = over["examples"][0][0]
            found.append(
                f"{name}: {_many(over['count'], 'line')} longer than the {description['tokenizer']['limit']} "
                f"tokens that {description['tokenizer']['name']} reads, such as {example}: they are truncated"
            )
    return found


def _shown(lines: Sequence[TextLine], wanted: Callable[[TextLine], bool]) -> dict[str, Any]:
    """Number of the lines with a property, and the first few."""
    found = [line for line in lines if wanted(line)]
    return {"count": len(found), "examples": [[line.id, line.text] for line in found[:SHOWN]]}


def _range(counts: Sequence[int]) -> dict[str, int | float] | None:
    if not counts:
        return None
    return {
        "min": min(counts),
        "median": float(np.median(counts)),
        "mean": round(float(np.mean(counts)), 2),
        "max": max(counts),
    }


def _range_text(numbers: Mapping[str, int | float] | None) -> str:
    return f"{numbers['median']:g}, at most {numbers['max']:g}" if numbers else ""


def _histogram(counts: Sequence[int]) -> list[list[int]]:
    """Each number with its frequency, in order."""
    return [[value, number] for value, number in sorted(Counter(counts).items())]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _many(number: int, noun: str) -> str:
    return count(range(number), noun)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
