"""The stage of networks that answer for the whole medium: clips with sound, untrimmed video, walks."""

from __future__ import annotations

from affekt.analysis.found import Found, OpenMedium
from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Skipped
from affekt.core.timeline.parts import Missing, Modality, Span, Track
from affekt.deploy.runtime.predictor import Predictor


def find_clip(medium: OpenMedium, predictor: Predictor, *, name: str, modality: Modality = "clip") -> Found:
    """The answers of a network to the whole medium.

    An answer becomes a track with one span, or a span for each detection of a localization network. The
    moments that a network weighs (attention) are a track of their own: their scores are what it would answer
    if the whole clip were like that moment.

    Args:
        name: Of the network in the timeline.
    """
    tracks: list[Track] = []
    missing: list[Missing] = []
    for number, answer in enumerate(predictor.predict([medium.path]), start=1):
        if isinstance(answer, Skipped):
            missing.append(Missing(modality=modality, reason=f"{name}: {answer.reason}"))
            continue
        end = f"-{number}" if number > 1 else ""
        tracks += _tracks(answer, medium.medium.duration_s, f"{modality}-{name}{end}", name, modality)
    return Found(tracks=tuple(tracks), missing=tuple(missing))


def _tracks(
    answer: Prediction, duration_s: float, track: str, network: str, modality: Modality
) -> list[Track]:
    start_s, end_s = answer.span_s or (0.0, duration_s)
    if answer.segments is not None:
        spans = tuple(
            Span(
                start_s=it.start_s,
                end_s=it.end_s,
                label=it.label,
                confidence=it.score,
                detected=True,
            )
            for it in sorted(answer.segments, key=lambda it: (it.start_s, it.end_s))
        )
        return [Track(id=track, modality=modality, network=network, spans=spans, notes=answer.notes)]
    whole = Span(
        start_s=start_s,
        end_s=max(start_s, end_s),
        label=answer.label,
        scores=dict(answer.scores),
        confidence=answer.confidence,
        values=dict(answer.values or {}),
        text=answer.text,
    )
    found = [Track(id=track, modality=modality, network=network, spans=(whole,), notes=answer.notes)]
    if answer.moments:
        spans = tuple(
            Span(
                start_s=it.start_s,
                end_s=it.end_s,
                label=max(it.scores, key=lambda name: it.scores[name]),
                scores=dict(it.scores),
                confidence=max(it.scores.values()),
            )
            for it in answer.moments
        )
        found.append(
            Track(
                id=f"{track}-moments",
                modality=modality,
                network=network,
                spans=spans,
                notes=("what the network would answer if the whole clip were like each moment",),
            )
        )
    return found
