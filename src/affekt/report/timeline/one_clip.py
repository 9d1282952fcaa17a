"""Files about one clip: code shared by subtitles (`.srt`) and ELAN documents (`.eaf`)."""

from __future__ import annotations

from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError

ONE_CLIP = (".srt", ".eaf")
# Answers to these modalities have no moments.
_TIMELESS = ("image", "skeleton")


def check_one_clip(path: Path, *, inputs: int, modality: str) -> None:
    """Refuse inputs that a file about one clip cannot hold, before anything is computed.

    Words are not refused: lines with times have files of the same kinds
    (`affekt.report.conversation.lines.check_timed`).

    Args:
        inputs: Number of inputs.
        modality: Modality of the network, such as `video+audio`.

    Raises:
        UsageError: There are several inputs, or inputs that have no moments.
    """
    if path.suffix not in ONE_CLIP or modality == "text":
        return
    if modality in _TIMELESS:
        raise UsageError(
            f"{path}: {path.suffix} holds moments of a clip, but this network takes inputs of modality "
            f"{modality}, which have no moments: write .json or .csv"
        )
    if inputs != 1:
        raise UsageError(
            f"{path}: {path.suffix} holds the answer to one clip, but there are {inputs} inputs: name one "
            "clip, or write .html or .json, which hold any number"
        )


def check_moments(path: Path, prediction: Prediction) -> None:
    """Refuse an answer without moments.

    Raises:
        UsageError: There are none.
    """
    if not prediction.moments:
        raise UsageError(
            f"{path}: {path.suffix} holds moments of a clip, but the answer to {prediction.id} "
            f"({prediction.modality}) has no moments: write .json or .csv"
        )


def span_of(prediction: Prediction) -> tuple[float, float]:
    """Start and end of the answer; of its moments if it does not state a span."""
    return prediction.span_s or (prediction.moments[0].start_s, prediction.moments[-1].end_s)
