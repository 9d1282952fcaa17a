"""The 28 labels of GoEmotions as seven basic emotions, for comparison with faces and voices.

The groups are those that Demszky et al. (ACL 2020) call Ekman, without six labels that name none of the
seven. They count approval, caring and desire as joy, and confusion, curiosity and realization as surprise: a
network that learns this answers `surprise` to most questions. So scores are not comparable with those that
they report for these groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped

BASIC = label_set("fer-7")
GROUPS: Mapping[str, str] = {
    "anger": "anger annoyance disapproval",
    "disgust": "disgust",
    "fear": "fear nervousness",
    "happiness": "admiration amusement excitement gratitude joy love optimism pride relief",
    "sadness": "disappointment embarrassment grief remorse sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}
_BASIC_OF = {name: basic for basic, names in GROUPS.items() for name in names.split()}
SEVERAL, NONE = "comments with labels of several basic emotions", "comments with labels of no basic emotion"


def with_one_label(sample: Sample) -> Sample | Skipped:
    """A sample with one basic emotion in place of its labels; neutral gives way to an emotion.

    A comment that annotators connect with several basic emotions has no single label, and is skipped.
    """
    found = {_BASIC_OF[name] for name in sample.label_weights or {} if name in _BASIC_OF}
    found = found - {"neutral"} or found
    if len(found) == 1:
        return replace(sample, label=found.pop(), label_weights=None)
    names = ", ".join(sample.label_weights or {})
    return Skipped(sample.id, f"{names} are not one basic emotion", SEVERAL if found else NONE)
