"""Pickle files of data sets, read without running anything that they name.

Unpickling can run any code. Here a file may hold numbers, text, bytes, lists, tuples, sets, dicts and numpy
arrays, and nothing else. Each operation is looked at before any is carried out; a file that names another
class or function is refused with that name. Arrays are not rebuilt by numpy, whose checks of pickled states
are incomplete, but from their bytes, once these fit the stated shape and type.

Memory is bounded by the size of the file: its content once, and `MOST_STEPS` small objects.
"""

from __future__ import annotations

import math
import pickle
import pickletools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from affekt.core.errors import DataError, UsageError

MOST_STEPS = 20_000_000  # operations of a file; one can make an object of about 100 bytes
MOST_BYTES = 32 << 30
_LONGEST_NUMBER = 32  # bytes of a whole number
_DEEPEST = 8  # values within values
_PLAIN_TYPE = re.compile(r"(?:[biuf][1248]|O8?|[US]\d{1,7}|b1|\?)")
# Operations that plain values and arrays need. Persistent ids, extensions, instances and buffers beside the
# file are not among them.
_ALLOWED = frozenset({
    "PROTO", "STOP", "FRAME", "MARK", "POP", "POP_MARK", "DUP", "NONE", "NEWTRUE", "NEWFALSE",
    "INT", "BININT", "BININT1", "BININT2", "LONG1", "FLOAT", "BINFLOAT",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS", "FROZENSET",
    "GET", "BINGET", "LONG_BINGET", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE",
    "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD",
})  # fmt: skip
_PLACES = ("PUT", "BINPUT", "LONG_BINPUT")


