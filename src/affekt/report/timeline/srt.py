"""One clip's answer as SRT subtitles, for players."""

from __future__ import annotations

from pathlib import Path

from affekt.core.prediction import Prediction
from affekt.report.timeline.moments import percent, scored, stretches, without_overlaps
from affekt.report.timeline.one_clip import Annotation, check_moments, milliseconds, span_of
from affekt.report.wording import printable


def write_srt(path: Path, prediction: Prediction) -> None:
    """Write subtitles: a cue for each stretch of salient moments that share their likeliest label.

    Of a localization network a cue for each segment that it found; of segments of one label that overlap the
    surest. Where nothing stands out, one cue over the whole clip says so: many players refuse a file without
    cues.

    Raises:
        UsageError: The answer has no moments.
    """
    check_moments(path, prediction)
    blocks = [
        f"{number}\n{_srt_time(start)} --> {_srt_time(end)}\n{_one_line(said)}\n"
        for number, (start, end, said) in enumerate(_cues(prediction), 1)
    ]
    path.write_text("\n".join(blocks), encoding="utf-8")


def _cues(prediction: Prediction) -> list[Annotation]:
    """What subtitles say, in order of time; at least one thing."""
    if prediction.segments is not None:
        found = [(one.start_s, one.end_s, scored(one)) for one in without_overlaps(prediction.segments)]
        return found or [(*span_of(prediction), "nothing found")]
    told = [(stretch.start_s, stretch.end_s, str(stretch)) for stretch in stretches(prediction)]
    return told or [(*span_of(prediction), f"{prediction.label} {percent(prediction.confidence)}")]


def _srt_time(seconds: float) -> str:
    """Hours, minutes, seconds and, after a comma, milliseconds."""
    rest, thousandths = divmod(milliseconds(seconds), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d},{thousandths:03d}"


def _one_line(said: str) -> str:
    # A line end would end the cue, an arrow would be taken for its times.
    return " ".join(printable(said).split()).replace("-->", "->")
