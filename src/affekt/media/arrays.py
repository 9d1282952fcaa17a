"""Arrays from untrusted `.npz` files."""

from __future__ import annotations

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError

MAX_BYTES = 2 * 2**30  # of a file after decompression

# What damaged compressed data and array headers raise besides the usual errors.
_DECODERS = (zlib.error, lzma.LZMAError, tokenize.TokenError, OverflowError)


def read_npz(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named arrays of a file; names that it does not have are left out.

    Raises:
        MediaError: It is not an npz file, truncated, damaged, larger than `MAX_BYTES` unpacked, or holds
            objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_BYTES:
            raise MediaError(f"{path} would unpack to {size} bytes; at most {MAX_BYTES} are read")
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in names if name in file.files}
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
    except (OSError, EOFError, RuntimeError, KeyError, MemoryError, SyntaxError, *_DECODERS) as error:
        raise MediaError(f"{path} is damaged: {error}") from None
    # numpy returns a member without an array header as bytes.
    broken = [name for name, values in found.items() if not isinstance(values, np.ndarray)]
    if broken:
        raise MediaError(f"{path} is damaged: {', '.join(broken)} is not an array")
    return found
