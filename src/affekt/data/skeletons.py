"""Skeleton files of your own, in one of two layouts. Formats are those of `affekt.media.skeleton`.

    DIR/happy/walk1.npz                a folder a class; files may lie deeper, as in happy/monday/walk2.csv
        happy/sub-anna_walk3.json      a file name that starts with sub-NAME_ states the subject
        sad/walk4.npz

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        walks/0001.npz,happy,anna,train,a-17

A file that holds several walks gives samples id#0, id#1, ... Subjects matter: without them, walks of one
person may stand on both sides of a split.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.data._manifest import (
    check_label_names,
    find_manifest,
    make_label_set,
    read_manifest,
    walk_classes,
)
from affekt.media.skeleton import joint_order, read_each_skeleton


class SkeletonsOptions(Settings):
    """How files and labels are read.

    Attributes:
        joints: Joint order of files that state none: its name, or the joints with commas.
        up, rate_hz: Axis that is up (x, -x, y, -y, z or -z) and frame rate of files that state none.
        labels: Class names in the order of the network's outputs; the names found, sorted, if left out.
    """

    joints: str | None = None
    up: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    rate_hz: float | None = Field(default=None, gt=0)
    labels: tuple[str, ...] = ()

    @field_validator("joints")
    @classmethod
    def _is_an_order(cls, text: str | None) -> str | None:
        try:
            joint_order(text or "emotion_gait")
        except UsageError as error:
            raise ValueError(str(error)) from None
        return text

    _make_a_set = field_validator("labels")(check_label_names)


def read(root: Path, options: SkeletonsOptions) -> Corpus:
    """Read and decode every file; a walk that is broken is skipped, with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, or fewer than two classes are found.
    """
    manifest = find_manifest(root)
    lines = read_manifest(manifest) if manifest else list(walk_classes(root, root))
    if not lines:
        raise DataError(
            f"{root} holds neither manifest.csv nor a folder of files for each class, as in happy/walk1.npz"
        )
    labels = make_label_set(root, lines, options.labels)
    order = joint_order(options.joints) if options.joints else None
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for line in lines:
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
    return Corpus(samples, labels, skipped)


DATASET = Dataset(
    title="Skeleton files of your own: a folder a class, or a manifest",
    modalities=("skeleton",),
    licence="yours",
    cite="whoever recorded your walks",
    options=SkeletonsOptions,
    read=read,
)
