from __future__ import annotations

import pytest

import affekt
from affekt.analysis.clips import find_clip
from affekt.analysis.medium import open_medium

pytestmark = pytest.mark.xdist_group("clips")


def test_a_clip_is_answered_as_a_whole_and_by_its_moments(clip_bundle, clip_files):
    found = find_clip(open_medium(clip_files / "clip1.mp4"), affekt.load(clip_bundle), name="net")
    whole, moments = found.tracks
    assert (whole.id, whole.network, whole.person) == ("clip-net", "net", "")
    assert len(whole.spans) == 1
    assert moments.spans[0].start_s < moments.spans[-1].end_s
    assert abs(sum(moments.spans[0].scores.values()) - 1) < 1e-6


def test_a_medium_that_the_network_cannot_answer_is_missing_with_the_reason(clip_bundle, tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    found = find_clip(open_medium(tmp_path / "photo.png"), affekt.load(clip_bundle), name="net")
    assert found.tracks == ()
    assert found.missing[0].modality == "clip"
    assert found.missing[0].reason.startswith("net: ")
