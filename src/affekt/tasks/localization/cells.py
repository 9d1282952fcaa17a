"""Logits of all cells of a medium of any length, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.answers.ahead import one_ahead
from affekt.core.answers.networks import Network, StagedNetwork
from affekt.core.sample import Sample
from affekt.core.task import OnItem, quiet

BLOCK_CELLS = 512  # cells of time in one call of the network


@runtime_checkable
class CellParts(Protocol):
    """The part of `Localizing` that gives a sample's cells."""

    context: int

    def count(self, sample: Sample) -> int: ...

    def parts(self, sample: Sample) -> Iterator[dict[str, np.ndarray]]: ...


class Block(NamedTuple):
    """Neighbouring cells, some of which are context of the others.

    Attributes:
        arrays: Inputs by name, first axis t.
        kept: Cells whose outputs are used; the others are context.
    """

    arrays: dict[str, np.ndarray]
    kept: slice


def blocks_of(
    parts: Iterator[dict[str, np.ndarray]], *, context: int, cells: int = BLOCK_CELLS
) -> Iterator[Block]:
    """Parts of any length as blocks of `cells` cells, with up to `context` more on each side.

    Memory holds no more than a block and a part at a time.

    Example:
        >>> parts = iter([{"x": np.arange(3)}, {"x": np.arange(3, 5)}])
        >>> [(block.arrays["x"].tolist(), block.kept) for block in blocks_of(parts, context=1, cells=2)]
        [([0, 1, 2], slice(0, 2, None)), ([1, 2, 3, 4], slice(1, 3, None)), ([3, 4], slice(1, 2, None))]
    """
    held: dict[str, np.ndarray] = {}
    before = 0  # cells that are held as context of the next ones
    for part in parts:
        held = {name: np.concatenate([held[name], value]) if held else value for name, value in part.items()}
        while len(next(iter(held.values()))) >= before + cells + context:
            stop = before + cells
            yield Block({name: value[: stop + context] for name, value in held.items()}, slice(before, stop))
            held = {name: value[max(0, stop - context) :] for name, value in held.items()}
            before = min(stop, context)
    size = len(next(iter(held.values()))) if held else 0
    if size > before:
        yield Block(held, slice(before, size))


def cell_logits(
    sample: Sample,
    preprocess: CellParts,
    network: Network,
    *,
    block: int = BLOCK_CELLS,
    on_cells: OnItem = quiet,
) -> np.ndarray:
    """Logits (t, k + 1) of all cells of a sample, block by block: memory does not grow with its length.

    Args:
        block: Cells in one call of the network.
        on_cells: Called with the number of cells that are done, and of all.

    Raises:
        MediaError: The sample cannot be read.
    """
    total = preprocess.count(sample)
    rows: list[np.ndarray] = []
    done = 0
    with closing(one_ahead(preprocess.parts(sample))) as decoded:  # while the network computes
        parts = encoded_parts(decoded, network)
        for arrays, kept in blocks_of(parts, context=preprocess.context, cells=block):
            logits = network({name: value[None] for name, value in arrays.items()})[0, kept]
            rows.append(logits)
            done += len(logits)
            on_cells(done, total)
    return np.concatenate(rows)


def encoded_parts(
    parts: Iterator[dict[str, np.ndarray]], network: Network
) -> Iterator[dict[str, np.ndarray]]:
    """Parts with the features of a frozen encoder in place of its input, if the network has one."""
    if not isinstance(network, StagedNetwork):
        yield from parts
        return
    for part in parts:
        yield {**part, network.encoded: network.encode(part[network.encoded])}
