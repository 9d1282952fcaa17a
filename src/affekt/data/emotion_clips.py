"""Frames, sound and spoken words of clips by class: a convention for IEMOCAP, Aff-Wild2, ERATO and others.

    DIR/img/Happy/clip_a/000001.jpg     frames, with an optional file n_frames: the number of the last frame
        mp3/Happy/clip_a.mp3            sound, with the name of the folder of frames; optional
        srt/Happy/clip_a.srt            spoken words; optional

    DIR/train/img/Happy/clip_a/...      folders of splits, in any usual spelling, around such folders
    DIR/img/train/Happy/clip_a/...      or in them
        mp3/train/Happy/clip_a.mp3

DIR may also be the parent folder, as in IEMOCAP/img. Folders of `img` are the classes, or splits with folders
of classes. In some copies sounds are numbered instead: 1.mp3 is that of the first clip of a class
(`sound_names = "numbers"`). Names of IEMOCAP clips, as in img/Angry/Ses01F_impro01_F012, contain the session
(`subject = "iemocap_session"`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from affekt.core.dataset import Corpus, Dataset
from affekt.core.sample import Sample, Skipped
from affekt.core.wording import counted
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.clip_trees import ClipTree, find_split_trees
from affekt.data.layouts.label_names import LabelOptions, resolve_labels
from affekt.data.layouts.tables import raise_problems

_SESSION = re.compile(r"(?P<session>Ses\d\d)[FM]_.+")


class EmotionClipsOptions(LabelOptions):
    """How names are read; `labels` and `merge_spellings` are those of `LabelOptions`.

    Attributes:
        sound_names: Sounds have the names of the folders of frames, or numbers: n.mp3 is the sound of the
            n-th clip of its class, clips sorted character by character.
        subject: `iemocap_session` uses the session of two speakers as the subject, so that all clips of a
            speaker are in the same split.
        rate_hz: Frames per second of extracted frames, if known; needed to give times within a clip.
    """

    sound_names: Literal["stems", "numbers"] = "stems"
    subject: Literal["none", "iemocap_session"] = "none"
    rate_hz: float | None = Field(None, gt=0, allow_inf_nan=False)


def read(root: Path, options: EmotionClipsOptions) -> Corpus:
    """List every clip; clips without frames and sounds without a clip are skipped with the reason.

    Raises:
        DataError: There are no frames, numbered sounds and clips differ in number, the name of a clip does
            not contain a session, or fewer than two classes are found.
    """
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    annotated: list[AnnotatedFile] = []
    for prefix, split, tree in find_split_trees(root):
        if options.sound_names == "numbers":
            tree = replace(tree, audio=_by_number(tree))
        skipped += tree.skipped
        for label, clips in tree.video.items():
            for clip in clips:
                name = f"{prefix}{label}/{clip}"
                media, session = tree.media(label, clip), _SESSION.fullmatch(clip)
                annotated.append(AnnotatedFile(name, tree.source, label, None, split))
                if isinstance(media, str):
                    skipped.append(Skipped(name, media))
                elif options.subject == "iemocap_session" and session is None:
                    problems.append(f"{name} contains no session; names must be like Ses01F_impro01_F012")
                else:
                    subject = session["session"] if session and options.subject != "none" else None
                    facts = {"rate_hz": options.rate_hz} if options.rate_hz is not None else {}
                    samples.append(Sample(name, media, label, subject=subject, split=split, facts=facts))
        skipped += _without_clip(tree)
    raise_problems(root, problems)
    labelled = resolve_labels(root, annotated, options)
    final = {file.id: file.label for file in labelled.files}
    return Corpus(
        [replace(sample, label=final[sample.id]) for sample in samples],
        labelled.labels,
        skipped,
        problems=tuple(labelled.problems),
        errors=tuple(labelled.errors),
    )


def _by_number(tree: ClipTree) -> Mapping[str, Mapping[str, Path]]:
    """Numbered sounds, by the name of their clip.

    Raises:
        DataError: A class has more or fewer sounds than clips, or sounds with other names.
    """
    problems: list[str] = []
    found: dict[str, dict[str, Path]] = {}
    for label, clips in tree.video.items():
        sounds = tree.audio.get(label, {})
        numbers = [str(number) for number in range(1, len(clips) + 1)]
        if sounds.keys() == set(numbers):
            found[label] = {clip: sounds[number] for number, clip in zip(numbers, clips, strict=True)}
        else:
            strange = sorted(sounds.keys() - set(numbers))
            problems.append(
                f"{label} has {counted(len(clips), 'clip')}, but {counted(len(sounds), 'sound')}"
                + (f", such as {strange[0]}" if strange else "")
                + f"; 1 to {len(clips)} were expected"
            )
    raise_problems(tree.source, problems)
    return found


def _without_clip(tree: ClipTree) -> list[Skipped]:
    hint = "its name must be that of a folder of frames; for 1.mp3, 2.mp3 set sound_names = 'numbers'"
    return [
        Skipped(f"{label}/{path.name}", f"{path} belongs to no clip of {tree.source}: {hint}")
        for places in (tree.audio, tree.text)
        for label, files in places.items()
        for stem, path in files.items()
        if stem not in tree.video.get(label, {})
    ]


DATASET = Dataset(
    title="Clips as frames, sound and spoken words by class: IEMOCAP, Aff-Wild2, ERATO and others",
    modalities=("video", "audio"),
    licence="that of the data set",
    cite="the authors of the data set",
    options=EmotionClipsOptions,
    read=read,
)
