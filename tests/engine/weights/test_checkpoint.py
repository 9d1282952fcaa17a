"""Checkpoints: what they hold twice, once, and of older versions."""

import hashlib

import pytest
import torch
from safetensors.torch import load_file, save, save_file

from affekt.core.files.sealed import read_sealed, write_sealed
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.store.objects import Store
from affekt.engine.weights.checkpoint import model_weights, training_weights
from affekt.engine.weights.files import holds_weights, weights_sha256
from affekt.engine.weights.foreign import read_foreign
from affekt.engine.weights.initial import read_weights

FILES = {"encoder.weight": "frozen/encoder.safetensors"}
ENCODER, HEAD = torch.tensor([-0.0, float("nan"), 3.0]), torch.ones(2)
DOCUMENT = {"method": "spcl", "labels": {"names": ["a", "b"], "polarity": [None, None]}}


def state():
    """The state of a training with averaged weights: the frozen part is in both."""
    return {
        "state_dict": {"model.encoder.weight": ENCODER, "model.head.weight": HEAD, "objective.pool": HEAD},
        "current_model_state": {"model.encoder.weight": ENCODER.clone(), "model.head.weight": 2 * HEAD},
        "epoch": 1,
    }


@pytest.fixture
def checkpoint(tmp_path):
    """The folder of a checkpoint in parts, with a store."""
    folder = tmp_path / "runs" / "run" / "checkpoints" / "epoch-1"
    FolderCheckpointIO(files=FILES, store=Store(tmp_path / "runs")).save_checkpoint(state(), folder, DOCUMENT)
    return folder


def test_the_state_of_the_training_holds_no_frozen_weights_again(checkpoint):
    tensors = load_file(checkpoint / "trainer.safetensors")
    assert sorted(value.numel() for value in tensors.values()) == [2, 2]


def test_what_is_read_is_what_was_saved_bit_for_bit(checkpoint):
    found = FolderCheckpointIO().load_checkpoint(checkpoint)
    for group in ("state_dict", "current_model_state"):
        expected = state()[group]
        assert found[group].keys() == expected.keys()
        assert all(
            found[group][name].numpy().tobytes() == expected[name].numpy().tobytes() for name in expected
        )
    assert torch.equal(training_weights(checkpoint)["head.weight"], 2 * HEAD)


def test_the_hash_of_the_weights_is_that_of_one_file_with_all_of_them(checkpoint):
    weights = {"encoder.weight": ENCODER, "head.weight": HEAD}
    digest = hashlib.sha256(save(weights)).hexdigest()
    assert weights_sha256(read_sealed(checkpoint, kind="checkpoint").document) == digest
    (given,) = read_weights([checkpoint])
    assert given.digest == digest[:16] and given.tensors.keys() == weights.keys()


def test_a_checkpoint_of_an_older_version_is_read_with_the_same_hash(tmp_path):
    weights = {"encoder.weight": ENCODER, "head.weight": HEAD}
    with write_sealed(tmp_path / "old", {**DOCUMENT, "kind": "checkpoint"}) as work:
        save_file(weights, work / "model.safetensors")
    sealed = read_sealed(tmp_path / "old", kind="checkpoint")
    assert model_weights(sealed).keys() == weights.keys()
    assert weights_sha256(sealed.document) == hashlib.sha256(save(weights)).hexdigest()


def test_convert_reads_all_parts_by_the_name_of_the_first_file(checkpoint):
    found = read_foreign(checkpoint / "model.safetensors")
    assert found.tensors.keys() == {"encoder.weight", "head.weight"}
    assert found.sha256 == weights_sha256(read_sealed(checkpoint, kind="checkpoint").document)


def test_a_checkpoint_whose_object_is_gone_is_still_taken_for_one(checkpoint):
    (checkpoint / "model.safetensors").resolve().unlink()
    assert holds_weights(checkpoint)
