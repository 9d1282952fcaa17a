"""Your own single lines, without context: CSV, TSV or JSONL, in one file or in a file for each part.

    DIR/train.csv                       parts in any usual spelling: train, val, dev, test
        test.csv
    DIR/reviews.tsv                     or a single file, which may also be the data root itself

    text,label,split,subject,id         one label for each line
    "Well, hello.",joy,train,ann,

    text,labels                         several labels for each line, separated by the option `separator`
    "What a day!",joy|surprise

    {"text": "What a day!", "labels": ["joy", "surprise"]}

Only `text` is required; the option `columns` names columns that are called otherwise, as in
{text = "comment"}. A line without a label is neither trained on nor scored; of several labels an empty list
`[]` states that none is present. State subjects, such as authors, if you can: without them lines of one
person may be in several parts. Labels in several spellings are errors that stop training; the options
`merge_spellings`, `labels` and `splits` resolve them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from affekt.core.dataset import Corpus, Dataset, OwnFiles
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.task import find_task
from affekt.data.layouts.text_tables import SUFFIXES
from affekt.data.text.own_lines import Line, LineOptions, OwnLines, read_own_lines, with_labels, words_in

REQUIRED, OPTIONAL = ("text",), ("label", "labels", "split", "subject", "id")
_SIGNS = ("|", ";", ",", "/")  # that people put between labels


class TextsOptions(LineOptions):
    """How files, labels and splits are read; further attributes are those of `LineOptions`.

    Attributes:
        separator: Between the labels of a cell in the column `labels`.
    """

    separator: str = Field(default="|", min_length=1)


def read(root: Path, options: TextsOptions) -> Corpus:
    """Read every line; a line without words is skipped.

    Raises:
        DataError: There is no file, a column is missing, there are both one label and several, or fewer than
            two labels are found.
    """
    own = read_own_lines(root, options, required=REQUIRED, optional=OPTIONAL)
    if {"label", "labels"} <= own.columns:
        raise DataError(f"{root} has the columns label and labels: keep the one that is to be predicted")
    samples: list[Sample] = []
    several: list[Sequence[str] | None] = []
    for line in own.lines:
        words = words_in(line)
        if isinstance(words, Skipped):
            own.skipped.append(words)
            continue
        samples.append(
            Sample(
                line.stated("id") or line.where.replace(" line ", "-"),
                {"text": words},
                line.text("label"),
                subject=line.stated("subject"),
                split=line.split,
            )
        )
        several.append(_labels_of(line, options.separator))
    if "labels" in own.columns:
        samples, labels = _with_several(own, samples, several, options)
        task = find_task("multi_label")
    else:
        samples, labels = with_labels(own, samples, options)
        task = find_task("single_label")
    return Corpus(samples, labels, own.skipped, task, tuple(own.problems), tuple(own.errors))


def _labels_of(line: Line, separator: str) -> list[str] | None:
    """The labels in the column `labels`; None if it is empty."""
    value = line.cells.get("labels")
    if isinstance(value, list):
        return [str(one).strip() for one in value if str(one).strip()]
    text = line.text("labels")
    return [one for part in text.split(separator) if (one := part.strip())] if text else None


def _with_several(
    own: OwnLines, samples: Sequence[Sample], several: Sequence[Sequence[str] | None], options: TextsOptions
) -> tuple[list[Sample], LabelSet]:
    """Samples with weights of their final labels, each resolved as a single label is."""
    flat = [
        replace(sample, label=name)
        for sample, names in zip(samples, several, strict=True)
        for name in names or ()
    ]
    resolved, labels = with_labels(own, flat, options)
    joined = [
        name for name in labels.names if any(sign in name for sign in _SIGNS) and name not in options.labels
    ]
    if joined:
        own.problems.append(
            f"label {joined[0]!r} looks like several labels: the option separator is {options.separator!r}"
        )
    final = iter(resolved)
    found: list[Sample] = []
    for sample, names in zip(samples, several, strict=True):
        named = [next(final).label for _ in names or ()]
        weights = {name: 1.0 for name in named if name is not None}
        # Words such as `nan` are no labels: the line is then not labelled.
        stated = names is not None and (bool(weights) or not names)
        found.append(replace(sample, label=None, label_weights=weights if stated else None))
    return found, labels


DATASET = Dataset(
    title="Your own single lines, with one label or several",
    modalities=("text",),
    licence="yours",
    cite="the authors of your lines",
    options=TextsOptions,
    read=read,
    own=OwnFiles(
        {"lines": ("text",)},
        SUFFIXES,
        "a table (.csv, .tsv or .jsonl) with the columns text and label, or such files called train, "
        "val and test",
    ),
)
