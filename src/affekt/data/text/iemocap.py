"""IEMOCAP: dialogues of two actors in five sessions, four or six emotions (Busso et al., 2008).

    DIR/IEMOCAP_train.csv                       turns with a label, as tables of lines
        IEMOCAP_dev.csv
        IEMOCAP_test.csv

    Utterance,Speaker,Dialogue_ID,Start_Time,End_Time,Wav_Path,Video_Path,Emotion
    Hello.,Ses01F_impro01_F000,0,6.2,8.2,./Session1/sentences/wav/...,./Session1/dialog/avi/...,neu

    DIR/train_data.json                         all turns, as a list of dialogues; a turn without a label
        dev_data.json                           gives context only
        test_data.json

    [[{"text": "Hello.", "speaker": "F", "label": "neu"}, {"text": "Hi.", "speaker": "M"}]]

`Speaker` of the tables is the id of the utterance: session, dialogue, and the letter of the speaker. Speakers
are F and M; who that is in a session is the fact `person`. `[LAUGHTER]` and other marks in brackets are
removed. The session of a dialogue is known from the tables only.

Sessions as folds: the option `test_session = 5` makes a session the test part, whatever the files say, and
leaves the validation part to be cut from the others by dialogue. `subject = "session"` makes sessions the
units of `split.scheme = "k_fold"` with `split.folds = 5`, and of intervals. Dialogues are subjects otherwise;
both actors of a session then are in several parts of the files' own split, which is reported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from pydantic import Field

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import Settings
from affekt.core.wording import count
from affekt.data.layouts.pictures import emotion_names
from affekt.data.layouts.tables import raise_problems, text_of
from affekt.data.layouts.text_tables import Row, read_text, read_text_table
from affekt.data.text.turns import (
    PARTS,
    absent_parts,
    files_of_parts,
    plain_words,
    shared_people,
    span_of,
    strange_times,
    words_of,
)
from affekt.report.wording import some

TABLES, DOCUMENTS = ("IEMOCAP_{}.csv", "iemocap_{}.csv"), ("{}_data.json",)
COLUMNS = ("Utterance", "Speaker", "Emotion")
SESSIONS = 5

_HOMES = ("", "IEMOCAP", "IEMOCAP_full_release", "dataset/IEMOCAP_full_release")
_UTTERANCE = re.compile(r"(?P<dialogue>Ses(?P<session>0[1-5])[FM]_\w+?)_(?P<speaker>[FM])(?P<number>\d{1,9})")
_MARKS = re.compile(r"\[[A-Z ]+\]")  # [LAUGHTER], [BREATHING], [GARBAGE]
# Codes of emotions that are not among the six: their turns are context.
_OTHERS = frozenset({"", "xxx", "oth", "other", "sur", "surprise", "fea", "fear", "dis", "disgust"})


class IEMOCAPOptions(Settings):
    """Which classes are read, and what keeps parts apart.

    Attributes:
        classes: 6, or 4: angry, happy, neutral and sad.
        excitement: Of four classes, whether excitement counts as happiness (5531 turns of the whole set, as
            in most work on speech) or is context only (943 turns of the published test part).
        test_session: The session that is the test part; the parts of the files if not given.
        subject: What no two parts share.
    """

    classes: Literal[4, 6] = 6
    excitement: Literal["happy", "context"] = "happy"
    test_session: int | None = Field(default=None, ge=1, le=SESSIONS)
    subject: Literal["dialogue", "session"] = "dialogue"

    @property
    def needs_sessions(self) -> bool:
        """Whether the session of each dialogue must be known."""
        return self.test_session is not None or self.subject == "session"


class _Turn(NamedTuple):
    """A turn as a file states it; `number` is its place in the dialogue."""

    where: str
    dialogue: str
    session: int | None
    number: int
    speaker: str | None
    words: str
    emotion: str
    span_s: tuple[float, float] | None = None
    media: Mapping[str, Path] = {}


def read(root: Path, options: IEMOCAPOptions) -> Corpus:
    """Read the parts that exist; a turn without words is skipped.

    Raises:
        DataError: There is no file, it has another layout, lines state unknown emotions, or sessions are
            required and not known.
    """
    homes = [root / home for home in _HOMES]
    tables, documents = files_of_parts(homes, TABLES), files_of_parts(homes, DOCUMENTS)
    if not (tables or documents):
        raise DataError(
            f"{root} contains neither {TABLES[0].format('train')} nor {DOCUMENTS[0].format('train')}"
        )
    if options.needs_sessions and not tables:
        raise DataError(
            f'{root}: the JSON files do not state sessions, which test_session and subject = "session" need: '
            f"use {TABLES[0].format('train')}"
        )
    labels = label_set(f"iemocap-{options.classes}")
    problems = absent_parts(tables or documents)
    skipped: list[Skipped] = []
    samples: list[Sample] = []
    for part, path in (tables or documents).items():
        turns = _of_tables(root, path, part, skipped, problems) if tables else _of_document(path, part)
        found, bare = _samples(path, part, turns, labels, options)
        samples += found
        skipped += bare
    if tables:
        problems += strange_times({s.id: _stated_span(s) for s in samples})
        problems += _lost(samples)
    problems += shared_people(
        (sample for sample in samples if "person" in sample.facts),
        why="the files' own split keeps dialogues apart; the option test_session keeps sessions apart",
    )
    return Corpus(samples, labels, skipped, problems=tuple(problems))


def _samples(
    path: Path, part: str, turns: Iterable[_Turn | str], labels: LabelSet, options: IEMOCAPOptions
) -> tuple[list[Sample], list[Skipped]]:
    """Samples in order, and turns without words.

    Raises:
        DataError: Listing the lines that are wrong.
    """
    samples: dict[str, Sample] = {}
    skipped: list[Skipped] = []
    problems: list[str] = []
    stated = list(turns)
    names = _names({turn.emotion for turn in stated if isinstance(turn, _Turn)}, labels, options)
    for turn in stated:
        if isinstance(turn, str):
            problems.append(turn)
            continue
        name = f"{turn.dialogue}-{turn.number}"
        words = plain_words(_MARKS.sub(" ", turn.words))
        if turn.emotion not in names:
            problems.append(
                f"{turn.where}: unknown emotion {turn.emotion!r}; known: neu, hap, exc, sad, ang, fru"
            )
        elif name in samples:
            problems.append(f"{turn.where}: dialogue {turn.dialogue} has a second turn {turn.number}")
        elif not words:
            skipped.append(Skipped(name, f"{turn.words!r} holds no words", "turns without words"))
        else:
            split: Split | None = PARTS[part]
            if options.test_session is not None:
                split = "test" if turn.session == options.test_session else None
            start, end = turn.span_s or (None, None)
            person = (
                {"person": f"Ses{turn.session:02}{turn.speaker}"} if turn.session and turn.speaker else {}
            )
            samples[name] = Sample(
                name,
                {"text": words, **turn.media},
                names[turn.emotion],
                subject=f"session-{turn.session}" if options.subject == "session" else turn.dialogue,
                split=split,
                # A file of one sentence begins at 0 itself.
                span_s=None if "audio" in turn.media and "video" not in turn.media else turn.span_s,
                dialogue=turn.dialogue,
                turn=turn.number,
                speaker=turn.speaker,
                facts={
                    "emotion": turn.emotion,
                    "session": turn.session,
                    "start_s": start,
                    "end_s": end,
                    **person,
                },
            )
    raise_problems(path, problems)
    return list(samples.values()), skipped


def _names(codes: set[str], labels: LabelSet, options: IEMOCAPOptions) -> dict[str, str | None]:
    """The class of each known code such as `neu` or word such as `neutral`; None gives context only."""
    found: dict[str, str | None] = {code: None for code in codes if code.casefold() in _OTHERS}
    found |= dict.fromkeys(six := emotion_names(codes, label_set("iemocap-6")))
    found |= emotion_names(codes, labels)
    if len(labels) == 4 and options.excitement == "happy":
        found |= {code: "happy" for code, name in six.items() if name == "excited"}
    return found


def _of_tables(
    root: Path, path: Path, part: str, skipped: list[Skipped], problems: list[str]
) -> Iterator[_Turn | str]:
    """Turns of a table, in the order of their starts in each dialogue, or of the table without times."""
    table = read_text_table(path, COLUMNS)
    skipped += table.skipped
    problems += table.notes
    dialogues: dict[str, list[tuple[Row, re.Match[str]]]] = {}
    for row in table.rows:
        utterance = _UTTERANCE.fullmatch(text_of(row.cells, "Speaker") or "")
        if utterance is None:
            yield f"line {row.line}: Speaker {row.cells['Speaker']!r} is not like Ses01F_impro01_F000"
        else:
            dialogues.setdefault(utterance["dialogue"], []).append((row, utterance))
    for dialogue, members in dialogues.items():
        spans = [
            span_of(text_of(row.cells, "Start_Time"), text_of(row.cells, "End_Time")) for row, _ in members
        ]
        order = (
            sorted(range(len(members)), key=lambda n: spans[n] or (0.0, 0.0))
            if all(spans)
            else range(len(members))
        )
        for number, place in enumerate(order):
            row, utterance = members[place]
            yield _Turn(
                f"line {row.line}",
                dialogue,
                int(utterance["session"]),
                number,
                utterance["speaker"],
                words_of(row.cells["Utterance"]),
                text_of(row.cells, "Emotion") or "",
                spans[place],
                _media(root, path.parent, row),
            )


def _media(root: Path, home: Path, row: Row) -> dict[str, Path]:
    """The video of the dialogue with its sound, or else the sound of the sentence, if they exist."""
    video = _existing(root, home, text_of(row.cells, "Video_Path"))
    if video is not None:
        return {"video": video, "audio": video}
    sound = _existing(root, home, text_of(row.cells, "Wav_Path"))
    return {"audio": sound} if sound is not None else {}


def _lost(samples: Iterable[Sample]) -> list[str]:
    """A sentence about turns without sound or picture, where others have it."""
    having: dict[bool, list[str]] = {True: [], False: []}
    for sample in samples:
        having["audio" in sample.media].append(sample.id)
    if not (having[True] and having[False]):
        return []
    names = having[False]
    return [f"{count(names, 'turn')} without sound and picture, such as {some(names)}: read without them"]


def _existing(root: Path, home: Path, stated: str | None) -> Path | None:
    """A stated file, by its path from the folder of the session on."""
    parts = PurePosixPath(stated or "").parts
    first = next((n for n, part in enumerate(parts) if part.startswith("Session")), None)
    if first is None or ".." in parts:
        return None
    paths = (base.joinpath(*parts[first:]) for base in dict.fromkeys((root, home)))
    return next((path for path in paths if path.is_file()), None)


def _of_document(path: Path, part: str) -> Iterator[_Turn | str]:
    """Turns of a JSON file.

    Raises:
        DataError: It is not a list of lists.
    """
    text, _ = read_text(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, list) or not all(isinstance(turns, list) for turns in document):
        raise DataError(f"{path} is not a list of dialogues, each a list of turns")
    for dialogue, turns in enumerate(document):
        for number, turn in enumerate(turns):
            where = f"dialogue {dialogue}, turn {number}"
            yield _of_entry(where, f"{part}-{dialogue}", number, turn)


def _of_entry(where: str, dialogue: str, number: int, turn: Any) -> _Turn | str:
    if not isinstance(turn, Mapping) or not isinstance(turn.get("text"), str):
        return f'{where}: it is not like {{"text": "Hello.", "speaker": "F", "label": "neu"}}'
    speaker, emotion = turn.get("speaker"), turn.get("label")
    if not isinstance(speaker, str | None) or not isinstance(emotion, str | None):
        return f"{where}: speaker and label must be text"
    return _Turn(where, dialogue, None, number, speaker, turn["text"], emotion or "")


def _stated_span(sample: Sample) -> tuple[float, float] | None:
    start, end = sample.facts["start_s"], sample.facts["end_s"]
    return (start, end) if start is not None else None


DATASET = Dataset(
    title="IEMOCAP, dialogues of two actors, 4 or 6 emotions",
    modalities=("text", "audio", "video"),
    licence="by request from the University of Southern California, for research",
    cite="Busso et al., IEMOCAP: Interactive emotional dyadic motion capture database, Language Resources "
    "and Evaluation 42(4) 2008",
    options=IEMOCAPOptions,
    read=read,
)
