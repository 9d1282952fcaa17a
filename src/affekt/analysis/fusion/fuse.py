"""One curve per person: what face, voice and words say together, moment by moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field

from affekt.analysis.fusion.labels import Mapped, SharedLabels, mapped_scores, shared_labels
from affekt.analysis.fusion.pool import averaged, pooled
from affekt.analysis.fusion.weights import NOT_MEASURED, weights_of
from affekt.core.labels import LabelSet
from affekt.core.settings import Settings
from affekt.core.timeline.parts import Network, Span, Track

FUSED = ("face", "voice", "words")  # modalities that concern a person


class FusionSettings(Settings):
    """How the answers about a person are fused.

    Attributes:
        every_s: Length of a moment, in seconds.
        least_confidence: A moment is reported as unsure if its most probable class has a lower score. At the
            default a reported class is right more often than not, as far as the scores are calibrated.
        disagreement: Score from which two modalities that favour different classes are said to disagree.
    """

    every_s: float = Field(default=0.5, ge=0.04, le=60)
    least_confidence: float = Field(default=0.5, ge=0, le=1)
    disagreement: float = Field(default=0.5, ge=0, le=1)


class Fused(NamedTuple):
    """Fused tracks, and the networks with their weights and mappings."""

    tracks: tuple[Track, ...]
    networks: tuple[Network, ...]
    notes: tuple[str, ...]


class _Source(NamedTuple):
    """What one modality says about a person over time."""

    network: Network
    mapped: Mapped
    spans: Sequence[Span]


def fuse(
    tracks: Sequence[Track], networks: Sequence[Network], settings: FusionSettings | None = None
) -> Fused:
    """Fuse the tracks of each person.

    A moment is fused from the modalities that have an answer then: any may be missing. A modality counts with
    its measured weight (`affekt.analysis.fusion.weights`), times the share of its score that lies in classes
    that all networks share. Modalities that favour different classes are named in a note of the moment: the
    fused score alone would hide it.

    Args:
        tracks: Of persons; tracks of the whole medium take no part.
        networks: By the names that the tracks state.
    """
    settings = settings or FusionSettings()
    taking_part = _taking_part(tracks, networks)
    shared = shared_labels([LabelSet.of(*network.labels) for network in taking_part])
    if not shared.names:
        note = ("the networks share no classes: nothing is fused",) if len(taking_part) > 1 else ()
        return Fused((), tuple(networks), note)
    mapped = {network.name: one for network, one in zip(taking_part, shared.mapped, strict=True)}
    every = weights_of([network.weights_sha256 for network in taking_part])
    stated = {
        network.name: network.model_copy(
            update={
                "weight": weight,
                "mapping": mapped[network.name].names,
                "notes": (*network.notes, *filter(None, [mapped[network.name].note])),
            }
        )
        for network, weight in zip(taking_part, every.values, strict=True)
    }
    found = tuple(
        _fused_track(person, own, stated, mapped, shared, settings)
        for person, own in _by_person(tracks, stated).items()
    )
    return Fused(
        tuple(track for track in found if track.spans),
        tuple(stated.get(network.name, network) for network in networks),
        () if every.measured else (NOT_MEASURED,),
    )


def _taking_part(tracks: Sequence[Track], networks: Sequence[Network]) -> list[Network]:
    used = {track.network for track in tracks if track.person and track.modality in FUSED}
    return [network for network in networks if network.name in used and network.labels]


def _by_person(tracks: Iterable[Track], networks: Mapping[str, Network]) -> dict[str, list[Track]]:
    found: dict[str, list[Track]] = {}
    for track in tracks:
        if track.person and track.network in networks:
            found.setdefault(track.person, []).append(track)
    return found


def _fused_track(
    person: str,
    tracks: Sequence[Track],
    networks: Mapping[str, Network],
    mapped: Mapping[str, Mapped],
    shared: SharedLabels,
    settings: FusionSettings,
) -> Track:
    sources = [
        _Source(
            networks[name],
            mapped[name],
            sorted(
                (span for track in tracks if track.network == name for span in track.spans if span.scores),
                key=lambda span: span.start_s,
            ),
        )
        for name in dict.fromkeys(track.network for track in tracks)
    ]
    moments: dict[int, list[tuple[_Source, Span]]] = {}
    for source in sources:
        for place, span in _placed(source.spans, settings.every_s).items():
            moments.setdefault(place, []).append((source, span))
    spans = tuple(_fused_span(place, found, shared, settings) for place, found in sorted(moments.items()))
    return Track(id=f"fused-{person}", modality="fused", person=person, spans=spans)


def _placed(spans: Sequence[Span], every_s: float) -> dict[int, Span]:
    """The span of each moment: the one that covers most of it."""
    found: dict[int, tuple[float, Span]] = {}
    for span in spans:
        first = math.floor(span.start_s / every_s)
        last = max(first, math.ceil(span.end_s / every_s - 1e-9) - 1)
        for place in range(first, last + 1):
            low, high = place * every_s, (place + 1) * every_s
            covered = min(high, span.end_s) - max(low, span.start_s)
            # At least half of a moment, or the span is shorter than that: it is the end of a turn otherwise.
            if covered < min(every_s / 2, (span.end_s - span.start_s)) - 1e-9:
                continue
            if place not in found or covered > found[place][0]:
                found[place] = (covered, span)
    return {place: span for place, (_, span) in found.items()}


def _fused_span(
    place: int,
    found: Sequence[tuple[_Source, Span]],
    shared: SharedLabels,
    settings: FusionSettings,
) -> Span:
    rows, kept = zip(
        *(mapped_scores(span.scores, source.mapped.names, shared.names) for source, span in found),
        strict=True,
    )
    weights = weights_of([source.network.weights_sha256 for source, _ in found])
    pool = pooled if weights.measured else averaged
    scores = pool(np.stack(rows), np.array(weights.values) * np.array(kept))
    best = int(scores.argmax())
    confidence = float(scores[best])
    # A picture has no length.
    length_s = settings.every_s if any(span.end_s > span.start_s for _, span in found) else 0.0
    return Span(
        start_s=place * settings.every_s,
        end_s=place * settings.every_s + length_s,
        label=shared.names[best] if confidence >= settings.least_confidence else "",
        scores=dict(zip(shared.names, scores.tolist(), strict=True)),
        confidence=confidence,
        notes=_disagreement(found, np.stack(rows), shared.names, settings.disagreement),
    )


def _disagreement(
    found: Sequence[tuple[_Source, Span]], rows: np.ndarray, names: Sequence[str], least: float
) -> tuple[str, ...]:
    best = rows.argmax(axis=1)
    sure = [place for place in range(len(found)) if rows[place, best[place]] >= least]
    if len({int(best[place]) for place in sure}) < 2:
        return ()
    said = ", ".join(
        f"{found[place][0].network.modality} {names[best[place]]} {rows[place, best[place]]:.2f}"
        for place in sure
    )
    return (f"disagreement: {said}",)
