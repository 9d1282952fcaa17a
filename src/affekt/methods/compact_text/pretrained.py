"""Embeddings of a pretrained encoder in fewer dimensions."""

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from affekt.core.errors import FolderError
from affekt.encoders.source import find_source

_TABLE = "embeddings.word_embeddings.weight"  # of encoders of the BERT family, after a prefix or none


def read_embeddings(source: str, pieces: int, width: int) -> Float[Tensor, "v d"]:
    """The embeddings of an encoder on their first principal components, of variance 1 on average.

    Raises:
        FolderError: The encoder has no such table, or it has another number of rows or too few columns.
        UsageError: There is no such source.
    """
    table = _table(source)
    if len(table) != pieces or table.shape[1] < width:
        raise FolderError(
            f"the embeddings of {source} are {len(table)} of {table.shape[1]} values: set config.pieces = "
            f"{len(table)}, and config.width to {table.shape[1]} at most"
        )
    centred = (table - table.mean(dim=0)).double()
    _, directions = torch.linalg.eigh(centred.T @ centred)  # in the order of growing variance
    reduced = centred @ directions[:, -width:]
    return (reduced / reduced.square().mean().sqrt()).float()


def _table(source: str) -> Float[Tensor, "v d"]:
    for path in find_source(source).weights:
        try:
            with safe_open(path, "pt") as file:
                names = [name for name in file.keys() if f".{name}".endswith(f".{_TABLE}")]  # noqa: SIM118
                if names:
                    return file.get_tensor(names[0]).float()
        except (OSError, SafetensorError) as error:
            raise FolderError(f"{path} cannot be read: {error}") from None
    raise FolderError(f"{source} has no tensor {_TABLE}: it is not an encoder of the BERT family")
