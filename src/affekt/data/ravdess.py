"""RAVDESS: actors speak or sing two sentences, eight emotions (Livingstone and Russo, 2018).

    DIR/Actor_01/03-01-05-01-02-01-01.wav       as published, at any depth; names are
                                                modality-channel-emotion-intensity-statement-repetition-actor;
                                                a recording that exists twice is read once

    DIR/labels.csv                              where it exists, only its rows are read; lines such as
        audio/a.flac                            file,split,class,actor,intensity,statement,repetition,gender
                                                audio/a.flac,train,fearful,1,strong,2,1,male

Numbers of a name: modality 1 video with sound, 2 video alone, 3 sound alone; channel 1 speech, 2 song;
emotion 1 neutral, 2 calm, 3 happy, 4 sad, 5 angry, 6 fearful, 7 disgust, 8 surprised; intensity 1 normal,
2 strong; statement 1 "Kids are talking by the door", 2 "Dogs are sitting by the door"; actors 1 to 24, odd
ones male.

Actors are subjects. The published set has no splits: `split.scheme = "k_fold"` in a recipe makes folds of
actors. Many published scores use the same actors for training and test and are not comparable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.settings import Settings
from affekt.data.layouts.speech import TABLE, Recording, read_names, read_table, recordings_below

LABELS = label_set("ravdess-8")
ACTORS = 24

_NAME = re.compile(
    r"0(?P<modality>[1-3])-0(?P<channel>[12])-0(?P<emotion>[1-8])-0(?P<intensity>[12])"
    r"-0(?P<statement>[12])-0(?P<repetition>[12])-(?P<actor>[0-2]\d)"
)
_MODALITIES: Mapping[str, tuple[str, ...]] = {"1": ("video", "audio"), "2": ("video",), "3": ("audio",)}
_MODALITY_NAMES = {"1": "video_audio", "2": "video", "3": "audio"}
_CHANNELS = {"1": "speech", "2": "song"}
_INTENSITIES = {"1": "normal", "2": "strong"}


class RavdessOptions(Settings):
    """Which recordings are read, if annotations are read from file names.

    Attributes:
        channel: Spoken or sung; the other recordings are excluded, without counting them as skipped.
        modality: Sound only, video only, or video with sound: each performance was published in all three.
            Required only if the folder contains several of them.
    """

    channel: Literal["speech", "song"] = "speech"
    modality: Literal["audio", "video", "video_audio"] | None = None


def read(root: Path, options: RavdessOptions) -> Corpus:
    """Read the table, or file names if there is none; other file names are skipped.

    Raises:
        DataError: There are no recordings, there are several modalities and the option is not set, or a row
            is wrong.
    """
    if (root / TABLE).is_file():
        samples, skipped, problems = read_table(
            root / TABLE, LABELS, speaker="actor", recording_of=_recording
        )
        return Corpus(samples, LABELS, skipped, problems=problems)
    files, others = recordings_below(root)
    if not files:
        raise DataError(
            f"{root} contains neither {TABLE} nor recordings such as Actor_01/03-01-05-01-02-01-01.wav"
        )
    names = {path: _NAME.fullmatch(path.stem) for path in files}
    kinds = {
        path: (_CHANNELS[parts["channel"]], _MODALITY_NAMES[parts["modality"]])
        for path, parts in names.items()
        if parts
    }
    found = sorted({modality for channel, modality in kinds.values() if channel == options.channel})
    if len(found) > 1 and options.modality is None:
        raise DataError(
            f"{root} contains {options.channel} as {', '.join(found)}: the same performances several times; "
            "choose one with the option modality"
        )
    wanted = (options.channel, options.modality or "".join(found))
    samples, skipped, problems = read_names(
        root, [path for path in files if kinds.get(path, wanted) == wanted], _recording
    )
    if not samples and kinds:
        there = sorted({f"{channel} as {modality}" for channel, modality in kinds.values()})
        raise DataError(
            f"{root} contains no usable {options.channel}{f' as {wanted[1]}' if wanted[1] else ''}; "
            f"by their names, files are {', '.join(there)}"
        )
    return Corpus(samples, LABELS, [*skipped, *others], problems=problems)


def _recording(name: str) -> Recording | str:
    parts = _NAME.fullmatch(name)
    if parts is None or not 1 <= int(parts["actor"]) <= ACTORS:
        return f"{name} is not like 03-01-05-01-02-01-01 with each number in its range"
    return Recording(
        LABELS.names[int(parts["emotion"]) - 1],
        parts["actor"],
        {
            "intensity": _INTENSITIES[parts["intensity"]],
            "statement": parts["statement"],
            "repetition": parts["repetition"],
            "gender": "male" if int(parts["actor"]) % 2 else "female",
            "channel": _CHANNELS[parts["channel"]],
        },
        _MODALITIES[parts["modality"]],
    )


DATASET = Dataset(
    title="RAVDESS, acted speech and song, 8 emotions",
    modalities=("audio", "video"),
    licence="CC BY-NC-SA 4.0",
    cite="Livingstone, Russo, The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE 13(5) "
    "2018",
    labels=LABELS,
    options=RavdessOptions,
    read=read,
)
