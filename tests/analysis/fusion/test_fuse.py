from __future__ import annotations

import pytest

from affekt.analysis.fusion import fuse
from affekt.analysis.fusion.fuse import FusionSettings
from affekt.analysis.fusion.weights import NOT_MEASURED
from affekt.core.timeline.parts import Network, Span, Track

LABELS = ("happy", "sad")


def network(name: str, modality: str, labels: tuple[str, ...] = LABELS) -> Network:
    return Network(name=name, method=name, modality=modality, labels=labels, weights_sha256=name)


def track(name: str, person: str, *spans: Span) -> Track:
    return Track(id=f"{name}-{person}", modality=name, person=person, network=name, spans=spans)


def span(start_s: float, end_s: float, happy: float, labels: tuple[str, ...] = LABELS) -> Span:
    return Span(
        start_s=start_s,
        end_s=end_s,
        label=labels[0],
        scores={labels[0]: happy, labels[1]: 1 - happy},
        confidence=happy,
    )


NETWORKS = [network("face", "face"), network("voice", "voice")]


def test_any_modality_may_be_missing_at_a_moment():
    tracks = [track("face", "P1", span(0, 1, 0.9)), track("voice", "P1", span(0.5, 2, 0.6))]
    (fused,) = fuse(tracks, NETWORKS).tracks
    assert [it.start_s for it in fused.spans] == [0.0, 0.5, 1.0, 1.5]
    assert fused.spans[0].scores["happiness"] == pytest.approx(0.9)
    assert fused.spans[3].scores["happiness"] == pytest.approx(0.6)
    assert fused.spans[1].scores["happiness"] == pytest.approx(0.75)  # not measured together: the mean


def test_weights_that_were_not_measured_are_said():
    tracks = [track("face", "P1", span(0, 1, 0.9)), track("voice", "P1", span(0, 1, 0.6))]
    found = fuse(tracks, NETWORKS)
    assert found.notes == (NOT_MEASURED,)
    assert [it.weight for it in found.networks] == [0.5, 0.5]
    assert fuse(tracks[:1], NETWORKS).notes == ()


def test_disagreement_is_shown():
    tracks = [track("face", "P1", span(0, 0.5, 0.9)), track("voice", "P1", span(0, 0.5, 0.2))]
    (fused,) = fuse(tracks, NETWORKS).tracks
    assert fused.spans[0].notes == ("disagreement: face happiness 0.90, voice sadness 0.80",)


def test_nothing_is_reported_when_nothing_is_sure():
    three = ("happy", "sad", "neutral")
    scores = {"happy": 0.4, "sad": 0.35, "neutral": 0.25}
    unsure = Span(start_s=0, end_s=0.5, label="happy", scores=scores, confidence=0.4)
    (fused,) = fuse([track("face", "P1", unsure)], [network("face", "face", three)]).tracks
    assert fused.spans[0].label == ""
    assert fused.spans[0].is_unsure
    assert fused.spans[0].confidence == pytest.approx(0.4)


def test_scores_in_classes_that_the_others_lack_do_not_count():
    calm = ("calm", "happy", "sad")
    voice = Span(start_s=0, end_s=0.5, scores={"calm": 1.0, "happy": 0.0, "sad": 0.0}, label="calm")
    tracks = [track("face", "P1", span(0, 0.5, 0.8)), track("voice", "P1", voice)]
    found = fuse(tracks, [NETWORKS[0], network("voice", "voice", calm)])
    assert found.tracks[0].spans[0].scores["happiness"] == pytest.approx(0.8)  # the face alone
    assert found.networks[1].mapping == {"calm": None, "happy": "happiness", "sad": "sadness"}
    assert "calm" in found.networks[1].notes[0]


def test_each_person_has_a_curve_and_the_whole_medium_has_none():
    tracks = [
        track("face", "P1", span(0, 0.5, 0.9)),
        track("face", "P2", span(0, 0.5, 0.1)),
        Track(id="clip", modality="clip", network="clip", spans=(span(0, 5, 0.5),)),
    ]
    found = fuse(tracks, [NETWORKS[0], network("clip", "clip")])
    assert [it.person for it in found.tracks] == ["P1", "P2"]
    assert found.networks[1].weight is None


def test_networks_without_common_classes_are_not_fused():
    other = network("voice", "voice", ("on task", "off task"))
    tracks = [
        track("face", "P1", span(0, 0.5, 0.9)),
        track("voice", "P1", span(0, 0.5, 0.9, other.labels)),
    ]
    found = fuse(tracks, [NETWORKS[0], other])
    assert found.tracks == ()
    assert found.notes == ("the networks share no classes: nothing is fused",)


def test_a_moment_takes_the_span_that_covers_most_of_it():
    tracks = [track("face", "P1", span(0, 0.6, 0.9), span(0.6, 1.0, 0.2))]
    (fused,) = fuse(tracks, NETWORKS, FusionSettings(every_s=0.5)).tracks
    assert [it.scores["happiness"] for it in fused.spans] == pytest.approx([0.9, 0.2])


def test_moments_begin_and_end_with_the_answers():
    tracks = [track("face", "P1", span(0.7, 1.3, 0.9))]
    (fused,) = fuse(tracks, NETWORKS).tracks
    assert [(it.start_s, it.end_s) for it in fused.spans] == [(0.7, 1.0), (1.0, 1.3)]


def test_the_last_instant_of_a_face_does_not_outvote_a_voice():
    tracks = [track("face", "P1", span(0.0, 0.505, 0.1)), track("voice", "P1", span(0.0, 0.608, 0.9))]
    (fused,) = fuse(tracks, NETWORKS).tracks
    assert fused.spans[1].end_s == 0.608
    assert fused.spans[1].scores["happiness"] == pytest.approx(0.9)  # the voice alone


def test_a_picture_has_a_moment_without_length():
    (fused,) = fuse([track("face", "P1", span(0.0, 0.0, 0.9))], NETWORKS).tracks
    assert [(it.start_s, it.end_s, it.label) for it in fused.spans] == [(0.0, 0.0, "happiness")]


def test_a_class_that_no_modality_favours_is_not_reported():
    three = ("happy", "sad", "anger")

    def answer(happy: float, sad: float, anger: float) -> Span:
        scores = {"happy": happy, "sad": sad, "anger": anger}
        return Span(start_s=0, end_s=0.5, label="happy", scores=scores, confidence=happy)

    tracks = [
        track("face", "P1", answer(0.55, 0.0, 0.45)),
        track("voice", "P1", answer(0.0, 0.52, 0.48)),
    ]
    (fused,) = fuse(tracks, [network("face", "face", three), network("voice", "voice", three)]).tracks
    assert fused.spans[0].label == ""
    assert "none of them favours alone" in fused.spans[0].notes[-1]
