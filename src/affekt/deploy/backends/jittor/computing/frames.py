"""The protocol between affekt and the process that computes: frames on two pipes.

A frame is the number of its bytes (8 bytes, little endian) and a safetensors file: arrays by name, and
strings in its metadata. That of a request has `ask`; that of an answer has `answer`: `ok` or `error`.
The protocol has the version `PROTOCOL`; the process states its own, and the client refuses another one.

| ask | further metadata | arrays | answer |
| --- | --- | --- | --- |
| `open` | `key`, a name for the graph | `graph`, the file of a graph as uint8 | ok |
| `compute` | `key` | the inputs by name | ok, the outputs by name |
| `close` | `key` | | ok |

To train a graph, `open` has `weights`, the names of arrays that can be replaced, and `normed`, the running
means of the batch norms that normalise with the batch's statistics, both as JSON. Then there are, each with
`key`:

| ask | further metadata | arrays | answer |
| --- | --- | --- | --- |
| `weights` | | new values of weights by name | ok |
| `forward` | `pass`, a name for it; `seed` of draws | the inputs by name | ok, outputs and statistics |
| `backward` | `pass`; `wanted`, names of weights as JSON | gradients of outputs by name | ok, gradients |
| `forget` | `pass`, which no `backward` follows | | ok |

Statistics are those of the batch at the PLACE-th batch norm, `statistics:PLACE:mean:NAME` and
`statistics:PLACE:var:NAME` (unbiased), by the name of the running mean.

When the process has started, it sends one answer without being asked: ok with `protocol` and `jittor`, the
version. An `error` has `message` and `kind`: `start`, `graph` (it cannot be imported) or `compute`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .graph import metadata_of

PROTOCOL = "2"
MAX_BYTES = 2**33  # of a frame
_SIZE = 8


class Frame(NamedTuple):
    """What one side says.

    Attributes:
        facts: Strings.
        arrays: Arrays by name.
    """

    facts: dict[str, str]
    arrays: dict[str, np.ndarray]


class FrameError(ValueError):
    """The bytes are not a frame, or end within one."""


def write_frame(
    write: Callable[[bytes], object], facts: Mapping[str, str], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write a frame with `write`, which takes all bytes."""
    from safetensors.numpy import save

    content = save(
        {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}, dict(facts)
    )
    write(len(content).to_bytes(_SIZE, "little"))
    write(content)


def read_frame(read: Callable[[int], bytes]) -> Frame | None:
    """The next frame; None at the end.

    Args:
        read: Reads as many bytes as asked for, fewer only at the end.

    Raises:
        FrameError: The bytes are not a frame.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    head = read(_SIZE)
    if not head:
        return None
    size = int.from_bytes(head, "little")
    if len(head) < _SIZE or size > MAX_BYTES:
        raise FrameError(f"a frame of {size} bytes is announced")
    content = read(size)
    if len(content) < size:
        raise FrameError(f"a frame of {size} bytes ends after {len(content)}")
    try:
        return Frame(metadata_of(content), load(content))
    except (SafetensorError, ValueError) as error:
        raise FrameError(f"a frame holds no arrays: {error}") from None
