"""Spellings of the splits of a data set, as names of folders and as words in a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from affekt.core.sample import Split

# Values of an option that assigns splits to names; `ignore` excludes the samples.
NamedSplit = Literal["train", "validation", "test", "ignore"]

_SPELLINGS: Mapping[Split, Sequence[str]] = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("val", "valid", "validation", "validate", "dev", "devel", "development"),
    "test": ("test", "testing", "tst", "te"),
}
_WORDS: Mapping[str, Split] = {word: split for split, words in _SPELLINGS.items() for word in words}
# Used for the validation split and for the test split: the other names decide.
_EVALUATION = ("eval", "evaluation")
# Words next to the name of a split that are ignored: train_set, TestImages, "training data".
_FILLERS = frozenset({
    "set", "sets", "data", "dataset", "split", "part", "partition", "subset", "folder", "images", "image",
    "imgs", "img", "pictures", "pics", "photos", "faces", "videos", "video", "clips", "audio", "audios",
    "wavs", "sounds", "walks", "files", "samples",
})  # fmt: skip
# The same without a separator: trainset.
_GLUED = re.compile(rf"({'|'.join((*_WORDS, *_EVALUATION))})(?:{'|'.join(sorted(_FILLERS, reverse=True))})")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Further words that are not emotions: they name a split whose use is unknown here.
_NO_CLASS = frozenset({
    "trainval", "traintest", "valtest", "devtest", "publictest", "privatetest", "fold", "folds", "heldout",
    "holdout", "unseen", "unlabeled", "unlabelled",
})  # fmt: skip
_SHORT = frozenset({"tr", "te"})  # too short to name a split next to other words


def split_of(name: str) -> Split | None:
    """The split that a single name stands for; None if it is not the name of a split.

    Example:
        >>> [split_of(name) for name in ("Training", "val_set", "TestImages", "happy", "heldout")]
        ['train', 'validation', 'test', None, None]
    """
    word = _word_of(_words(name))
    return "validation" if word in _EVALUATION else _WORDS.get(word)


def splits_of(
    names: Collection[str], stated: Mapping[str, NamedSplit] | None = None
) -> dict[str, NamedSplit]:
    """The splits of names that occur together; names that are not those of a split are omitted.

    Words that all names share are ignored, as in `raf_train` and `raf_test`. `eval` is the validation split,
    or the test split if another name is that of the validation split and none that of the test split.

    Args:
        stated: Splits that an option assigns to names; they take precedence.
    """
    assigned: dict[str, NamedSplit] = {}
    for name, split in (stated or {}).items():
        assigned[name.casefold()] = split
    words = {name: _words(name) for name in names}
    shared = set.intersection(*map(set, words.values())) if words else set()
    shared -= {*_WORDS, *_EVALUATION}
    meant = {name: _word_of([word for word in found if word not in shared]) for name, found in words.items()}
    found: dict[str, NamedSplit] = {}
    for name in names:
        if name.casefold() in assigned:
            found[name] = assigned[name.casefold()]
        elif meant[name] in _WORDS:
            found[name] = _WORDS[meant[name]]
    for name in names:
        if meant[name] in _EVALUATION and name not in found:
            has_validation = "validation" in found.values() and "test" not in found.values()
            found[name] = "test" if has_validation else "validation"
    return found


def looks_like_split(name: str) -> bool:
    """Whether a name is more likely that of a split than that of a class.

    Example:
        >>> [looks_like_split(name) for name in ("test_2", "fold1", "held-out", "happy", "trust")]
        [True, True, True, False, False]
    """
    words = _words(name)
    known = {*_WORDS, *_EVALUATION, *_NO_CLASS} - _SHORT
    held_out = {"held", "out"} <= set(words) or {"hold", "out"} <= set(words)
    return bool(_word_of(words)) or held_out or any(word in known for word in words)


def option_for(name: str) -> str:
    """An example of the option `splits` that assigns a split to a name, for messages.

    Example:
        >>> option_for("01_train"), option_for("held out")
        ('{01_train = "train"}', '{"held out" = "test"}')
    """
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
    return f'{{{key} = "{"train" if "train" in name.casefold() else "test"}"}}'


def _words(name: str) -> list[str]:
    """Words of a name in small letters, without those that are ignored."""
    words = [word.lower() for run in _WORD.findall(name) for word in _CAMEL.split(run)]
    plain = [match[1] if (match := _GLUED.fullmatch(word)) else word for word in words]
    return [word for word in plain if word not in _FILLERS] or plain


def _word_of(words: Collection[str]) -> str:
    """The word that names a split, if it is the only word; else empty."""
    one = next(iter(words), "")
    return one if len(words) == 1 and (one in _WORDS or one in _EVALUATION) else ""
