"""A checkpoint whose config claims a larger network than its weights are takes no memory for it."""

import pytest
import torch
from torch import nn

from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed, write_sealed
from affekt.engine.network import checkpoint_model
from affekt.engine.weights.claimed import SizeOf

pytestmark = pytest.mark.xdist_group("faces")


@pytest.mark.parametrize("claim", [{"width": 20_000}, {"units": 10**9}], ids=str)
def test_a_config_that_claims_more_than_the_weights_hold_is_refused(face_run, tmp_path, monkeypatch, claim):
    sealed = read_sealed(face_run / "checkpoints" / "best", kind="checkpoint")
    document = {**sealed.document, "config": {**sealed.document["config"], **claim}}
    with write_sealed(tmp_path / "claims", document) as work:
        for name in sealed.files:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(sealed.read(name))
    monkeypatch.setattr(nn.Module, "load_state_dict", lambda *given, **named: pytest.fail("it was made"))
    with pytest.raises(FolderError, match="far larger than its weights"):
        checkpoint_model(read_sealed(tmp_path / "claims", kind="checkpoint"))


def test_tensors_are_counted_before_they_are_made():
    weights = {"weight": torch.zeros(4, 3)}
    with SizeOf(weights):
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LSTM(4, 4))
    for make in (
        lambda: nn.Linear(2**40, 2**20),
        lambda: torch.zeros(2**50),
        lambda: torch.randn(2**25, 2**25),
        lambda: nn.Sequential(*(nn.Linear(2**10, 2**10) for _ in range(10**9))),
    ):
        with pytest.raises(ValueError, match="its weights of 12 values"), SizeOf(weights):
            make()
