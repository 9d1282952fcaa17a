"""Label sets: emotion names in order, with their polarity, and maps from one set to another.

One data set's 0 is surprise, another's is neutral. An index without its set is a bug, so samples carry names
and an index exists only inside a batch, next to the `LabelSet` that made it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import model_validator

from affekt.core.errors import UsageError
from affekt.core.settings import Settings, suggest

Polarity = Literal["positive", "negative", "neutral"]

# Names of each emotion in data sets, the canonical one first, and its polarity.
_EMOTIONS: tuple[tuple[tuple[str, ...], Polarity], ...] = (
    (("admiration",), "positive"),
    (("amusement",), "positive"),
    (("anger", "angry", "ang", "mad"), "negative"),
    (("annoyance",), "negative"),
    (("anticipation",), "positive"),
    (("approval",), "positive"),
    (("boredom", "bored"), "negative"),
    (("calm",), "neutral"),
    (("caring",), "positive"),
    # GoEmotions calls confusion, curiosity and realization ambiguous: they count as neutral.
    (("confusion",), "neutral"),
    (("contempt",), "negative"),
    (("curiosity",), "neutral"),
    (("desire",), "positive"),
    (("disappointment",), "negative"),
    (("disapproval",), "negative"),
    (("disgust", "disgusted"), "negative"),
    (("embarrassment",), "negative"),
    (("excitement", "excited", "exc"), "positive"),
    (("fear", "fearful", "anxiety", "scared"), "negative"),
    (("frustration", "frustrated", "fru"), "negative"),
    (("gratitude",), "positive"),
    (("grief",), "negative"),
    (("happiness", "happy", "joy", "joyful", "hap"), "positive"),
    (("love",), "positive"),
    (("negative",), "negative"),
    (("nervousness",), "negative"),
    (("neutral", "neu"), "neutral"),
    (("optimism",), "positive"),
    (("peaceful",), "positive"),
    (("positive",), "positive"),
    (("powerful",), "positive"),
    (("pride",), "positive"),
    (("realization",), "neutral"),
    (("relief",), "positive"),
    (("remorse",), "negative"),
    (("sadness", "sad"), "negative"),
    # Surprise has no fixed sign; VAANet and the Ekman sets count it as positive.
    (("surprise", "surprised", "sur"), "positive"),
    (("trust",), "positive"),
)
_CANONICAL = {name: names[0] for names, _ in _EMOTIONS for name in names}
_POLARITY: dict[str, Polarity] = {name: polarity for names, polarity in _EMOTIONS for name in names}


def emotion_of(name: str) -> str | None:
    """The canonical name of an emotion or polarity that a label names; None for any other label.

    Example:
        >>> emotion_of("Joy"), emotion_of("sad"), emotion_of("on task")
        ('happiness', 'sadness', None)
    """
    return _CANONICAL.get(name.lower())


class LabelSet(Settings):
    """Class names in the order of a network's outputs.

    Names of ratings, for regression; empty for tasks without labels. How many names a task needs, it states
    (`affekt.core.task.Task.fewest_labels`).

    Attributes:
        names: Names of the classes or ratings.
        polarity: Whether a class is `positive`, `negative` or `neutral`; none if that is not known.
        scale: For ratings: the least and the largest value that raters could give, 0 between them being
            neutral; None if the data do not state it.

    Example:
        >>> labels = LabelSet.of("happy", "sad", "neutral")
        >>> labels.index("sad"), labels.polarity_of("sad")
        (1, 'negative')
        >>> labels.map_to(LabelSet.of("sadness", "joy", "neutral"))
        {'happy': 'joy', 'sad': 'sadness', 'neutral': 'neutral'}
    """

    names: tuple[str, ...]
    polarity: tuple[Polarity | None, ...]
    scale: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        *names: str,
        polarity: Mapping[str, Polarity] | None = None,
        scale: tuple[float, float] | None = None,
    ) -> LabelSet:
        """A set from names; polarities that are not given are those of known emotions, else None."""
        given: dict[str, Polarity] = {**_POLARITY, **(polarity or {})}
        return cls(names=names, polarity=tuple(given.get(name.lower()) for name in names), scale=scale)

    @model_validator(mode="after")
    def _consistent(self) -> LabelSet:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"names are repeated in {list(self.names)}")
        if len(self.polarity) != len(self.names):
            raise ValueError(f"{len(self.names)} names but {len(self.polarity)} polarities")
        if self.scale is not None and not -math.inf < self.scale[0] < 0 < self.scale[1] < math.inf:
            raise ValueError(f"a scale of ratings has 0 between its ends, found {list(self.scale)}")
        return self

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Position of a name.

        Raises:
            UsageError: The set has no such name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise UsageError(
                f"label {name!r} is not in this set; {suggest(name, list(self.names))}"
            ) from None

    def polarity_of(self, name: str) -> Polarity | None:
        """Whether an emotion is positive, negative or neutral; None if this is not defined."""
        return self.polarity[self.index(name)]

    def map_to(self, other: LabelSet) -> dict[str, str | None]:
        """The name of each label in another set, or None.

        Names match by emotion (`joy` is `happiness`). A set of polarities (sentiment-3) matches by polarity.
        """
        theirs = {_CANONICAL.get(name.lower(), name.lower()): name for name in other.names}
        by_polarity = set(theirs) <= {"positive", "negative", "neutral"}

        def find(name: str) -> str | None:
            same = theirs.get(_CANONICAL.get(name.lower(), name.lower()))
            return same or (theirs.get(self.polarity_of(name) or "") if by_polarity else None)

        return {name: find(name) for name in self.names}


def label_set(name: str) -> LabelSet:
    """A published label set by its name.

    Raises:
        UsageError: No set has this name.
    """
    if name not in _SETS:
        raise UsageError(f"no label set is called {name!r}; {suggest(name, sorted(_SETS))}")
    return LabelSet.of(*_SETS[name])


def list_label_sets(classes: int | None = None) -> list[str]:
    """Names of the published label sets; only of those with `classes` classes if this is given."""
    return [name for name, names in _SETS.items() if classes in (None, len(names))]


# In the order in which the named data sets number their classes.
_SETS: Mapping[str, Sequence[str]] = {
    "ekman-6": ("anger", "disgust", "fear", "joy", "sadness", "surprise"),
    "ekman-7": ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"),
    "plutchik-8": ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"),
    # Around Plutchik's wheel: neighbours are similar, names four places apart are opposite.
    "plutchik-wheel-8": ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"),
    "videoemotion-8": ("Anger", "Anticipation", "Disgust", "Fear", "Joy", "Sadness", "Surprise", "Trust"),
    "meld-7": ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"),
    "iemocap-4": ("angry", "happy", "neutral", "sad"),
    "iemocap-6": ("angry", "excited", "frustrated", "happy", "neutral", "sad"),
    "emorynlp-7": ("Joyful", "Mad", "Neutral", "Peaceful", "Powerful", "Sad", "Scared"),
    "goemotions-28": (
        "admiration",
        "amusement",
        "anger",
        "annoyance",
        "approval",
        "caring",
        "confusion",
        "curiosity",
        "desire",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "excitement",
        "fear",
        "gratitude",
        "grief",
        "joy",
        "love",
        "nervousness",
        "optimism",
        "pride",
        "realization",
        "relief",
        "remorse",
        "sadness",
        "surprise",
        "neutral",
    ),
    "sentiment-3": ("negative", "neutral", "positive"),
    "tsl-2": ("negative", "positive"),  # order of TSL-Net's published classes
    "raf-7": ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"),
    "affectnet-7": ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"),
    "affectnet-8": ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"),
    "fer-7": ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    "caer-7": ("anger", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    "caer-6": ("anger", "disgust", "fear", "happy", "sad", "surprise"),
    "ravdess-8": ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    # EmoDB does not number its classes: English names in alphabetical order, neutral last.
    "emodb-7": ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral"),
    "gait-4": ("happy", "sad", "angry", "neutral"),  # order of BPM-GCN's published classes
}
