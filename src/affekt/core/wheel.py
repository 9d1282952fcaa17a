"""Plutchik's wheel: eight emotions on a ring, where neighbours are similar and opposites lie apart.

Source: Plutchik, American Scientist 2001.
"""

from __future__ import annotations

import numpy as np

from affekt.core.errors import UsageError
from affekt.core.labels import LabelSet, label_set

WHEEL = label_set("plutchik-wheel-8")
_HALF = len(WHEEL) // 2
# The four axes; each joins two opposites.
AXES = LabelSet.of(*(f"{WHEEL.names[place]}-{WHEEL.names[place + _HALF]}" for place in range(_HALF)))


def places_on_wheel(labels: LabelSet) -> np.ndarray | None:
    """Place of each label on the wheel, (k,) int; None if the labels are not exactly the eight of the wheel.

    Example:
        >>> places_on_wheel(label_set("videoemotion-8")).tolist()
        [6, 7, 5, 2, 0, 4, 3, 1]
        >>> places_on_wheel(label_set("ekman-6")) is None
        True
    """
    found = [labels.map_to(WHEEL)[name] for name in labels.names]
    known = [name for name in found if name is not None]
    if len(labels) != len(WHEEL) or len(set(known)) != len(WHEEL):
        return None
    return np.array([WHEEL.index(name) for name in known])


def wheel_distances(labels: LabelSet) -> np.ndarray | None:
    """Distance of each pair of labels, (k, k): 0 for the same, .25 for neighbours, 1 for opposites.

    None if the labels are not those of the wheel.

    Example:
        >>> wheel_distances(WHEEL)[0].tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25]
    """
    places = places_on_wheel(labels)
    if places is None:
        return None
    apart = np.abs(np.subtract.outer(places, places))
    return np.minimum(apart, len(WHEEL) - apart) / _HALF


def opposite_of(name: str) -> str:
    """The opposite of an emotion of the wheel.

    Raises:
        UsageError: It is not one of the eight.

    Example:
        >>> opposite_of("joy"), opposite_of("Anger")
        ('sadness', 'fear')
    """
    return WHEEL.names[(_place(name) + _HALF) % len(WHEEL)]


def axis_of(name: str) -> str:
    """The axis (of `AXES`) on which an emotion of the wheel lies.

    Raises:
        UsageError: It is not one of the eight.

    Example:
        >>> axis_of("sadness")
        'joy-sadness'
    """
    return AXES.names[_place(name) % _HALF]


def _place(name: str) -> int:
    found = LabelSet.of(name).map_to(WHEEL)[name]
    if found is None:
        raise UsageError(f"{name!r} is not on Plutchik's wheel: {', '.join(WHEEL.names)}")
    return WHEEL.index(found)
