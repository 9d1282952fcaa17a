"""GoEmotions: comments of Reddit, 27 emotions and neutral, several for each (Demszky et al., 2020).

    DIR/train.tsv                       as published: no header, no quotes
        dev.tsv
        test.tsv                        may be absent
        labels.txt                      names of the labels, a line each; their order numbers them

    Thanks a lot.<TAB>15<TAB>abc1234    words, numbers of labels, id of the comment
    What a day!<TAB>17,26<TAB>abc1235

Each comment is a subject of its own. Thresholds of the labels are chosen on the validation part. Where the
test part is absent, `dev = "test"` makes the dev part the test part: training then cuts its validation part
from `train.tsv`, thresholds are chosen there, and dev is only scored.

`labels = "basic-7"` gives each comment one of seven labels, those of the set `fer-7`, by the map of
`affekt.data.text.basic_emotions`; comments whose labels map to none or to several of them are skipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import Settings
from affekt.core.task import find_task
from affekt.data.layouts.tables import raise_problems
from affekt.data.layouts.text_tables import EMPTY, read_text, split_lines
from affekt.data.text.basic_emotions import BASIC, with_one_label
from affekt.data.text.turns import PARTS, absent_parts, files_of_parts, plain_words

LABELS = label_set("goemotions-28")
CELLS = 3
_HOMES = ("", "goemotions", "data/original", "original")


class GoEmotionsOptions(Settings):
    """Labels, and use of the dev part.

    Attributes:
        labels: All labels of a comment, or one of seven basic emotions.
        dev: `validation` as published; `test` scores it, and is refused where a test part exists.
    """

    labels: Literal["goemotions-28", "basic-7"] = "goemotions-28"
    dev: Literal["validation", "test"] = "validation"


def read(root: Path, options: GoEmotionsOptions) -> Corpus:
    """Read the parts that exist; a line without words is skipped.

    Raises:
        DataError: There is no file, names of the labels differ, lines are wrong, or both dev and test would
            be the test part.
    """
    files = files_of_parts([root / home for home in _HOMES], ["{}.tsv"])
    if not files:
        raise DataError(f"{root} does not contain train.tsv")
    if options.dev == "test" and "test" in files:
        raise DataError(
            f'{files["test"]} exists: the option dev = "test" would mix two parts; leave the option out'
        )
    _check_names(next(iter(files.values())).with_name("labels.txt"))
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems = [] if options.dev == "test" else absent_parts(files)
    for part, path in files.items():
        split: Split = "test" if part == "dev" and options.dev == "test" else PARTS[part]
        found, bare, notes = _lines(path, split)
        samples += found
        skipped += bare
        problems += notes
    if options.labels == "basic-7":
        items = [with_one_label(sample) for sample in samples]
        skipped += [item for item in items if isinstance(item, Skipped)]
        samples = [item for item in items if isinstance(item, Sample)]
        return Corpus(samples, BASIC, skipped, problems=tuple(problems))
    return Corpus(samples, LABELS, skipped, find_task("multi_label"), problems=tuple(problems))


def _check_names(path: Path) -> None:
    """Numbers in the files are places in this list.

    Raises:
        DataError: The names are others, or in another order.
    """
    if path.is_file():
        found = tuple(line.strip() for line in split_lines(read_text(path)[0]) if line.strip())
        if found != LABELS.names:
            raise DataError(
                f"{path} numbers other labels: expected {', '.join(LABELS.names[:3])}, ... "
                f"({len(LABELS)}), found {', '.join(found[:3])}, ... ({len(found)})"
            )


def _lines(path: Path, split: Split) -> tuple[list[Sample], list[Skipped], list[str]]:
    """Samples, lines without words, and notes.

    Raises:
        DataError: Listing the lines that are wrong.
    """
    text, notes = read_text(path)
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    for number, line in enumerate(split_lines(text), start=1):
        cells = line.split("\t")
        where = f"{path.name} line {number}"
        if not line.strip():
            skipped.append(Skipped(where, "the line is empty", EMPTY))
            continue
        if len(cells) != CELLS:
            problems.append(
                f"line {number}: {len(cells)} cells; words, numbers of labels and id were expected"
            )
            continue
        words, stated, comment = plain_words(cells[0]), cells[1].split(","), cells[2].strip()
        if not all(one.strip().isdecimal() and int(one) < len(LABELS) for one in stated):
            problems.append(f"line {number}: labels {cells[1]!r} are not numbers from 0 to {len(LABELS) - 1}")
        elif not words:
            skipped.append(Skipped(where, "it has no words", EMPTY))
        else:
            weights = {LABELS.names[int(one)]: 1.0 for one in stated}
            samples.append(
                Sample(
                    comment or where,
                    {"text": words},
                    label_weights=weights,
                    subject=comment or where,
                    split=split,
                )
            )
    raise_problems(path, problems)
    return samples, skipped, notes


DATASET = Dataset(
    title="GoEmotions, comments of Reddit, 27 emotions and neutral, several for each",
    modalities=("text",),
    licence="CC BY 4.0",
    cite="Demszky et al., GoEmotions: A Dataset of Fine-Grained Emotions, ACL 2020",
    options=GoEmotionsOptions,
    read=read,
)
