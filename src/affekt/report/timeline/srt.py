"""The answer to one clip as SRT subtitles, for media players."""

from __future__ import annotations

from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.report.annotations.srt import write_cues
from affekt.report.annotations.times import Annotation
from affekt.report.timeline.moments import percent, scored, stretches, without_overlaps
from affekt.report.timeline.one_clip import check_moments, span_of


def write_srt(path: Path, prediction: Prediction) -> None:
    """Write subtitles: a cue for each run of salient moments with the same most likely label.

    For a localization answer, a cue for each segment; of overlapping segments of one label, only the one with
    the highest score. An answer without segments or salient moments gives one cue over the whole clip,
    because many players refuse a file without cues.

    Raises:
        UsageError: The answer has no moments.
    """
    check_moments(path, prediction)
    write_cues(path, _cues(prediction))


def _cues(prediction: Prediction) -> list[Annotation]:
    """At least one cue, in order of time."""
    if prediction.segments is not None:
        cues = [(one.start_s, one.end_s, scored(one)) for one in without_overlaps(prediction.segments)]
        return cues or [(*span_of(prediction), "no segment detected")]
    cues = [(stretch.start_s, stretch.end_s, str(stretch)) for stretch in stretches(prediction)]
    return cues or [(*span_of(prediction), f"{prediction.label} {percent(prediction.confidence)}")]
