"""The classes that several networks share, and what is lost when their answers are mapped to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from affekt.core.labels import LabelSet, emotion_of
from affekt.core.wording import counted

POLARITIES = ("negative", "neutral", "positive")
LEAST_SHARED = 2  # classes: with fewer there is nothing to decide between


class Mapped(NamedTuple):
    """The classes of one network in the shared classes.

    Attributes:
        names: Shared class by class of the network; None for a class that is lost.
        note: What is lost, a sentence; empty if nothing is.
    """

    names: dict[str, str | None]
    note: str


class SharedLabels(NamedTuple):
    """The classes of a fused answer.

    Attributes:
        names: In the order of the network with the fewest classes.
        mapped: By network, in the order given.
    """

    names: tuple[str, ...]
    mapped: tuple[Mapped, ...]


def shared_labels(label_sets: Sequence[LabelSet]) -> SharedLabels:
    """The emotions that all networks know, by name; if fewer than two, the polarities.

    `joy` and `happiness` are one emotion (`affekt.core.labels.emotion_of`). Where the networks share fewer
    than two emotions, each class counts for its polarity: negative, neutral or positive. No names are shared
    if a network then has no class of a known polarity.

    Example:
        >>> faces, voices = LabelSet.of("anger", "happiness", "neutral"), LabelSet.of("calm", "angry", "joy")
        >>> shared_labels([faces, voices]).names
        ('anger', 'happiness')
        >>> shared_labels([faces, LabelSet.of("negative", "positive")]).names
        ('negative', 'positive')
    """
    if not label_sets:
        return SharedLabels((), ())
    known = [{name: emotion_of(name) for name in labels.names} for labels in label_sets]
    smallest = min(known, key=len)
    emotions = [
        emotion
        for emotion in dict.fromkeys(smallest.values())
        if emotion and all(emotion in names.values() for names in known)
    ]
    if len(emotions) >= LEAST_SHARED or len(label_sets) == 1:
        return _shared(label_sets, known, emotions)
    signs = [{name: labels.polarity_of(name) for name in labels.names} for labels in label_sets]
    common = [sign for sign in POLARITIES if all(sign in names.values() for names in signs)]
    return _shared(label_sets, signs, common if len(common) >= LEAST_SHARED else [])


def _shared(
    label_sets: Sequence[LabelSet], known: Sequence[Mapping[str, str | None]], shared: Sequence[str]
) -> SharedLabels:
    mapped: list[Mapped] = []
    for labels, names in zip(label_sets, known, strict=True):
        found = {name: names[name] if names[name] in shared else None for name in labels.names}
        lost = [name for name, target in found.items() if target is None]
        note = ""
        if shared and lost:
            note = (
                f"the other networks lack {counted(len(lost), 'class')} of it ({', '.join(lost)}): the more "
                "of its score lies there, the less it counts in the fused answer"
            )
        mapped.append(Mapped(found, note))
    return SharedLabels(tuple(shared), tuple(mapped))


def mapped_scores(
    scores: Mapping[str, float], names: Mapping[str, str | None], shared: Sequence[str]
) -> tuple[np.ndarray, float]:
    """Scores in the shared classes.

    Returns:
        The scores (k,), sum 1, and the share of the network's score that lies in shared classes: 0 if all of
        it is lost (the scores are then equal).
    """
    places = {name: place for place, name in enumerate(shared)}
    found = np.zeros(len(shared))
    for name, score in scores.items():
        if (target := names.get(name)) is not None:
            found[places[target]] += score
    total = float(found.sum())
    kept = total / max(sum(scores.values()), 1e-12)
    return (found / total if total > 0 else np.full(len(shared), 1 / len(shared))), min(kept, 1.0)
