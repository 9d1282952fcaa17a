"""A bundle answers clips in an environment that has no PyTorch in it."""

import json
import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"

pytestmark = [
    pytest.mark.xdist_group("clips"),
    pytest.mark.skipif(
        not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install"
    ),
]


def test_clips_are_answered_with_their_moments_as_pytorch_answers_them(
    clip_bundle, clip_run, clip_files, broken_sound_clip, tmp_path
):
    from affekt import load

    page = tmp_path / "clips.html"
    command = [
        CORE / "affekt",
        "predict",
        clip_bundle,
        clip_files,
        broken_sound_clip,
        "--json",
        "--output",
        page,
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    light = json.loads(done.stdout)["predictions"]
    heavy = list(load(clip_run).predict([clip_files, broken_sound_clip]))
    assert [one["id"] for one in light] == [other.id for other in heavy]
    for one, other in zip(light, heavy, strict=True):
        assert one["scores"] == pytest.approx(dict(other.scores), abs=1e-3)
        assert one["modality"] == other.modality and tuple(one["notes"]) == other.notes
        for mine, theirs in zip(one["moments"], other.moments, strict=True):
            assert mine["scores"] == pytest.approx(dict(theirs.scores), abs=1e-3)
            assert (mine["start_s"], mine["end_s"]) == (theirs.start_s, theirs.end_s)
    assert light[-1]["modality"] == "video"
    assert page.read_text().count("clip") > 3
