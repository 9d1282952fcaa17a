"""MELD: dialogues of a television series, seven emotions or three sentiments (Poria et al., 2019).

    DIR/train_sent_emo.csv                      the authors' files, in DIR or in DIR/MELD, DIR/MELD.Raw
        dev_sent_emo.csv
        test_sent_emo.csv
    DIR/train_meld_emo.csv                      the same lines in an older edition of the text
        dev_meld_emo.csv
        test_meld_emo.csv

    Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime
    1,Hi there.,Ann,neutral,neutral,0,0,8,21,"00:16:16,059","00:16:21,731"

    DIR/videos/train/dia0_utt0.mp4              clips, where they exist; parts are train, dev, test
        audios/train/dia0_utt0.flac             their sound; without it, that of the clip
        train_splits/dia0_utt0.mp4              clips in the folders of the raw archive
        dev_splits_complete/dia0_utt0.mp4
        output_repeated_splits_test/dia0_utt0.mp4

A turn is named by part, `Dialogue_ID` and `Utterance_ID`: dialogues are numbered within a part, and `Sr No.`
repeats. `Utterance_ID` has gaps, so turns are ordered by it and keep their number. Text is in the form of
`affekt.data.text.turns.plain_words`, so that both editions are equal.

Dialogues are subjects. Speakers recur in all parts of the published split, which is reported. `span_s` is the
place in the episode; where clips exist, which begin at 0 themselves, it is in the facts `start_s` and `end_s`
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings, suggest
from affekt.core.wording import count
from affekt.data.layouts.tables import raise_problems, text_of
from affekt.data.layouts.text_tables import Row, number_of, read_text_table
from affekt.data.text.turns import (
    PARTS,
    absent_parts,
    files_of_parts,
    name_in,
    shared_people,
    span_of,
    strange_times,
    words_of,
)
from affekt.report.wording import some

EMOTIONS, SENTIMENTS = label_set("meld-7"), label_set("sentiment-3")
TABLES = ("{}_sent_emo.csv", "{}_meld_emo.csv")
COLUMNS = (
    "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime",
)  # fmt: skip
_HOMES = ("", "MELD", "MELD.Raw", "dataset/MELD.Raw", "data/MELD")
_RAW = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
_SOUNDS = (".flac", ".wav")


class MeldOptions(Settings):
    """Which annotation is the label; the other one is among the facts.

    Attributes:
        label: Seven emotions, or three sentiments.
    """

    label: Literal["emotion", "sentiment"] = "emotion"


def read(root: Path, options: MeldOptions) -> Corpus:
    """Read the parts that exist; a line without words is skipped.

    Raises:
        DataError: There is no file, a column is missing, or lines state unknown labels or repeat a turn.
    """
    tables = files_of_parts([root / home for home in _HOMES], TABLES)
    if not tables:
        raise DataError(
            f"{root} contains neither {TABLES[0].format('train')} nor {TABLES[1].format('train')}"
        )
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems = absent_parts(tables)
    lost: dict[str, list[str]] = {"picture": [], "sound": []}
    for part, path in tables.items():
        table = read_text_table(path, COLUMNS)
        problems += table.notes
        skipped += table.skipped
        clips = _Clips(root, path.parent, part)
        found, bare = _turns(path, part, table.rows, options, clips)
        samples += found
        skipped += bare
        for medium, name in clips.expected.items():
            lost[medium] += [sample.id for sample in found if name not in sample.media]
    problems += [
        f"{count(names, 'turn')} without {medium}, such as {some(names)}: read without it"
        for medium, names in lost.items()
        if names
    ]
    spans = {sample.id: (sample.facts["start_s"], sample.facts["end_s"]) for sample in samples}
    problems += strange_times({name: span if None not in span else None for name, span in spans.items()})
    problems += shared_people(samples, why="the published split keeps dialogues apart, not people")
    labels = EMOTIONS if options.label == "emotion" else SENTIMENTS
    return Corpus(samples, labels, skipped, problems=tuple(problems))


def _turns(
    path: Path, part: str, rows: list[Row], options: MeldOptions, clips: _Clips
) -> tuple[list[Sample], list[Skipped]]:
    samples: dict[tuple[int, int], Sample] = {}
    skipped: list[Skipped] = []
    problems: list[str] = []
    for row in rows:
        dialogue, number = number_of(row, "Dialogue_ID"), number_of(row, "Utterance_ID")
        labels = {"emotion": text_of(row.cells, "Emotion"), "sentiment": text_of(row.cells, "Sentiment")}
        known = {
            "emotion": name_in(EMOTIONS, labels["emotion"]),
            "sentiment": name_in(SENTIMENTS, labels["sentiment"]),
        }
        words = words_of(row.cells["Utterance"])
        strange = [name for name, word in labels.items() if word is not None and known[name] is None]
        if dialogue is None or number is None:
            problems.append(f"line {row.line}: Dialogue_ID and Utterance_ID must be whole numbers")
        elif strange:
            names = (EMOTIONS if strange[0] == "emotion" else SENTIMENTS).names
            word = labels[strange[0]] or ""
            problems.append(f"line {row.line}: unknown {strange[0]} {word!r}; {suggest(word, list(names))}")
        elif (dialogue, number) in samples:
            problems.append(f"line {row.line}: dialogue {dialogue} has a second turn {number}")
        elif not words:
            skipped.append(Skipped(f"{part}-{dialogue}-{number}", "it has no words", "turns without words"))
        else:
            span = span_of(text_of(row.cells, "StartTime"), text_of(row.cells, "EndTime"))
            media = clips.of(dialogue, number)
            samples[dialogue, number] = Sample(
                f"{part}-{dialogue}-{number}",
                {"text": words, **media},
                known[options.label],
                subject=f"{part}-{dialogue}",
                split=PARTS[part],
                span_s=None if media else span,
                dialogue=f"{part}-{dialogue}",
                turn=number,
                speaker=words_of(row.cells["Speaker"]) or None,
                facts=_facts(row, known, span),
            )
    raise_problems(path, problems)
    return [samples[key] for key in sorted(samples)], skipped


def _facts(row: Row, known: Mapping[str, str | None], span: tuple[float, float] | None) -> dict[str, Any]:
    start, end = span or (None, None)
    return {
        **known,
        "season": number_of(row, "Season"),
        "episode": number_of(row, "Episode"),
        "start_s": start,
        "end_s": end,
    }


class _Clips:
    """Files of the clips of a part, listed once; none where the folders do not exist."""

    def __init__(self, root: Path, home: Path, part: str) -> None:
        videos = (f"videos/{part}", _RAW[part], f"{part}/{_RAW[part]}")
        self._videos = _listed(root, home, videos)
        self._sounds = _listed(root, home, (f"audios/{part}",))
        # What all turns should have, where any has it; the sound of a clip counts.
        self.expected = {"picture": "video"} if self._videos else {}
        self.expected |= {"sound": "audio"} if self._videos or self._sounds else {}

    def of(self, dialogue: int, number: int) -> dict[str, Path]:
        """Media of a turn: the clip and its sound, as far as they exist."""
        stem = f"dia{dialogue}_utt{number}"
        video = self._videos.get(f"{stem}.mp4")
        sound = next((self._sounds[stem + end] for end in _SOUNDS if stem + end in self._sounds), video)
        return {name: path for name, path in (("video", video), ("audio", sound)) if path is not None}


def _listed(root: Path, home: Path, folders: tuple[str, ...]) -> dict[str, Path]:
    """Files by name in the first of these folders that exists, below the root or beside the tables."""
    for folder in dict.fromkeys(base / name for base in (root, home) for name in folders):
        if folder.is_dir():
            return {path.name: path for path in folder.iterdir()}
    return {}


DATASET = Dataset(
    title="MELD, dialogues of a television series, 7 emotions or 3 sentiments",
    modalities=("text", "audio", "video"),
    licence="GPL-3.0, as stated in the authors' repository; rights of the series stay with third parties",
    cite="Poria et al., MELD: A Multimodal Multi-Party Dataset for Emotion Recognition in Conversations, "
    "ACL 2019",
    options=MeldOptions,
    read=read,
)
