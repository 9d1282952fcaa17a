"""Spoken scenes as files in the layout of MELD, so that a pipeline can run on files from end to end."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from affekt.core.errors import MediaError, UsageError
from affekt.core.files.whole import write_folder
from affekt.core.sample import Sample
from affekt.invented.spoken_scenes.plan import LABELS
from affekt.media.video.write import write_clip

PAUSE_S = 0.3  # between the lines of a dialogue
PARTS = {"train": "train", "validation": "dev", "test": "test"}  # names in MELD
_TABLE = "{}_sent_emo.csv"
_HEADER = (
    "Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Season",
    "Episode", "StartTime", "EndTime",
)  # fmt: skip


class _Place(NamedTuple):
    """Where a line stands in MELD: its part, and the number of its dialogue in the part."""

    part: str
    dialogue: int


def write_meld(folder: Path, samples: list[Sample]) -> Mapping[str, Any]:
    """Write the tables, `audios/<part>/*.flac` and `videos/<part>/*.mp4` of rendered lines.

    `open_dataset("meld", folder)` reads them.

    Args:
        samples: Lines with `form = "clips"`.

    Returns:
        Number of `lines` of each part.

    Raises:
        UsageError: The folder exists.
        MediaError: It cannot be written.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists: give a folder that does not")
    places: dict[str, _Place] = {}
    dialogues: Counter[str] = Counter()
    rows: dict[str, list[list[Any]]] = {part: [] for part in PARTS.values()}
    clock: dict[str, float] = defaultdict(float)
    try:
        with write_folder(folder, error=MediaError) as work:
            for sample in samples:
                part, name = PARTS[sample.split or "train"], sample.dialogue or sample.id
                if name not in places:
                    places[name] = _Place(part, dialogues[part])
                    dialogues[part] += 1
                length_s = _write_media(work, places[name], sample)
                start_s = clock[name]
                clock[name] += length_s + PAUSE_S
                rows[part].append(
                    _row(len(rows[part]) + 1, places[name], sample, start_s, start_s + length_s)
                )
            for part, lines in rows.items():
                with (work / _TABLE.format(part)).open("w", newline="", encoding="utf-8") as stream:
                    table = csv.writer(stream)
                    table.writerows([_HEADER, *lines])
    except soundfile.LibsndfileError as error:
        raise MediaError(f"{folder} cannot be written: {error}") from None
    return {"lines": {part: len(lines) for part, lines in rows.items()}}


def _write_media(folder: Path, place: _Place, sample: Sample) -> float:
    """Write clip and sound of a line; the duration of the clip."""
    name = f"dia{place.dialogue}_utt{sample.turn or 0}"
    frames, sound = sample.media["video"], sample.media["audio"]
    audio = folder / "audios" / place.part / f"{name}.flac"
    audio.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(audio, sound.samples.T, sound.rate_hz, format="FLAC", subtype="PCM_16")
    write_clip(folder / "videos" / place.part / f"{name}.mp4", frames, sound)
    return float(frames.end_s)


def _row(number: int, place: _Place, sample: Sample, start_s: float, end_s: float) -> list[Any]:
    polarity = LABELS.polarity_of(sample.label or "")
    return [
        number,
        sample.media["text"],
        sample.speaker,
        sample.label,
        polarity,
        place.dialogue,
        sample.turn or 0,
        1,
        1,
        _clock(start_s),
        _clock(end_s),
    ]


def _clock(seconds: float) -> str:
    """A time as MELD writes it.

    Example:
        >>> _clock(61.5)
        '00:01:01,500'
    """
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
