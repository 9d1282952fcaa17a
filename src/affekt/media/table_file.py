"""Files of cells, as people and programs save them: one reader for walks, manifests, labels and lists.

The encoding is found from the bytes (`affekt.media.text.decode`), never taken from the system. Separators and
line ends are those of `affekt.media.cell_rows`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from affekt.core.errors import MediaError
from affekt.core.files.regular import open_regular
from affekt.media.cell_rows import CellRows
from affekt.media.text.decode import Encoding, find_encoding, stated_encoding, undecodable

_BLOCK_BYTES = 1 << 16


@contextmanager
def open_text(path: Path, *, encoding: str | None = None) -> Iterator[tuple[IO[str], Encoding]]:
    """A text file, decoded as its bytes tell; lines keep their ends.

    Args:
        encoding: Codec that the caller states.

    Raises:
        OSError: There is no such file, or it is a pipe or a device.
        MediaError: It is not text, or its encoding is not recognised.
        UsageError: There is no such codec.
    """
    with open_regular(path) as file:
        if encoding:
            found = stated_encoding(encoding)
        else:
            found = find_encoding(iter(lambda: file.read(_BLOCK_BYTES), b""), str(path))
        file.seek(0)
        with io.TextIOWrapper(file, encoding=found.name, errors=found.errors, newline="") as stream:
            yield stream, found


@contextmanager
def open_cells(
    path: Path, *, wanted: Sequence[str] = (), separator: str = "", encoding: str | None = None
) -> Iterator[tuple[CellRows, list[str]]]:
    """The rows of a table, one by one, and notes on how it is read.

    Args:
        wanted, separator: As in `CellRows`.
        encoding: Codec that the caller states.

    Raises:
        MediaError: There is no such file, or it is not a table of text; also while rows are read.
        UsageError: There is no such codec.
    """
    line = 0
    rows = None
    try:
        with open_text(path, encoding=encoding) as (stream, found):
            rows = CellRows(stream, wanted=wanted, separator=separator)
            yield rows, [*found.notes, *rows.notes]
    except csv.Error as error:
        line = rows.line if rows else 1
        raise MediaError(
            f'{path} cannot be read: line {line}: {error}; a cell with quotes is written as "He said ""no""."'
        ) from None
    except UnicodeError as error:
        raise undecodable(str(path), encoding or "text", error) from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
