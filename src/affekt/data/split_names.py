"""How people spell the splits of a data set, as names of folders and as words in a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from affekt.core.sample import Split

# What an option may say of a split's name; `ignore` leaves its samples out.
NamedSplit = Literal["train", "validation", "test", "ignore"]

_SPELLINGS: Mapping[Split, Sequence[str]] = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("val", "valid", "validation", "validate", "dev", "devel", "development"),
    "test": ("test", "testing", "tst", "te"),
}
_WORDS: Mapping[str, Split] = {word: split for split, words in _SPELLINGS.items() for word in words}
# Some say it of the validation split, some of the test split: the other names decide.
_EVALUATION = ("eval", "evaluation")
# Words beside a split's name that change nothing: train_set, TestImages, "training data".
_FILLERS = frozenset({
    "set", "sets", "data", "dataset", "split", "part", "partition", "subset", "folder", "images", "image",
    "imgs", "img", "pictures", "pics", "photos", "faces", "videos", "video", "clips", "audio", "audios",
    "wavs", "sounds", "walks", "files", "samples",
})  # fmt: skip
# Glued to it without a separator: trainset.
_GLUED = re.compile(rf"({'|'.join((*_WORDS, *_EVALUATION))})(?:{'|'.join(sorted(_FILLERS, reverse=True))})")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Further words that are no emotion: they name a split whose use only its owner knows.
_NO_CLASS = frozenset({
    "trainval", "traintest", "valtest", "devtest", "publictest", "privatetest", "fold", "folds", "heldout",
    "holdout", "unseen", "unlabeled", "unlabelled",
})  # fmt: skip
_SHORT = frozenset({"tr", "te"})  # too short to mean a split beside other words


def split_of(name: str) -> Split | None:
    """The split that a name means by itself; None where it means none.

    Example:
        >>> [split_of(name) for name in ("Training", "val_set", "TestImages", "happy", "heldout")]
        ['train', 'validation', 'test', None, None]
    """
    word = _word_of(_words(name))
    return "validation" if word in _EVALUATION else _WORDS.get(word)


def splits_of(
    names: Collection[str], stated: Mapping[str, NamedSplit] | None = None
) -> dict[str, NamedSplit]:
    """The split of each name that means one, beside each other.

    Words that all names share are ignored, as in `raf_train` and `raf_test`. `eval` means the validation
    split, or the test split where another name means validation and none means test.

    Args:
        stated: What an option says of names; wins over what they seem to mean.
    """
    said: dict[str, NamedSplit] = {}
    for name, split in (stated or {}).items():
        said[name.casefold()] = split
    words = {name: _words(name) for name in names}
    shared = set.intersection(*map(set, words.values())) if words else set()
    shared -= {*_WORDS, *_EVALUATION}
    meant = {name: _word_of([word for word in found if word not in shared]) for name, found in words.items()}
    found: dict[str, NamedSplit] = {}
    for name in names:
        if name.casefold() in said:
            found[name] = said[name.casefold()]
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
    """The option `splits` that would state a name, as an example for a message.

    Example:
        >>> option_for("01_train"), option_for("held out")
        ('{01_train = "train"}', '{"held out" = "test"}')
    """
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
    return f'{{{key} = "{"train" if "train" in name.casefold() else "test"}"}}'


def _words(name: str) -> list[str]:
    """Words of a name in small letters, without those that change nothing."""
    words = [word.lower() for run in _WORD.findall(name) for word in _CAMEL.split(run)]
    plain = [match[1] if (match := _GLUED.fullmatch(word)) else word for word in words]
    return [word for word in plain if word not in _FILLERS] or plain


def _word_of(words: Collection[str]) -> str:
    """The one word that means a split; empty where there are others."""
    one = next(iter(words), "")
    return one if len(words) == 1 and (one in _WORDS or one in _EVALUATION) else ""