def read_pickle(path: Path) -> Any:
    """The value in a pickle file of protocol 0 to 5; no code of it is run.

    Arrays are read-only views of the bytes that were read.

    Raises:
        UsageError: There is no such file.
        DataError: It names a class or function other than numpy's arrays, is damaged or too large, or an
            array does not fit its stated shape.
    """
    if not path.is_file():
        raise UsageError(f"{path} does not exist")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise DataError(f"{path} has {size:,} bytes; pickle files of up to {MOST_BYTES:,} are read")
    try:
        with path.open("rb") as stream:
            _check_steps(_Bounded(stream, size))
            stream.seek(0)
            value = _Reader(_Bounded(stream, size)).load()
        return _Finishing().finished(value)
    except _Refused as error:
        raise DataError(f"{path} is not read: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    # What the reader raises on damaged files: it promises no single class.
    except (
        pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, IndexError, KeyError, MemoryError,
        RecursionError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise DataError(f"{path} is damaged or not a pickle file: {error or type(error).__name__}") from None


class _Refused(Exception):
    """A file is well formed and asks for what is not read."""


class _Bounded:
    """A file whose reads never ask for more bytes than are left."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size

    def read(self, count: int = -1) -> bytes:
        left = self._size - self._stream.tell()
        if count > left:
            raise EOFError(f"it ends {count - left:,} bytes early")
        return self._stream.read(left if count < 0 else count)

    def readline(self) -> bytes:
        return self._stream.readline()

    def tell(self) -> int:
        return self._stream.tell()


def _check_steps(stream: _Bounded) -> None:
    """Look at each operation, without carrying it out.

    Raises:
        _Refused: One is not needed for plain values and arrays, or there are too many.
    """
    for step, (operation, argument, _) in enumerate(pickletools.genops(stream)):  # pyright: ignore[reportArgumentType]
        name = operation.name
        if name not in _ALLOWED:
            raise _Refused(f"it needs the pickle operation {name}, which plain values and arrays do not")
        if step >= MOST_STEPS:
            raise _Refused(f"it has more than {MOST_STEPS:,} operations")
        if name == "GLOBAL":
            module, _, global_name = str(argument).partition(" ")
            _maker(module, global_name)
        elif name in _PLACES and not 0 <= int(str(argument)) <= step:
            raise _Refused(f"it stores a value at place {argument}, beyond the values that it has")
        elif isinstance(argument, int) and argument.bit_length() > 8 * _LONGEST_NUMBER:
            raise _Refused(f"it has a whole number of more than {_LONGEST_NUMBER} bytes")


class _Reader(pickle.Unpickler):
    """Finds the makers below in place of classes and functions."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return _maker(module_name, global_name)

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("it refers to objects outside the file")


class _Maker:
    """What stands for a function of numpy in a file: it makes one of the values below."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _Refused("it changes a function")


class _Type:
    """A numpy type, by the text that names it, such as `f4`."""

    __slots__ = ("dtype",)

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or not _PLAIN_TYPE.fullmatch(text):
            raise _Refused(f"it has an array of the type {text!r}; numbers and text are read")
        self.dtype = np.dtype("O" if text == "O8" else text)

    def __setstate__(self, state: Any) -> None:
        _, order, inner, names, fields, *_ = state
        if order not in ("<", ">", "=", "|") or inner is not None or names is not None or fields is not None:
            raise _Refused("it has an array of records; numbers and text are read")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """An array whose bytes are stated after it is made."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray | None = None) -> None:
        self.array = array

    def __setstate__(self, state: Any) -> None:
        if self.array is not None:
            raise _Refused("it states an array twice")
        shape, kind, by_columns, content = state[-4:]
        self.array = _array(content, kind, shape, "F" if by_columns else "C")


def _reconstructed(_: Any, shape: Any, code: Any) -> _Array:
    if shape != (0,):  # numpy writes no other: the shape is in the state
        raise _Refused(f"it has an array of the shape {shape!r} before its content")
    return _Array()


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any) -> _Array:
    # Not the array itself: a file could then give numpy a state of its own.
    return _Array(_array(content, kind, shape, order))


def _not_called(*_: Any) -> Any:
    raise _Refused("it calls numpy.ndarray")


def _scalar(kind: Any, content: Any) -> Any:
    return _array(content, kind, (), "C").item()


def _latin(text: Any, encoding: Any) -> bytes:
    """Bytes as protocol 2 writes them."""
    if encoding not in ("latin1", "latin-1"):
        raise _Refused(f"it has bytes in the encoding {encoding!r}")
    return text.encode("latin1")


def _array(content: Any, kind: Any, shape: Any, order: Any) -> np.ndarray:
    """The array of some bytes, or of a list of plain values.

    Raises:
        _Refused: They do not fit the shape and the type.
    """
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or order not in ("C", "F"):
        raise _Refused("it has an array without type, shape or order")
    if len(shape) > 8 or not all(type(size) is int and size >= 0 for size in shape):
        raise _Refused(f"it has an array of the shape {shape!r}")
    count, dtype = math.prod(shape), kind.dtype
    if dtype.kind == "O":
        if not isinstance(content, list) or len(content) != count:
            raise _Refused(f"an array of objects does not have the {count:,} entries that it states")
        flat = _objects(content)
    else:
        if not isinstance(content, bytes | bytearray) or len(content) != count * dtype.itemsize:
            raise _Refused(f"an array does not have the {count * dtype.itemsize:,} bytes that it states")
        flat = np.frombuffer(content, dtype) if content else np.zeros(count, dtype)
        if dtype.kind == "U" and count:
            codes = np.frombuffer(content, np.dtype("u4").newbyteorder(dtype.byteorder))
            if codes.max() > sys.maxunicode:
                raise _Refused("an array of text holds numbers that are not characters")
    flat.flags.writeable = False
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _objects(items: list[Any]) -> np.ndarray:
    """An array (n,) of any values; numpy would take lists among them for further axes."""
    flat = np.empty(len(items), object)
    for place, item in enumerate(items):
        flat[place] = item
    return flat


_NUMPY: dict[str, Any] = {
    "_reconstruct": _Maker(_reconstructed),
    "_frombuffer": _Maker(_from_buffer),
    "scalar": _Maker(_scalar),
    "dtype": _Maker(_Type),
    "ndarray": _Maker(_not_called),
}
_MODULES = {
    "numpy": ("dtype", "ndarray"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
}


def _empty_bytes(*arguments: Any) -> bytes:
    if arguments:
        raise _Refused("it calls bytes")
    return b""


# How protocol 2 writes bytes.
_BYTES = {
    ("_codecs", "encode"): _Maker(_latin),
    ("__builtin__", "bytes"): _Maker(_empty_bytes),
}


def _maker(module: str, name: str) -> Any:
    """What stands for a class or function.

    Raises:
        _Refused: It is not one of those by which numpy stores arrays.
    """
    if (module, name) in _BYTES:
        return _BYTES[module, name]
    if name not in _MODULES.get(module, ()):
        raise _Refused(
            f"it names {module}.{name}; only numbers, text, lists, dicts and numpy arrays are read, because "
            "any other object could run code"
        )
    return _NUMPY[name]


class _Finishing:
    """Puts arrays in place of what stood for them.

    A value to which a file refers many times is finished once: copies of it could need any memory.
    """

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}

    def finished(self, value: Any, depth: int = 0) -> Any:
        """The value.

        Raises:
            _Refused: Values are nested more than a few times, or one is not plain.
        """
        if isinstance(value, str | bytes | int | float | None):
            return value
        if id(value) not in self._done:
            if depth > _DEEPEST:
                raise _Refused(f"its values are nested more than {_DEEPEST} times")
            self._done[id(value)] = self._new(value, depth + 1)
        return self._done[id(value)]

    def _new(self, value: Any, depth: int) -> Any:
        if isinstance(value, _Array):
            if value.array is None:
                raise _Refused("it has an array without content")
            if value.array.dtype.kind != "O":
                return value.array
            items = [self.finished(item, depth) for item in value.array.ravel()]
            return _objects(items).reshape(value.array.shape)
        if isinstance(value, dict):
            if strange := [key for key in value if not isinstance(key, str | int)]:
                raise _Refused(f"it has a key of the kind {type(strange[0]).__name__}")
            return {key: self.finished(item, depth) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return type(value)(self.finished(item, depth) for item in value)
        if isinstance(value, bytearray):
            return bytes(value)
        raise _Refused("it has a function or a type among its values")
