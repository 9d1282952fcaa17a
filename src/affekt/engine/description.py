"""What a training starts with, in words: classes, parts, subjects, and what limits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError, DataError, MediaError
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import own_recipes
from affekt.core.sample import Preprocess, Sample
from affekt.core.wording import counted
from affekt.data.own_files import methods_for
from affekt.engine.splits import PARTS, Parts
from affekt.report.wording import some

_FEW = 5  # training samples of a class; below this a network learns the samples, not the class
_LISTED = 12  # classes whose counts are shown


def describe_data(recipe: Recipe, corpus: Corpus, parts: Parts) -> list[str]:
    """Lines that state classes, counts and subjects of each part, and how they were made."""
    lines = [f"{name}: {_part_text(corpus, parts.part(name))}" for name in PARTS if parts.part(name)]
    return [*lines, f"parts: {_how(recipe, parts)}"]


def limits_of_data(corpus: Corpus, parts: Parts) -> list[str]:
    """What is wrong or too little in the parts, a sentence each.

    Raises:
        DataError: Too few classes have training samples.
    """
    lines: list[str] = []
    if corpus.task.has_classes and not corpus.task.has_several:
        lines += _class_limits(corpus, parts)
    known = [sample for name in PARTS for sample in parts.part(name)]
    without = sum(sample.subject is None for sample in known)
    if without:
        some_of = (
            "no subject is" if without == len(known) else f"of {counted(without, 'sample')} no subject is"
        )
        lines.append(
            f"{some_of} known: one person may be in several parts, and scores may not hold for new people. "
            "State subjects if you can (a column subject, or file names that begin with sub-NAME_)"
        )
    return lines


def check_readable(
    recipe: Recipe, samples: Sequence[Sample], preprocess: Preprocess, *, root: Path | None
) -> None:
    """Refuse data of which not one training sample can be prepared; usually one is read.

    Raises:
        DataError: With the reason of the first one.
    """
    if recipe.train.cached_views:
        return  # what fills the cache names what it cannot read; a filled one needs no media
    first = ""
    for sample in samples:
        try:
            preprocess(sample)
        except MediaError as error:
            first = first or f"{sample.id}: {error}"
        else:
            return
    raise DataError(
        f"none of {counted(len(samples), 'training sample')} can be read by {recipe.method}, such as {first}"
        f"{methods_for(root, but=_alike(recipe.method))}"
    )


def check_batches(recipe: Recipe, parts: Parts) -> None:
    """Refuse a training part that is smaller than one batch, if batches that are not full are dropped.

    Raises:
        ConfigError: It is.
    """
    found, size = len(parts.train), recipe.train.batch_size
    if recipe.train.drop_last and found < size:
        fitting = 2 ** max(1, (found // 2).bit_length() - 1)
        raise ConfigError(
            f"recipe for {recipe.method}",
            [
                f"{counted(found, 'training sample')} do not fill a batch of train.batch_size = {size}, and "
                f"train.drop_last drops others: add samples, or --set train.batch_size={fitting}"
            ],
        )


def _alike(method: str) -> list[str]:
    """Methods that read the same modalities as one."""
    read = {name: {*catalog.card(name).modalities} for name in (method, *(it.method for it in own_recipes()))}
    return [name for name, modalities in read.items() if modalities == read[method]]


def _class_limits(corpus: Corpus, parts: Parts) -> list[str]:
    lines: list[str] = []
    train = _counts(corpus, parts.train)
    names, fewest = corpus.labels.names, corpus.task.fewest_learned
    there = [name for name in names if train[name]]
    if len(there) < fewest:
        raise DataError(
            f"the training part has samples of {some(there) or 'no class'} only, of "
            f"{counted(len(names), 'class')}: {fewest} or more are needed; add samples or people of others"
        )
    if none := [name for name in names if not train[name]]:
        lines.append(f"no training sample of {some(none)}: the network cannot learn it")
    if few := [f"{name} ({train[name]})" for name in there if train[name] < _FEW]:
        lines.append(f"few training samples of {some(few)}: answers of these classes will hardly be right")
    for part in PARTS[1:]:
        found = _counts(corpus, parts.part(part))
        if found and (lacking := [name for name in there if name not in found]):
            lines.append(f"no {part} sample of {some(lacking)}: scores of this part say nothing about it")
    return lines


def _counts(corpus: Corpus, samples: Sequence[Sample]) -> Counter[str]:
    """Samples of each class, as the task counts them."""
    return Counter(name for sample in samples for name in corpus.task.classes_of(sample))


def _part_text(corpus: Corpus, samples: Sequence[Sample]) -> str:
    text = counted(len(samples), "sample")
    if corpus.task.has_classes:
        counts = _counts(corpus, samples)
        listed = [f"{name} {counts[name]}" for name in corpus.labels.names[:_LISTED]]
        more = len(corpus.labels) - _LISTED
        text += f" ({', '.join(listed)}{f' and {more} more' if more > 0 else ''})"
    subjects = {sample.subject for sample in samples if sample.subject is not None}
    return f"{text}, of {counted(len(subjects), 'subject')}" if subjects else text


def _how(recipe: Recipe, parts: Parts) -> str:
    """How the parts were made, in words."""
    split, every = recipe.split, [sample for name in PARTS for sample in parts.part(name)]
    subjects = {sample.subject for sample in every if sample.subject is not None}
    whole = ", subjects kept whole" if subjects else ""
    if split.scheme == "k_fold":
        ignored = " (parts that the data state are not used)" if any(it.split for it in every) else ""
        test = f"test is fold {split.fold} of {split.folds}{whole}{ignored}"
    elif any(sample.split == "test" for sample in every):
        test = "test as the data state it"
    elif parts.test:
        test = f"test is {split.test_share:g} of the samples{whole} (--hold-out)"
    else:
        test = "nothing is held out for a test"
    if split.validate_on_test:
        return f"{test}; epochs are selected on it"
    use = "calibrates confidences" if recipe.selection.last_epoch else "selects the epoch"
    if split.scheme == "native" and any(sample.split == "validation" for sample in every):
        return f"{test}; validation, which {use}, as the data state it"
    share = f"about {split.validation_share:g} of the rest"
    return f"{test}; validation, which {use}, is {share}{whole} (split.validation_share)"
