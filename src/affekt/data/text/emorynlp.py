"""EmoryNLP: dialogues of a television series, seven emotions or three sentiments (Zahiri and Choi, 2018).

    DIR/emorynlp_train_final.csv                the lines that have clips, as distributed with MELD
        emorynlp_dev_final.csv
        emorynlp_test_final.csv

    Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode,Start_Time,End_Time
    Coffee.,['Ann Lee'],Neutral,4,1,1,15,00:00:03.795,00:00:05.004

    DIR/emotion-detection-trn.json              the full corpus, which published scores refer to
        emotion-detection-dev.json
        emotion-detection-tst.json

    {"episodes": [{"episode_id": "s01_e02", "scenes": [{"scene_id": "s01_e02_c01", "utterances": [
        {"utterance_id": "s01_e02_c01_u001", "speakers": ["Ann Lee"], "transcript": "Hi.", "emotion": "Sad"}
    ]}]}]}

A dialogue is a scene: season, episode and scene together. In the CSV files lines without subtitles are
missing, so that contexts have gaps and the test part is another one than the published one; the JSON files
are preferred where both exist. Of several speakers of a line the first is taken. Dialogues are subjects;
speakers recur in all parts, which is reported. The sentiment of an emotion is the usual one: Joyful, Peaceful
and Powerful are positive, Mad, Sad and Scared negative.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings, suggest
from affekt.data.layouts.tables import raise_problems, text_of
from affekt.data.layouts.text_tables import number_of, read_text, read_text_table
from affekt.data.text.turns import (
    PARTS,
    absent_parts,
    files_of_parts,
    name_in,
    plain_words,
    shared_people,
    span_of,
    strange_times,
    words_of,
)

EMOTIONS, SENTIMENTS = label_set("emorynlp-7"), label_set("sentiment-3")
TABLE, DOCUMENT = "emorynlp_{}_final.csv", "emotion-detection-{}.json"
COLUMNS = ("Utterance", "Speaker", "Emotion", "Scene_ID", "Utterance_ID", "Season", "Episode")
_WORDS = {"train": "trn", "dev": "dev", "test": "tst"}  # for the parts, in names of JSON files
_HOMES = ("", "emorynlp", "EmoryNLP", "data/emorynlp")
_SENTIMENT_OF = EMOTIONS.map_to(SENTIMENTS)
_NUMBERS = re.compile(r"s(\d{1,9})_e(\d{1,9})_c(\d{1,9})_u(\d{1,9})")


class EmoryNLPOptions(Settings):
    """Which annotation is the label, and which files are read if both forms exist.

    Attributes:
        label: Seven emotions, or the three sentiments that they belong to.
        files: `all` is the full corpus (JSON), `clips` the lines with clips (CSV).
    """

    label: Literal["emotion", "sentiment"] = "emotion"
    files: Literal["all", "clips"] | None = None


class _Line(NamedTuple):
    """A turn as a file states it; `where` names its place there."""

    where: str
    season: int
    episode: int
    scene: int
    number: int
    speakers: list[str]
    words: str
    emotion: str | None
    span_s: tuple[float, float] | None

    @property
    def dialogue(self) -> str:
        return f"s{self.season:02}_e{self.episode:02}_c{self.scene:02}"


def read(root: Path, options: EmoryNLPOptions) -> Corpus:
    """Read the parts that exist; a line without words is skipped.

    Raises:
        DataError: There is no file, it has another layout, or lines state unknown emotions or repeat a turn.
    """
    homes = [root / home for home in _HOMES]
    tables = files_of_parts(homes, [TABLE]) if options.files != "all" else {}
    documents = _documents(homes) if options.files != "clips" else {}
    files = documents or tables
    if not files:
        wanted = {"all": [DOCUMENT.format("trn")], "clips": [TABLE.format("train")]}
        names = wanted.get(options.files or "", [name for pair in wanted.values() for name in pair])
        raise DataError(f"{root} does not contain {' or '.join(names)}")
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems = absent_parts(files)
    if not documents:
        problems.append(
            "these files hold the lines with clips only: contexts have gaps, and scores are not those of the "
            "full corpus (emotion-detection-*.json), which papers report"
        )
    for part, path in files.items():
        lines = _of_document(path) if documents else _of_table(path, skipped, problems)
        found, bare = _turns(path, part, lines, options)
        samples += found
        skipped += bare
    problems += strange_times({sample.id: sample.span_s for sample in samples})
    problems += shared_people(samples, why="the published split keeps scenes apart, not people")
    labels = EMOTIONS if options.label == "emotion" else SENTIMENTS
    return Corpus(samples, labels, skipped, problems=tuple(problems))


def _documents(homes: list[Path]) -> dict[str, Path]:
    for home in homes:
        paths = {part: home / DOCUMENT.format(word) for part, word in _WORDS.items()}
        if found := {part: path for part, path in paths.items() if path.is_file()}:
            return found
    return {}


def _turns(
    path: Path, part: str, lines: Iterator[_Line | str], options: EmoryNLPOptions
) -> tuple[list[Sample], list[Skipped]]:
    """Samples in order, and turns without words.

    Raises:
        DataError: Listing the lines that are wrong.
    """
    samples: dict[str, Sample] = {}
    skipped: list[Skipped] = []
    problems: list[str] = []
    for line in lines:
        if isinstance(line, str):
            problems.append(line)
            continue
        emotion, words = name_in(EMOTIONS, line.emotion), plain_words(line.words)
        dialogue = f"{part}-{line.dialogue}"
        name = f"{dialogue}-{line.number}"
        if line.emotion and emotion is None:
            known = suggest(line.emotion, list(EMOTIONS.names))
            problems.append(f"{line.where}: unknown emotion {line.emotion!r}; {known}")
        elif name in samples:
            problems.append(f"{line.where}: scene {line.dialogue} has a second turn {line.number}")
        elif not words:
            skipped.append(Skipped(name, "it has no words", "turns without words"))
        else:
            sentiment = _SENTIMENT_OF[emotion] if emotion else None
            samples[name] = Sample(
                name,
                {"text": words},
                emotion if options.label == "emotion" else sentiment,
                subject=dialogue,
                split=PARTS[part],
                span_s=line.span_s,
                dialogue=dialogue,
                turn=line.number,
                speaker=plain_words(line.speakers[0]) if line.speakers else None,
                facts={
                    "emotion": emotion,
                    "sentiment": sentiment,
                    "season": line.season,
                    "episode": line.episode,
                    **({"speakers": line.speakers} if len(line.speakers) > 1 else {}),
                },
            )
    raise_problems(path, problems)
    return sorted(samples.values(), key=lambda sample: (sample.dialogue or "", sample.turn or 0)), skipped


def _of_table(path: Path, skipped: list[Skipped], problems: list[str]) -> Iterator[_Line | str]:
    table = read_text_table(path, COLUMNS)
    skipped += table.skipped
    problems += table.notes
    for row in table.rows:
        numbers = [number_of(row, name) for name in ("Season", "Episode", "Scene_ID", "Utterance_ID")]
        speakers = _speakers(text_of(row.cells, "Speaker") or "[]")
        where = f"line {row.line}"
        if None in numbers:
            yield f"{where}: Season, Episode, Scene_ID and Utterance_ID must be whole numbers"
        elif speakers is None:
            yield f"{where}: Speaker {row.cells['Speaker']!r} is not a list of names such as ['Ann Lee']"
        else:
            season, episode, scene, number = (number or 0 for number in numbers)
            span = span_of(text_of(row.cells, "Start_Time"), text_of(row.cells, "End_Time"))
            words, emotion = words_of(row.cells["Utterance"]), text_of(row.cells, "Emotion")
            yield _Line(where, season, episode, scene, number, speakers, words, emotion, span)


def _speakers(text: str) -> list[str] | None:
    """The names in a Python list of str; None for anything else. Nothing is evaluated."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list) and all(isinstance(name, str) for name in found) else None


