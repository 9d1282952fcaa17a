"""Spans of a timeline from the answers of a network."""

from __future__ import annotations

from affekt.core.answers.prediction import Prediction
from affekt.core.timeline.parts import Span


def as_span(answer: Prediction, start_s: float, end_s: float, *, text: str | None = None) -> Span:
    """An answer as a span of a track.

    Args:
        start_s: Where it holds, on the clock of the medium; what the answer itself states is not used.
        end_s: As above.
        text: The words that were answered.
    """
    return Span(
        start_s=start_s,
        end_s=end_s,
        label=answer.label,
        scores=dict(answer.scores),
        confidence=answer.confidence,
        values=dict(answer.values or {}),
        text=text,
        notes=answer.notes,
    )
