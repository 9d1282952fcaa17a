"""The colour of each emotion, the same on every page and figure; and colours of other labels.

Hues are the conventional ones: red anger, amber joy, blue sadness, violet fear, green disgust, pink surprise,
grey neutral. Within its hue each colour was chosen by search, so that readers with one kind of cone missing
can distinguish the labels of one set too. Any two emotions of a published label set differ by `LEAST` in
Oklab, with normal vision and with protanopia, deuteranopia and tritanopia as Machado et al. (2009) simulate
them; emotions that only GoEmotions has are striped or differ by `LEAST_OF_MANY`. The contrast with paper and
cards is at least 3:1 (WCAG 2.2, 1.4.11). Tests hold these numbers; labels are always written beside.
"""

from __future__ import annotations

from typing import NamedTuple

from affekt.core.labels import emotion_of

LEAST, LEAST_OF_MANY = 0.07, 0.05  # distance in Oklab; about 0.02 is just noticeable


class EmotionColor(NamedTuple):
    """On light and on dark pages; and whether areas are striped and lines dashed."""

    light: str
    dark: str
    striped: bool = False


class OtherColor(NamedTuple):
    """The colour of a label that is no known emotion, and the emotions whose colours are close to it."""

    light: str
    dark: str
    close_to: tuple[str, ...]


# By the canonical names of `affekt.core.labels`: emotions of small label sets, then those of GoEmotions only.
EMOTIONS: dict[str, EmotionColor] = {
    "anger": EmotionColor("#d34a54", "#e62f17"),
    "happiness": EmotionColor("#bd8602", "#ffc718"),
    "sadness": EmotionColor("#007df3", "#7eaaff"),
    "fear": EmotionColor("#6a3ccb", "#a560f7"),
    "disgust": EmotionColor("#008758", "#5a8666"),
    "surprise": EmotionColor("#aa187f", "#dd56b8"),
    "neutral": EmotionColor("#79858f", "#b5bdca"),
    "contempt": EmotionColor("#6b4e43", "#bc9d7f"),
    "trust": EmotionColor("#405201", "#c4eda8"),
    "anticipation": EmotionColor("#9f5d00", "#f1993c"),
    "calm": EmotionColor("#015b63", "#97f3df"),
    "boredom": EmotionColor("#544836", "#dfe1c6"),
    "excitement": EmotionColor("#f050b7", "#b4438a"),
    "frustration": EmotionColor("#83391c", "#c1827d"),
    "peaceful": EmotionColor("#185454", "#57f9fe"),
    "powerful": EmotionColor("#993294", "#af4bad"),
    "negative": EmotionColor("#bd4b3d", "#f45c3c"),
    "positive": EmotionColor("#0897d8", "#549fd3"),
    "admiration": EmotionColor("#d65ac3", "#a16781", striped=True),
    "amusement": EmotionColor("#a28e3f", "#fadb8d", striped=True),
    "annoyance": EmotionColor("#934a3f", "#d5363c", striped=True),
    "approval": EmotionColor("#5e9474", "#637e54", striped=True),
    "caring": EmotionColor("#703949", "#e39b9e", striped=True),
    "confusion": EmotionColor("#5668a1", "#b0a3d4"),
    "curiosity": EmotionColor("#02626c", "#88e6dd"),
    "desire": EmotionColor("#8e3754", "#f97891"),
    "disappointment": EmotionColor("#8183fb", "#6973db", striped=True),
    "disapproval": EmotionColor("#9e6246", "#f4b79b", striped=True),
    "embarrassment": EmotionColor("#832b21", "#d77e6b", striped=True),
    "gratitude": EmotionColor("#659c7a", "#82d59d"),
    "grief": EmotionColor("#435085", "#8ca1c7", striped=True),
    "love": EmotionColor("#8b0b30", "#c0638e"),
    "nervousness": EmotionColor("#7c41b4", "#a478c6", striped=True),
    "optimism": EmotionColor("#937a01", "#b6b045", striped=True),
    "pride": EmotionColor("#a256c3", "#ac42c8"),
    "realization": EmotionColor("#58676c", "#609ba3", striped=True),
    "relief": EmotionColor("#468271", "#9cdccb", striped=True),
    "remorse": EmotionColor("#8b7e9e", "#b9aef1", striped=True),
}

# Labels that data sets do not use for emotions, but people do; and the dimensions of ratings.
_ALSO = {
    "afraid": "fear",
    "terror": "fear",
    "furious": "anger",
    "rage": "anger",
    "irritation": "annoyance",
    "delight": "happiness",
    "enjoyment": "happiness",
    "sorrow": "sadness",
    "unhappy": "sadness",
    "astonishment": "surprise",
    "relaxed": "calm",
    "contemptuous": "contempt",
    "confused": "confusion",
    "curious": "curiosity",
    "proud": "pride",
    "nervous": "nervousness",
    "sentiment": "positive",
    "valence": "positive",
    "arousal": "excitement",
    "dominance": "powerful",
}

OTHERS: tuple[OtherColor, ...] = (
    OtherColor(
        "#67250a",
        "#a65f3d",
        close_to=(
            "anger",
            "excitement",
            "powerful",
            "annoyance",
            "approval",
        ),
    ),
    OtherColor(
        "#9e4301",
        "#e58432",
        close_to=(
            "surprise",
            "trust",
            "anticipation",
            "negative",
            "annoyance",
            "desire",
            "embarrassment",
            "optimism",
        ),
    ),
    OtherColor(
        "#98941e",
        "#d8ca5f",
        close_to=(
            "happiness",
            "amusement",
        ),
    ),
    OtherColor(
        "#59846d",
        "#a8f0c9",
        close_to=(
            "disgust",
            "trust",
            "calm",
            "boredom",
            "relief",
        ),
    ),
    OtherColor(
        "#0a6065",
        "#61ceda",
        close_to=(
            "neutral",
            "calm",
            "peaceful",
            "curiosity",
            "grief",
            "realization",
            "remorse",
        ),
    ),
    OtherColor(
        "#3595e6",
        "#2c74ca",
        close_to=(
            "sadness",
            "surprise",
            "positive",
            "disappointment",
            "pride",
        ),
    ),
    OtherColor(
        "#4c2580",
        "#8494fa",
        close_to=(
            "positive",
            "grief",
        ),
    ),
    OtherColor(
        "#8f4faa",
        "#b18498",
        close_to=(
            "frustration",
            "powerful",
            "confusion",
            "desire",
            "love",
            "nervousness",
            "realization",
        ),
    ),
)


def known_emotion(name: str) -> str | None:
    """The emotion of `EMOTIONS` that a label names; None for any other label.

    Example:
        >>> known_emotion("Sorrow"), known_emotion("angry"), known_emotion("on task")
        ('sadness', 'anger', None)
    """
    return emotion_of(name) or _ALSO.get(name.lower())
