"""The answers about one followed face: spans on a fixed grid, from its beginning to its end."""

from __future__ import annotations

import numpy as np

from affekt.analysis.faces.answers import Answers
from affekt.analysis.faces.followed import LEFT_OUT, FollowedFace
from affekt.analysis.faces.settings import FaceSettings
from affekt.analysis.faces.smooth import smoothed
from affekt.core.timeline.parts import Span

NOT_FOUND = "the face was not found at this time: answered from the moments around it"


def spans_of(
    face: FollowedFace, answers: Answers, extent: tuple[float, float], settings: FaceSettings
) -> list[Span]:
    """Spans of a face; times without an answer in reach have none.

    Args:
        extent: When it is seen first and last.
    """
    places = np.array(face.faces, int)
    rows = np.nan_to_num(answers.scores).sum(axis=1) + np.isfinite(answers.values).sum(axis=1)
    used = np.flatnonzero(places != LEFT_OUT)
    used = used[rows[places[used]] > 0]  # the network gave no answer to some
    if not len(used):
        return []
    times_s, places = np.array(face.times_s)[used], places[used]
    edges = _edges(extent, settings.every_s)
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    # At least the span itself, and twice the step: at least one face of each side is in reach.
    width_s = np.maximum(settings.smoothing_s, np.maximum(lengths, 2 * settings.step_s)) + 1e-6
    found = smoothed(
        times_s,
        answers.scores[places],
        answers.values[places],
        answers.trust[places],
        at_s=middles,
        width_s=width_s,
    )
    spans: list[Span] = []
    for number in np.flatnonzero(found.faces).tolist():
        start_s, end_s = float(edges[number]), float(edges[number + 1])
        scores = dict(zip(answers.labels, found.scores[number].tolist(), strict=True))
        label = max(scores, key=lambda name: scores[name]) if scores else ""
        spans.append(
            Span(
                start_s=start_s,
                end_s=end_s,
                label=label,
                scores=scores,
                confidence=scores.get(label),
                values=dict(zip(answers.ratings, found.values[number].tolist(), strict=True)),
                notes=_notes(times_s, places, answers, (start_s, end_s), settings.step_s),
            )
        )
    return spans


def _edges(extent: tuple[float, float], every_s: float) -> np.ndarray:
    """Edges of spans: multiples of `every_s` within the extent, and its ends."""
    start_s, end_s = extent
    first, last = int(np.floor(start_s / every_s)) + 1, int(np.ceil(end_s / every_s))
    inner = np.arange(first, last) * every_s
    # Ends that lie on the grid but for rounding make no spans of their own.
    inner = inner[(inner > start_s + 1e-6) & (inner < end_s - 1e-6)]
    return np.concatenate([[start_s], inner, [max(end_s, start_s)]])


def _notes(
    times_s: np.ndarray, places: np.ndarray, answers: Answers, span: tuple[float, float], step_s: float
) -> tuple[str, ...]:
    """The notes of the least trusted face in a span."""
    first, stop = np.searchsorted(times_s, [span[0] - 1e-6, span[1] - 1e-6])
    inside = places[first:stop]
    if not len(inside):
        near = np.abs(times_s - (span[0] + span[1]) / 2).min()
        return (NOT_FOUND,) if near > step_s else ()
    noted = inside[answers.notes[inside] > 0]
    if not len(noted):
        return ()
    return answers.texts[answers.notes[noted[np.argmin(answers.trust[noted])]]]