def _of_document(path: Path) -> Iterator[_Line | str]:
    """Turns of a JSON file.

    Raises:
        DataError: It is not JSON, or an entry is missing.
    """
    text, _ = read_text(path)
    try:
        document = json.loads(text)
        turns = [
            turn
            for episode in document["episodes"]
            for scene in episode["scenes"]
            for turn in scene["utterances"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path} is not JSON with episodes[].scenes[].utterances[] ({type(error).__name__}: {error})"
        ) from None
    for place, turn in enumerate(turns):
        yield _of_entry(place, turn)


def _of_entry(place: int, turn: Any) -> _Line | str:
    name = turn.get("utterance_id") if isinstance(turn, Mapping) else None
    numbers = _NUMBERS.fullmatch(name) if isinstance(name, str) else None
    if numbers is None:
        return f"utterance {place}: its utterance_id {name!r} is not like s01_e02_c01_u001"
    speakers, words, emotion = (turn.get(key) for key in ("speakers", "transcript", "emotion"))
    if not isinstance(speakers, list) or not all(isinstance(one, str) for one in speakers):
        return f"{name}: speakers {speakers!r} is not a list of names"
    if not isinstance(name, str) or not isinstance(words, str) or not isinstance(emotion, str | None):
        return f"{name}: transcript and emotion must be text"
    season, episode, scene, number = map(int, numbers.groups())
    return _Line(name, season, episode, scene, number, speakers, words, emotion, None)


DATASET = Dataset(
    title="EmoryNLP, dialogues of a television series, 7 emotions or 3 sentiments",
    modalities=("text",),
    licence="GPL-3.0 of the repository with the CSV files; that of the original corpus is not known here",
    cite="Zahiri, Choi, Emotion Detection on TV Show Transcripts with Sequence-based Convolutional Neural "
    "Networks, AFFCON 2018",
    options=EmoryNLPOptions,
    read=read,
)
