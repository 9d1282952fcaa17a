"""What a file claims that `fit` measured is checked when the preprocessing is made, not in a prediction."""

import pytest

from affekt.core import catalog
from affekt.core.claims.measured import measured_number, measured_vector
from affekt.core.errors import FolderError
from affekt.testing.media import invent_samples


@pytest.mark.parametrize(
    "values",
    [
        None,
        "12",
        [1, "2"],
        [1, None],
        [1, True],
        [1, [2]],
        [1, float("nan")],
        [1, 10**400],
        [1],
        [1, 2, 3],
        {"a": 1},
    ],
)
def test_a_vector_that_is_none_is_refused(values):
    with pytest.raises(FolderError, match="in place of mean, 2 numbers"):
        measured_vector({"mean": values}, "mean", 2)


@pytest.mark.parametrize("value", ["30", [30], True, float("inf"), 10**400])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(FolderError, match="in place of rate_hz"):
        measured_number({"rate_hz": value}, "rate_hz")


@pytest.mark.parametrize(
    ("name", "modality", "forged"),
    [
        ("bpm_gcn", "skeleton", {"skeleton_mean": [1, 2]}),
        ("bpm_gcn", "skeleton", {"affective_max": {"a": 1}}),
        ("bpm_gcn", "skeleton", {"cycle_frames": [1, "x", 3]}),
        ("bpm_gcn", "skeleton", {"rate_hz": "fast"}),
        ("compact_voice", "audio", {"deviation_db": [[1.0]]}),
    ],
)
def test_a_forged_state_is_refused_before_anything_is_predicted(name, modality, forged):
    method = catalog.method(name)
    config = method.make_config({"normalise": True} if name == "bpm_gcn" else {})
    state = method.make_preprocess(config).fit(invent_samples(modality))
    assert method.make_preprocess(config, state)
    with pytest.raises(FolderError, match="state of the preprocessing"):
        method.make_preprocess(config, {**state, **forged})
