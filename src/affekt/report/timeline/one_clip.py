"""Files about one clip: what subtitles (`.srt`) and ELAN documents (`.eaf`) share."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import UsageError
from affekt.core.prediction import Prediction

ONE_CLIP = (".srt", ".eaf")
# Of these, answers have no moments.
_TIMELESS = ("image", "skeleton", "text")

# Annotations of a tier: start and end in seconds, and what is said there.
Annotation = tuple[float, float, str]


def check_one_clip(path: Path, *, inputs: int, modality: str) -> None:
    """Refuse to write into one clip's file what is not one clip, before anything is computed.

    Args:
        inputs: How many files will be answered.
        modality: What the network takes, such as `video+audio`.

    Raises:
        UsageError: There are several inputs, or inputs that have no moments.
    """
    if path.suffix not in ONE_CLIP:
        return
    if modality in _TIMELESS:
        raise UsageError(
            f"{path}: {path.suffix} tells when something shows in a clip, and this network answers inputs of "
            f"modality {modality}, which have no moments: write .json or .csv"
        )
    if inputs != 1:
        raise UsageError(
            f"{path}: {path.suffix} speaks of one clip, and there are {inputs}: name one clip, "
            "or write .html or .json, which hold any number"
        )


def check_moments(path: Path, prediction: Prediction) -> None:
    """Refuse an answer without moments.

    Raises:
        UsageError: There are none.
    """
    if not prediction.moments:
        raise UsageError(
            f"{path}: {path.suffix} tells when something shows in a clip, and the answer to {prediction.id} "
            f"({prediction.modality}) has no moments: write .json or .csv"
        )


def span_of(prediction: Prediction) -> tuple[float, float]:
    """Start and end of what was answered; as far as moments go where nobody says."""
    return prediction.span_s or (prediction.moments[0].start_s, prediction.moments[-1].end_s)


def milliseconds(seconds: float) -> int:
    """Rounded to a whole number of milliseconds."""
    return round(1000 * seconds)
