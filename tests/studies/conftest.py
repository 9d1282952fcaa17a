"""A plan of tiny runs."""

import pytest

WALK = """
method = "bpm_gcn"
data = {name = "walkers", options = {walkers = 12, walks_per_emotion = 1}}
config = {width = 4, depths = [1, 1, 1], clip_frames = 24, normalise = true}
optimizer = {name = "adamw", lr = 3e-3}
train = {epochs = 1, batch_size = 32, threads = 1}
"""


@pytest.fixture(scope="session")
def write_plan():
    """A function that writes a plan beside its recipe in a folder, and returns its path."""

    def write(folder, text):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "walk.toml").write_text(WALK)
        path = folder / "plan.toml"
        path.write_text(text)
        return path

    return write
