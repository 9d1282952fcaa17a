"""The weights of Resemblyzer, read from the bytes of its file.

The file is a checkpoint of PyTorch in the format before version 1.6: pickles, then the numbers of each
tensor storage, after their count. The pickles are not read. The registry of assets pins the bytes of the
file, so that it is known here where each tensor lies. The state of the optimizer, two thirds of the file, is
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from affekt.core.errors import FolderError


class Storage(NamedTuple):
    """Numbers (float32, little-endian) that lie together.

    Attributes:
        begins: Its first byte in the file; the 8 bytes before it hold the count.
        numbers: How many there are.
        tensors: Place of the first number, and shape, by name.
    """

    begins: int
    numbers: int
    tensors: Mapping[str, tuple[int, tuple[int, ...]]]


STORAGES = (
    Storage(
        269_883,
        1_357_824,
        MappingProxyType(
            {
                "lstm.weight_ih_l0": (0, (1024, 40)),
                "lstm.weight_hh_l0": (40_960, (1024, 256)),
                "lstm.weight_ih_l1": (303_104, (1024, 256)),
                "lstm.weight_hh_l1": (565_248, (1024, 256)),
                "lstm.weight_ih_l2": (827_392, (1024, 256)),
                "lstm.weight_hh_l2": (1_089_536, (1024, 256)),
                "lstm.bias_ih_l0": (1_351_680, (1024,)),
                "lstm.bias_hh_l0": (1_352_704, (1024,)),
                "lstm.bias_ih_l1": (1_353_728, (1024,)),
                "lstm.bias_hh_l1": (1_354_752, (1024,)),
                "lstm.bias_ih_l2": (1_355_776, (1024,)),
                "lstm.bias_hh_l2": (1_356_800, (1024,)),
            }
        ),
    ),
    Storage(7_731, 65_536, MappingProxyType({"linear.weight": (0, (256, 256))})),
    Storage(6_699, 256, MappingProxyType({"linear.bias": (0, (256,))})),
)


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """The tensors of the network by name, float32.

    Raises:
        FolderError: The file cannot be read, or has another layout.
    """
    found: dict[str, np.ndarray] = {}
    try:
        with path.open("rb") as file:
            for storage in STORAGES:
                file.seek(storage.begins - 8)
                count = int.from_bytes(file.read(8), "little")
                content = file.read(4 * storage.numbers)
                if count != storage.numbers or len(content) != 4 * storage.numbers:
                    raise FolderError(
                        f"{path} does not hold {storage.numbers} numbers at byte {storage.begins}: it is "
                        "another file than the one whose layout is known"
                    )
                values = np.frombuffer(content, "<f4")
                for name, (first, shape) in storage.tensors.items():
                    found[name] = values[first : first + int(np.prod(shape))].reshape(shape)
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror or error}") from None
    return found
