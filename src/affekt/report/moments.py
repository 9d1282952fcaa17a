"""A clip's moments in words: when its answer shows, and times and names as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from affekt.core.prediction import Moment, Prediction
from affekt.metrics.localization import is_salient, segments_from_attention

# What neither XML nor HTML can hold: control characters but tab and line ends, and halves of characters,
# which stand for undecodable bytes in the names of files.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive moments that stand out and have the same likeliest label.

    Attributes:
        score: Mean probability of the label over the stretch.
    """

    start_s: float
    end_s: float
    label: str
    score: float

    def __str__(self) -> str:
        return f"{self.label} {percent(self.score)}"


def key_spans(prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """The stretches (m, 2) in seconds that a clip's attention singles out, and their mean attention (m,)."""
    spans = np.array([(moment.start_s, moment.end_s) for moment in prediction.moments], float)
    return segments_from_attention(attention_of(prediction), spans.reshape(-1, 2))


def stretches(prediction: Prediction) -> list[Stretch]:
    """What the clip's salient moments say, one after the other; nothing where attention is zero."""
    found: list[list[Moment]] = []
    before: Moment | None = None
    for moment, salient in zip(prediction.moments, is_salient(attention_of(prediction)), strict=True):
        if salient:
            if before is not None and likeliest(before) == likeliest(moment):
                found[-1].append(moment)
            else:
                found.append([moment])
        before = moment if salient else None
    return [
        Stretch(
            group[0].start_s,
            group[-1].end_s,
            likeliest(group[0]),
            float(np.mean([moment.scores[likeliest(moment)] for moment in group])),
        )
        for group in found
    ]


def attention_of(prediction: Prediction) -> np.ndarray:
    """Attention of each moment: (s,)."""
    return np.array([moment.attention for moment in prediction.moments], float)


def likeliest(moment: Moment) -> str:
    """The label with the highest score; of equal ones the first."""
    return max(moment.scores, key=lambda name: moment.scores[name])


def percent(share: float) -> str:
    """A share in percent, without claiming what rounding made of it.

    Example:
        >>> percent(0.812), percent(0.9999), percent(0.0001), percent(1.0)
        ('81 %', '>99 %', '<1 %', '100 %')
    """
    if 0.995 <= share < 1:
        return ">99 %"
    if 0 < share < 0.005:
        return "<1 %"
    return f"{100 * share:.0f} %"


def clock(seconds: float, *, places: int = 0) -> str:
    """A time as players show it.

    Args:
        places: Decimals of the seconds.

    Example:
        >>> clock(9.64), clock(9.64, places=1), clock(59.99), clock(3725.0)
        ('0:10', '0:09.6', '1:00', '1:02:05')
    """
    units = round(seconds * 10**places)
    whole, rest = divmod(units, 10**places)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return f"{text}.{rest:0{places}d}" if places else text


def printable(text: object) -> str:
    """Text without what XML and HTML cannot hold; names of files may have it.

    Example:
        >>> printable("clip" + chr(7) + chr(0xDCFF) + ".mp4")
        'clip��.mp4'
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(text))
