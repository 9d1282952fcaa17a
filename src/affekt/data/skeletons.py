"""Your own skeleton files, in one of these layouts. Formats are those of `affekt.media.skeleton`.

    DIR/happy/walk1.npz                a folder for each class; files may be deeper: happy/monday/walk2.csv
        happy/sub-anna_walk3.json      a file name that starts with sub-NAME_ states the subject
        sad/walk4.npz

    DIR/train/happy/walk1.npz          splits first, then classes; splits in any usual spelling: Training,
        val/sad/walk2.npz              train_set; valid, dev; testing. DIR may be the folder around them
        test/sad/walk3.npz

    DIR/happy/train/walk1.npz          classes first, then splits
        sad/test/walk2.npz

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names are ignored
        path,label,subject,split,id             the last three are optional, as columns and in each row
        walks/0001.npz,happy,anna,train,a-17

A file with several walks gives samples id#0, id#1, ... State subjects if you can: without them, walks of one
person may be in the training and the test split. Class names in several spellings, names of splits among the
classes, and walks beside folders of splits are errors that stop training; the options `merge_spellings`,
`labels` and `splits` resolve them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from affekt.core.dataset import Corpus, Dataset, OwnFiles
from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.core.wording import counted
from affekt.data.layouts.custom_files import own_layout, read_custom_files
from affekt.data.layouts.label_names import FolderOptions
from affekt.media.skeleton import SUFFIXES, joint_order, read_each_skeleton


class SkeletonsOptions(FolderOptions):
    """How files, labels and splits are read; further attributes are those of `FolderOptions`.

    Attributes:
        joints: Joint order of files that do not state one: its name, or the joints separated by commas.
        up, rate_hz: Upward axis (x, -x, y, -y, z or -z) and frame rate of files that do not state them.
    """

    joints: str | None = None
    up: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    rate_hz: float | None = Field(default=None, gt=0)

    @field_validator("joints")
    @classmethod
    def _is_an_order(cls, text: str | None) -> str | None:
        try:
            joint_order(text or "emotion_gait")
        except UsageError as error:
            raise ValueError(str(error)) from None
        return text


def read(root: Path, options: SkeletonsOptions) -> Corpus:
    """Read and decode every file; a damaged walk is skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, walks are beside folders of splits, or fewer
            than two classes are found.
    """
    own = read_custom_files(root, options, SUFFIXES, "skeleton file", several="files")
    order = joint_order(options.joints) if options.joints else None
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for file in own.files:
        try:
            walks = read_each_skeleton(file.path, joints=order, up=options.up, rate_hz=options.rate_hz)
        except MediaError as error:
            skipped.append(Skipped(file.id, str(error)))
            continue
        for count, walk in enumerate(walks):
            name = f"{file.id}#{count}" if len(walks) > 1 else file.id
            if isinstance(walk, MediaError):
                skipped.append(Skipped(name, str(walk)))
            else:
                samples.append(
                    Sample(name, {"skeleton": walk}, label=file.label, subject=file.subject, split=file.split)
                )
    corpus = own.corpus(samples, skipped)
    without = sum(sample.media["skeleton"].rate_hz is None for sample in samples)
    return replace(corpus, notes=(*corpus.notes, _rate_note(without, len(samples)))) if without else corpus


def _rate_note(without: int, walks: int) -> str:
    what = f"{without} of {counted(walks, 'walk')} state no frame rate"
    if without < walks:
        return f"{what}: they are assumed to have the most frequent one; the option rate_hz states it"
    return (
        f"{what}: a network that is trained on them cannot tell whether a walk it is asked about has the "
        "same rate, and its answers say so; the option rate_hz states it (data.options.rate_hz in train, "
        "rate_hz in data check)"
    )


DATASET = Dataset(
    title="Your own skeleton files: a folder per class, with or without folders of splits, or a manifest",
    modalities=("skeleton",),
    licence="yours",
    cite="the authors of your recordings",
    options=SkeletonsOptions,
    read=read,
    own=OwnFiles({"skeleton files": ("skeleton",)}, tuple(SUFFIXES), own_layout("walk1.npz")),
)
