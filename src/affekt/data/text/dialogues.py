"""Your own dialogues: a line for each turn, as CSV, TSV or JSONL, in one file or in a file for each part.

    DIR/train.csv                       parts in any usual spelling: train, val, dev, test
        test.csv
    DIR/talks.jsonl                     or a single file, which may also be the data root itself

    dialogue,turn,speaker,text,label,start,end,split,id
    7,0,Ann,"Well, hello.",joy,0:12.5,0:13.9,train,

    {"dialogue": "7", "speaker": "Ann", "text": "Well, hello.", "label": "joy"}

    dialogue,text,label,video,audio,start,end          sound and picture: files below DIR, or absolute paths
    7,"Well, hello.",joy,films/evening.mp4,,0:12.5,0:13.9
    8,"Oh no.",fear,,calls/8-0.flac,,

`dialogue` and `text` are required; the option `columns` names them where they are called otherwise, as in
{text = "Utterance", label = "Emotion"}. Without `turn` the order of the lines counts. `start` and `end` are
seconds or h:mm:ss.sss, and the part of `video` and `audio` that belongs to the turn; without them, the whole
file does. Sound is that of the video where `audio` is empty.

A turn without a label is context: it is neither trained on nor scored. Dialogues are subjects, so folds and
parts keep them whole. In several files dialogues are numbered within each of them.

Labels in several spellings and dialogues in several parts are errors that stop training; the options
`merge_spellings`, `labels` and `splits` resolve the former.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from affekt.core.dataset import Corpus, Dataset, OwnFiles
from affekt.core.files.regular import is_regular
from affekt.core.sample import Sample, Skipped
from affekt.core.wording import count
from affekt.data.layouts.tables import raise_problems
from affekt.data.layouts.text_tables import SUFFIXES
from affekt.data.text.own_lines import Line, LineOptions, OwnLines, read_own_lines, with_labels, words_in
from affekt.data.text.turns import shared_people, span_of, strange_times
from affekt.report.wording import some

REQUIRED = ("text", "dialogue")
OPTIONAL = ("turn", "speaker", "label", "start", "end", "split", "id", "audio", "video")
MEDIA = ("video", "audio")


class DialoguesOptions(LineOptions):
    """How files, labels and splits are read; the attributes are those of `LineOptions`."""


def read(root: Path, options: DialoguesOptions) -> Corpus:
    """Read every turn; a turn without words is skipped.

    Raises:
        DataError: There is no file, a column is missing, turns are numbered wrongly, or fewer than two labels
            are found.
    """
    own = read_own_lines(root, options, required=REQUIRED, optional=OPTIONAL)
    dialogues = _by_dialogue(own)
    samples: list[Sample] = []
    lost: dict[str, list[str]] = {}
    home = root if root.is_dir() else root.parent
    for name, lines in dialogues.items():
        for number, line in lines:
            words = words_in(line)
            if isinstance(words, Skipped):
                own.skipped.append(words)
            else:
                samples.append(_sample(name, number, line, words, _media(home, line)))
                for medium in MEDIA:
                    if line.stated(medium) and medium not in samples[-1].media:
                        lost.setdefault(medium, []).append(f"{samples[-1].id} ({line.stated(medium)})")
    samples, labels = with_labels(own, samples, options)
    if {"start", "end"} <= own.columns:
        own.problems += strange_times({sample.id: sample.span_s for sample in samples})
    own.problems += [
        f"{count(names, 'turn')} whose {medium} is not there, such as {some(names)}: read without it"
        for medium, names in lost.items()
    ]
    own.problems += shared_people(samples, why="dialogues are kept apart, not people")
    own.errors += _split_dialogues(samples)
    return Corpus(samples, labels, own.skipped, problems=tuple(own.problems), errors=tuple(own.errors))


def _sample(name: str, number: int, line: Line, words: str, media: Mapping[str, Path]) -> Sample:
    return Sample(
        line.stated("id") or f"{name}-{number}",
        {"text": words, **media},
        line.text("label"),
        subject=name,
        split=line.split,
        span_s=span_of(line.text("start"), line.text("end")),
        dialogue=name,
        turn=number,
        speaker=line.stated("speaker"),
    )


def _media(home: Path, line: Line) -> dict[str, Path]:
    """The files of a turn that exist."""
    stated = {medium: line.stated(medium) for medium in MEDIA}
    paths = {medium: home / name for medium, name in stated.items() if name}
    return {medium: path for medium, path in paths.items() if is_regular(path)}


def _by_dialogue(own: OwnLines) -> dict[str, list[tuple[int, Line]]]:
    """Lines of each dialogue with the numbers of their turns, in order.

    Raises:
        DataError: A line states no dialogue, or turns are not numbered once each with whole numbers.
    """
    found: dict[str, list[Line]] = {}
    problems: list[str] = []
    scattered: dict[str, None] = {}
    before = ""
    for line in own.lines:
        stated = line.text("dialogue")
        if stated is None:
            problems.append(f"{line.where}: it states no dialogue")
            continue
        name = f"{line.part}-{stated}" if line.part else stated
        if name in found and name != before:
            scattered[name] = None
        before = name
        found.setdefault(name, []).append(line)
    numbered = {name: _numbered(name, lines, problems) for name, lines in found.items()}
    raise_problems(own.root, problems)
    unordered = [name for name in scattered if found[name][0].text("turn") is None]
    if unordered:
        own.problems.append(
            f"{count(unordered, 'dialogue')} in several places of a file without numbers of turns, such as "
            f"{some(unordered)}: read as one each; give different dialogues different names"
        )
    return numbered


def _numbered(name: str, lines: Sequence[Line], problems: list[str]) -> list[tuple[int, Line]]:
    """Lines in the order of their turns; what is wrong with the numbers is added to `problems`."""
    stated = [line.text("turn") for line in lines]
    if all(text is None for text in stated):
        return list(enumerate(lines))
    places: dict[int, Line] = {}
    for line, text in zip(lines, stated, strict=True):
        number = _whole(text)
        if number is None:
            problems.append(
                f"{line.where}: turn {text or ''!r} of dialogue {name} is not a whole number; number all "
                "turns of a dialogue or none"
            )
        elif number in places:
            problems.append(f"{line.where}: dialogue {name} has a second turn {number}")
        else:
            places[number] = line
    return sorted(places.items())


def _whole(text: str | None) -> int | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _split_dialogues(samples: Sequence[Sample]) -> list[str]:
    """An error for dialogues whose turns are in several parts."""
    parts: dict[str, dict[str, None]] = {}
    for sample in samples:
        parts.setdefault(sample.dialogue or "", {})[sample.split or "no part"] = None
    torn: Mapping[str, Sequence[str]] = {name: list(found) for name, found in parts.items() if len(found) > 1}
    if not torn:
        return []
    name, found = next(iter(torn.items()))
    return [
        f"{count(list(torn), 'dialogue')} with turns in several parts, such as {name} in "
        f"{' and '.join(found)}: keep each dialogue in one part, or name different dialogues differently"
    ]


DATASET = Dataset(
    title="Your own dialogues: a line for each turn, with speaker, label, times, sound and picture",
    modalities=("text", "audio", "video"),
    licence="yours",
    cite="the authors of your dialogues",
    options=DialoguesOptions,
    read=read,
    own=OwnFiles(
        {"dialogues": ("text",)},
        SUFFIXES,
        "a table (.csv, .tsv or .jsonl) with the columns dialogue, text and label, or such files "
        "called train, val and test",
    ),
)
