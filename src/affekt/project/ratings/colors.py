"""Colours of labels: those of Plutchik's wheel where the labels are on it."""

from __future__ import annotations

from affekt.core.labels import LabelSet
from affekt.core.wheel import places_on_wheel

# From joy on, as the wheel is usually printed; darkened so that they stand out on white, and for dark pages.
_LIGHT = ("#d9a400", "#7aa61e", "#1f8a3b", "#1d97c1", "#2c5bb5", "#8b46a8", "#cf3a2b", "#e07b16")
_DARK = ("#f2c632", "#a5cf4b", "#4fb86a", "#55c0e6", "#6f98ea", "#bb7fd6", "#f0695b", "#f59b42")
_OTHERS = ("#2b6481", "#a04500", "#0a8d6b", "#4a3397", "#8b9200", "#d169ac", "#603c3e", "#4a8cf0")
_OTHERS_DARK = ("#4fa7ff", "#d46c1c", "#66e8a2", "#937acb", "#e3a913", "#e4c1fe", "#a3acab", "#3d9472")


def colors_of(labels: LabelSet) -> list[tuple[str, str]]:
    """A colour for each label on a light and on a dark page; they repeat beyond eight labels.

    Example:
        >>> colors_of(LabelSet.of("negative", "positive"))
        [('#2b6481', '#4fa7ff'), ('#a04500', '#d46c1c')]
    """
    places = places_on_wheel(labels)
    if places is not None:
        return [(_LIGHT[place], _DARK[place]) for place in places]
    return [
        (_OTHERS[place % len(_OTHERS)], _OTHERS_DARK[place % len(_OTHERS)]) for place in range(len(labels))
    ]


def style_of(labels: LabelSet) -> str:
    """CSS that states the colours as variables `--l0`, `--l1`, ..., for light and dark pages.

    Example:
        >>> style_of(LabelSet.of("trust"))
        ':root{--l0:#2b6481;}@media(prefers-color-scheme:dark){:root{--l0:#4fa7ff;}}'
    """
    light, dark = (
        "".join(f"--l{place}:{color};" for place, color in enumerate(colors))
        for colors in zip(*colors_of(labels), strict=True)
    )
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
