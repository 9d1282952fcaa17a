"""Decoders and PyTorch are imported only when they are needed."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "modules",
    [
        "affekt.deploy.runtime.predictor",
        "affekt.media.video, affekt.media.sound",
        "affekt.media.video.snippets",
    ],
)
def test_neither_ffmpeg_nor_libsndfile_is_loaded_before_a_file_is_opened(modules):
    code = f"import sys, {modules}; sys.exit(len({{'av', 'soundfile', 'torch'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
