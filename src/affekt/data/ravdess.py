"""RAVDESS: actors speak or sing two sentences, eight emotions (Livingstone and Russo, 2018).

    DIR/Actor_01/03-01-05-01-02-01-01.wav       as published, at any depth; names are
                                                modality-channel-emotion-intensity-statement-repetition-actor;
                                                a recording that lies there twice is read once

    DIR/labels.csv                              where it exists, it alone counts; lines such as
        audio/a.flac                            file,split,class,actor,intensity,statement,repetition,gender
                                                audio/a.flac,train,fearful,1,strong,2,1,male

Numbers of a name: modality 1 video with sound, 2 video alone, 3 sound alone; channel 1 speech, 2 song;
emotion 1 neutral, 2 calm, 3 happy, 4 sad, 5 angry, 6 fearful, 7 disgust, 8 surprised; intensity 1 normal,
2 strong; statement 1 "Kids are talking by the door", 2 "Dogs are sitting by the door"; actors 1 to 24, odd
ones male.

Actors are subjects. The set as published has no parts: `split.scheme = "k_fold"` in a recipe makes folds of
actors. Many published scores have the same actors on both sides and do not compare.
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
_SAID = {"1": "video_audio", "2": "video", "3": "audio"}
_CHANNELS = {"1": "speech", "2": "song"}
_INTENSITIES = {"1": "normal", "2": "strong"}


class RavdessOptions(Settings):
    """Which recordings are read, where names say what they are.

    Attributes:
        channel: Spoken or sung; the others are left out, without counting them as skipped.
        modality: Sound alone, video alone, or video with sound: the same performances three times. Needed
            only where the folder holds several.
    """

    channel: Literal["speech", "song"] = "speech"
    modality: Literal["audio", "video", "video_audio"] | None = None


def read(root: Path, options: RavdessOptions) -> Corpus:
    """Read the table, or names where there is none; a name that says nothing is skipped.

    Raises:
        DataError: There are no recordings, those of several modalities and no choice, or a row is wrong.
    """
    if (root / TABLE).is_file():
        samples, skipped, problems = read_table(
            root / TABLE, LABELS, speaker="actor", recording_of=_recording
        )
        return Corpus(samples, LABELS, skipped, problems=problems)
    files, others = recordings_below(root)
    if not files:
        raise DataError(
            f"{root} holds neither {TABLE} nor recordings such as Actor_01/03-01-05-01-02-01-01.wav"
        )
    said = {path: _NAME.fullmatch(path.stem) for path in files}
    kinds = {
        path: (_CHANNELS[name["channel"]], _SAID[name["modality"]]) for path, name in said.items() if name
    }
    found = sorted({modality for channel, modality in kinds.values() if channel == options.channel})
    if len(found) > 1 and options.modality is None:
        raise DataError(
            f"{root} holds {options.channel} as {', '.join(found)}: the same performances several times; "
            "choose with the option modality"
        )
    wanted = (options.channel, options.modality or "".join(found))
    samples, skipped, problems = read_names(
        root, [path for path in files if kinds.get(path, wanted) == wanted], _recording
    )
    if not samples and kinds:
        there = sorted({f"{channel} as {modality}" for channel, modality in kinds.values()})
        raise DataError(
            f"{root} holds no usable {options.channel}{f' as {wanted[1]}' if wanted[1] else ''}; "
            f"by their names, files are {', '.join(there)}"
        )
    return Corpus(samples, LABELS, [*skipped, *others], problems=problems)


def _recording(name: str) -> Recording | str:
    said = _NAME.fullmatch(name)
    if said is None or not 1 <= int(said["actor"]) <= ACTORS:
        return f"{name} is not like 03-01-05-01-02-01-01, numbers in their range"
    return Recording(
        LABELS.names[int(said["emotion"]) - 1],
        said["actor"],
        {
            "intensity": _INTENSITIES[said["intensity"]],
            "statement": said["statement"],
            "repetition": said["repetition"],
            "gender": "male" if int(said["actor"]) % 2 else "female",
            "channel": _CHANNELS[said["channel"]],
        },
        _MODALITIES[said["modality"]],
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
