"""Skeleton files of your own, in one of these layouts. Formats are those of `affekt.media.skeleton`.

    DIR/happy/walk1.npz                a folder for each class; files may lie deeper: happy/monday/walk2.csv
        happy/sub-anna_walk3.json      a file name that starts with sub-NAME_ states the subject
        sad/walk4.npz

    DIR/train/happy/walk1.npz          splits first, then classes; splits in any usual spelling: Training,
        val/sad/walk2.npz              train_set; valid, dev; testing. DIR may be the folder around them
        test/sad/walk3.npz

    DIR/happy/train/walk1.npz          classes first, then splits
        sad/test/walk2.npz

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        walks/0001.npz,happy,anna,train,a-17

A file that holds several walks gives samples id#0, id#1, ... Subjects matter: without them, walks of one
person may stand on both sides of a split. Class names in several spellings, names of splits among the
classes, and walks beside folders of splits stop a training; the options `merge_spellings`, `labels` and
`splits` settle them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.data.layouts.label_names import FolderOptions
from affekt.data.layouts.own_files import read_own_files
from affekt.media.skeleton import SUFFIXES, joint_order, read_each_skeleton


class SkeletonsOptions(FolderOptions):
    """How files, labels and splits are read; further attributes are those of `FolderOptions`.

    Attributes:
        joints: Joint order of files that state none: its name, or the joints with commas.
        up, rate_hz: Axis that is up (x, -x, y, -y, z or -z) and frame rate of files that state none.
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
    """Read and decode every file; a walk that is broken is skipped, with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, walks lie beside folders of splits, or fewer
            than two classes are found.
    """
    own = read_own_files(root, options, SUFFIXES, "skeleton file", several="files")
    order = joint_order(options.joints) if options.joints else None
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for line in own.lines:
        try:
            walks = read_each_skeleton(line.path, joints=order, up=options.up, rate_hz=options.rate_hz)
        except MediaError as error:
            skipped.append(Skipped(line.id, str(error)))
            continue
        for count, walk in enumerate(walks):
            name = f"{line.id}#{count}" if len(walks) > 1 else line.id
            if isinstance(walk, MediaError):
                skipped.append(Skipped(name, str(walk)))
            else:
                samples.append(
                    Sample(name, {"skeleton": walk}, label=line.label, subject=line.subject, split=line.split)
                )
    return own.corpus(samples, skipped)


DATASET = Dataset(
    title="Skeleton files of your own: a folder a class, parts of such folders, or a manifest",
    modalities=("skeleton",),
    licence="yours",
    cite="whoever recorded your walks",
    options=SkeletonsOptions,
    read=read,
)
