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
LEAST_COVERED = 0.5  # of a moment, for an answer to count in it


class FusionSettings(Settings):
    """How the answers about a person are fused.

    Attributes:
        every_s: Length of a moment, in seconds.
        least_confidence: A moment is reported as unsure if its most probable class has a lower score, or is
            one that no modality favours alone. At the default a reported class is right more often than not,
            as far as the scores are calibrated.
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

    A moment is a part of the grid as far as there is any answer in it, and is fused from the modalities that
    have an answer for at least half of it: any may be missing. A modality counts with its measured weight
    (`affekt.analysis.fusion.weights`), times the share of its score that lies in classes that all networks
    share. Modalities that favour different classes are named in a note of the moment: the fused score alone
    would hide it.

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
    spans = tuple(
        _fused_span(_Moment.of(place, found, settings.every_s), shared, settings)
        for place, found in sorted(moments.items())
    )
    return Track(id=f"fused-{person}", modality="fused", person=person, spans=spans)


class _Moment(NamedTuple):
    """A moment: as long as there is any answer in its part of the grid, and the answers that cover it."""

    start_s: float
    end_s: float
    found: list[tuple[_Source, Span]]

    @classmethod
    def of(cls, place: int, found: Sequence[tuple[_Source, Span]], every_s: float) -> _Moment:
        low, high = place * every_s, (place + 1) * every_s
        start_s = max(low, min(span.start_s for _, span in found))
        end_s = min(high, max(span.end_s for _, span in found))
        least_s = LEAST_COVERED * (end_s - start_s)
        covering = [
            (source, span)
            for source, span in found
            if min(end_s, span.end_s) - max(start_s, span.start_s) >= least_s - 1e-9
        ]
        return cls(start_s, max(start_s, end_s), covering or [max(found, key=lambda it: it[1].end_s)])


def _placed(spans: Sequence[Span], every_s: float) -> dict[int, Span]:
    """The span of each part of the grid: the one that covers most of it."""
    found: dict[int, tuple[float, Span]] = {}
    for span in spans:
        first = math.floor(span.start_s / every_s + 1e-9)
        last = max(first, math.ceil(span.end_s / every_s - 1e-9) - 1)
        for place in range(first, last + 1):
            covered = min((place + 1) * every_s, span.end_s) - max(place * every_s, span.start_s)
            if place not in found or covered > found[place][0]:
                found[place] = (covered, span)
    return {place: span for place, (_, span) in found.items()}


def _fused_span(moment: _Moment, shared: SharedLabels, settings: FusionSettings) -> Span:
    found = moment.found
    rows, kept = zip(
        *(mapped_scores(span.scores, source.mapped.names, shared.names) for source, span in found),
        strict=True,
    )
    weights = weights_of([source.network.weights_sha256 for source, _ in found])
    pool = pooled if weights.measured else averaged
    scores = pool(np.stack(rows), np.array(weights.values) * np.array(kept))
    best = int(scores.argmax())
    confidence = float(scores[best])
    favoured = {int(row.argmax()) for row in rows}
    notes = _disagreement(found, np.stack(rows), shared.names, settings.disagreement)
    if best not in favoured:
        notes = (*notes, f"all together favour {shared.names[best]}, which none of them favours alone")
    is_sure = confidence >= settings.least_confidence and best in favoured
    return Span(
        start_s=round(moment.start_s, 3),
        end_s=round(moment.end_s, 3),
        label=shared.names[best] if is_sure else "",
        scores=dict(zip(shared.names, scores.tolist(), strict=True)),
        confidence=confidence,
        notes=notes,
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
