"""The colours of the labels of a page or a figure: emotions always the same, others by a stable rule."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from affekt.report.colors.emotions import EMOTIONS, OTHERS, known_emotion
from affekt.report.colors.scheme import by_scheme, css_variables


class LabelColor(NamedTuple):
    """The colour of a label.

    Attributes:
        place: Of the label among those of the page.
        light, dark: On light pages and in figures, and on dark pages.
        striped: Areas have stripes and lines are dashed: it has this in addition to the colour, which a
            related label may have nearly the same.
    """

    place: int
    light: str
    dark: str
    striped: bool = False

    @property
    def variable(self) -> str:
        """The CSS variable of the colour."""
        return f"var(--l{self.place})"


class LabelColors(Mapping[str, LabelColor]):
    """The colour of each label of a page or a figure.

    Known emotions have their own colour, synonyms the same one; the second of two synonyms on one page is
    striped. Any other label has a colour of `OTHERS` that its name determines, or the next one that no other
    label has and that is not close to the colour of an emotion on the page.

    Example:
        >>> colors = LabelColors(["sad", "joy", "happy", "sorrow"])
        >>> colors["sad"].light == colors["sorrow"].light, colors["sorrow"].striped
        (True, True)
        >>> LabelColors(["bored", "on task"])["on task"] == LabelColors(["joy", "on task"])["on task"]
        True
    """

    def __init__(self, names: Iterable[str]) -> None:
        order = list(dict.fromkeys(names))
        emotions = {name: emotion for name in order if (emotion := known_emotion(name)) is not None}
        chosen = _of_emotions(emotions)
        # In the order of their names, so that the order of the labels does not matter.
        for name in sorted(set(order) - set(emotions), key=lambda name: (name.casefold(), name)):
            chosen[name] = _other(name, set(chosen.values()), set(emotions.values()))
        self._colors = {name: LabelColor(place, *chosen[name]) for place, name in enumerate(order)}

    def __getitem__(self, name: str) -> LabelColor:
        return self._colors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._colors)

    def __len__(self) -> int:
        return len(self._colors)

    @property
    def css(self) -> dict[str, str]:
        """The value of `--class` for each label, with the stripes of its areas if any label has them."""
        if not any(color.striped for color in self.values()):
            return {name: color.variable for name, color in self.items()}
        return {
            name: f"{color.variable}; --stripe: {'var(--gap)' if color.striped else 'none'}"
            for name, color in self.items()
        }

    @property
    def style(self) -> str:
        """CSS that defines the variables `--l0`, `--l1`, ..., for light and for dark pages."""
        light = css_variables({f"l{color.place}": color.light for color in self.values()})
        dark = css_variables({f"l{color.place}": color.dark for color in self.values()})
        return by_scheme(light, dark)


_Look = tuple[str, str, bool]  # light, dark, striped


def _of_emotions(emotions: Mapping[str, str]) -> dict[str, _Look]:
    chosen: dict[str, _Look] = {}
    for name, emotion in emotions.items():
        light, dark, striped = EMOTIONS[emotion]
        if (light, dark, striped) in chosen.values():
            striped = not striped
        chosen[name] = (light, dark, striped)
    return chosen


def _other(name: str, taken: set[_Look], emotions: set[str]) -> _Look:
    """The first free colour from the one that the name determines; if none is free, that one."""
    start = zlib.crc32(name.casefold().encode("utf-8", "surrogatepass")) % len(OTHERS)
    order = OTHERS[start:] + OTHERS[:start]
    apart = [one for one in order if not emotions & set(one.close_to)]
    for striped in (False, True):
        for one in apart or order:
            if (one.light, one.dark, striped) not in taken:
                return one.light, one.dark, striped
    return order[0].light, order[0].dark, False
