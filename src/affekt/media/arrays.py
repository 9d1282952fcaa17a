"""Arrays from untrusted `.npz` files."""

from __future__ import annotations

import lzma
import math
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.files.regular import open_regular

MAX_BYTES = 2 * 2**30  # of a file after decompression
MAX_VALUES = 80_000_000  # of one array: a million frames of 26 joints
MAX_MEMBERS = 1000

# What damaged archives and array headers raise. TypeError: a header that is no valid dictionary.
BROKEN = (
    OSError, EOFError, RuntimeError, LookupError, MemoryError, SyntaxError, TypeError, ValueError,
    OverflowError, zlib.error, lzma.LZMAError, tokenize.TokenError,
)  # fmt: skip


def read_npz(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named arrays of a file; names that it does not have are left out.

    The size that the header of an array states is checked before the array is unpacked.

    Raises:
        MediaError: It is not an npz file, truncated, damaged, larger than `MAX_BYTES` unpacked, has an array
            of more than `MAX_VALUES`, or holds objects or text that is none.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if len(archive.filelist) > MAX_MEMBERS:
                raise MediaError(
                    f"{path} has {len(archive.filelist)} members; at most {MAX_MEMBERS} are read"
                )
            size = sum(member.file_size for member in archive.infolist())
            if size > MAX_BYTES:
                raise MediaError(f"{path} would unpack to {size} bytes; at most {MAX_BYTES} are read")
            there = set(archive.namelist())
            found = {
                name: _read_member(archive, f"{name}.npy", path) for name in names if f"{name}.npy" in there
            }
    except zipfile.BadZipFile:
        raise MediaError(
            f"{path} is truncated or not an npz file: it cannot be opened as a zip archive"
        ) from None
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise MediaError(
                f"{path} holds a pickled object; objects are never loaded, save plain arrays"
            ) from None
        raise MediaError(f"{path} is damaged: {error}") from None
    except BROKEN as error:
        raise MediaError(f"{path} is damaged: {error}") from None
    return found


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """An array of an archive, after its header was checked."""
    with archive.open(name) as stream:
        shape, dtype = _header(stream)
    values = math.prod(shape)
    if dtype.hasobject:
        raise MediaError(f"{path} holds a pickled object; objects are never loaded, save plain arrays")
    if values > MAX_VALUES:
        raise MediaError(f"{path}: {name} states {values} values; at most {MAX_VALUES} are read")
    if values * dtype.itemsize > archive.getinfo(name).file_size:
        raise MediaError(f"{path} is damaged: {name} is shorter than the shape {shape} that it states")
    with archive.open(name) as stream:
        # Arrays of text have their own limit of bytes, which is that of the file.
        array = np.lib.format.read_array(stream, allow_pickle=False)
    if dtype.kind == "U" and not is_unicode(array):
        raise MediaError(f"{path} is damaged: {name} holds numbers that are no characters")
    return array


def is_unicode(text: np.ndarray) -> bool:
    """Whether an array of text holds characters only; Python fails on others when they are used."""
    codes = np.ascontiguousarray(text).view(np.dtype(np.uint32).newbyteorder(text.dtype.byteorder))
    return not codes.size or int(codes.max()) <= sys.maxunicode


def _header(stream: IO[bytes] | zipfile.ZipExtFile) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    if min(shape, default=0) < 0:
        raise ValueError(f"it states the shape {shape}")
    return shape, dtype
