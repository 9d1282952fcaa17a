"""Pickle files are read without running anything that they name."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from affekt.core.errors import DataError, UsageError
from affekt.data.layouts.pickles import read_pickle


@pytest.fixture
def read(tmp_path):
    """A function that writes bytes to a file and reads it."""

    def read(content):
        path = tmp_path / "a.pkl"
        path.write_bytes(content)
        return read_pickle(path)

    return read


VALUES = {
    "numbers": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "other order": np.arange(3, dtype=">i4"),
    "whole": np.array([1, -2], np.int64),
    "yes or no": np.array([True, False]),
    "text": np.array(["one", "zwölf"]),
    "objects": np.array(["one", "two", None], object),
    "none": np.zeros((0, 5)),
    "scalar": np.float64(0.5),
    "plain": ["a", 1, 2.5, None, True, b"bytes", ("x", 3), 2**70],
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_and_plain_values_are_read_as_they_were_written(read, protocol):
    found = read(pickle.dumps(VALUES, protocol=protocol))
    assert set(found) == set(VALUES)
    for name, value in VALUES.items():
        if isinstance(value, np.ndarray):
            assert found[name].dtype == value.dtype and found[name].tolist() == value.tolist(), name
        else:
            assert found[name] == value


def test_sets_are_read(read):
    assert read(pickle.dumps([{1}, frozenset({2})])) == [{1}, frozenset({2})]


@pytest.mark.parametrize("protocol", [0, 1])
def test_plain_values_are_read_from_old_protocols(read, protocol):
    values = {"a": [1, 2.5, None, True, "text"], "b": ("x", "y")}
    assert read(pickle.dumps(values, protocol=protocol)) == values


def test_an_array_cannot_be_written_to(read):
    assert not read(pickle.dumps(np.arange(3))).flags.writeable


class Command:
    def __reduce__(self):
        return os.system, ("exit 0",)


class Evaluated:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Command(), f"{os.system.__module__}.system"),
        (Evaluated(), "eval"),
        (Path("x"), "pathlib"),
        (np.random.default_rng(0), "numpy.random"),
    ],
)
def test_any_other_class_or_function_is_refused_by_its_name(read, value, name, protocol):
    with pytest.raises(DataError, match="is not read") as found:
        read(pickle.dumps({"train": value}, protocol=protocol))
    assert name in str(found.value) or "needs the pickle operation" in str(found.value)


NAMED = b"\x8c\x05numpy\x8c\x05dtype\x93"  # STACK_GLOBAL numpy.dtype
HOSTILE = {
    "a name put together": (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "names os.system"),
    "an attribute of a module": (b"\x80\x04\x8c\x05numpy\x8c\x0bload.__call\x93.", "names numpy.load"),
    "a place beyond all values": (b"\x80\x02Nr\xff\xff\xff\x7f.", "beyond the values"),
    "a text longer than the file": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x.", "damaged"),
    "bytes longer than the file": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.", "damaged"),
    "a frame longer than the file": (b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.", "damaged"),
    "a persistent id": (b"\x80\x02X\x01\x00\x00\x00aQ.", "BINPERSID"),
    "an extension": (b"\x80\x02\x82\x01.", "EXT1"),
    "an instance": (b"(i__main__\nThing\n.", "INST"),
    "a changed function": (b"\x80\x04" + NAMED + b"}b.", "changes a function"),
    "a function as a value": (b"\x80\x04" + NAMED + b".", "among its values"),
    "a type of records": (b"\x80\x04" + NAMED + b"\x8c\x05f4,f4\x85R.", "of the type"),
    "a wide type": (b"\x80\x04" + NAMED + b"\x8c\x0bV1000000000\x85R.", "of the type"),
    "nothing": (b"", "damaged"),
    "not a pickle": (b"PK\x03\x04 something else", "not read|damaged"),
    "no end": (b"\x80\x04]", "damaged"),
    "a missing value": (b"\x80\x04h\x07.", "damaged"),
    "a state of a list": (b"\x80\x04]}b.", "damaged"),
    "a deep list": (b"\x80\x04" + b"]" * 50 + b"a" * 49 + b".", "nested more than"),
    "a list of itself": (b"\x80\x04]\x94h\x00a.", "nested more than"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(read, case):
    content, message = HOSTILE[case]
    with pytest.raises(DataError, match=message):
        read(content)


def array_pickle(shape, kind, content, before=(0,)):
    """A pickle of an array with any shape, type and content."""

    class Lying:
        def __reduce__(self):
            real = np.zeros(1).__reduce__()
            return real[0], (np.ndarray, before, b"b"), (1, shape, np.dtype(kind), False, content)

    return pickle.dumps(Lying(), protocol=4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array_pickle((1 << 40,), "f8", b"12345678"), "does not have the"),
        (array_pickle((2, 2), "f8", b"12345678"), "does not have the 32 bytes"),
        (array_pickle((-1,), "f8", b""), "of the shape"),
        (array_pickle((1,), "O", b"12345678"), "array of objects"),
        (array_pickle((1,), "f8", [1.0]), "does not have the 8 bytes"),
        (array_pickle((1,), "U1", b"\xff\xff\xff\xff"), "not characters"),
        (array_pickle((1,), "f8", b"12345678", before=(1 << 40,)), "before its content"),
    ],
)
def test_an_array_that_does_not_fit_its_statement_is_refused(read, content, message):
    with pytest.raises(DataError, match=message):
        read(content)


def test_a_value_that_is_referred_to_many_times_is_not_copied(read):
    inner = ["x"] * 10
    for _ in range(6):
        inner = [inner] * 10  # a million entries if it were copied
    found = read(pickle.dumps(inner))
    assert found[0] is found[1]


def test_buffers_beside_the_file_are_refused(read):
    buffers = []
    content = pickle.dumps(np.arange(1000), protocol=5, buffer_callback=buffers.append)
    with pytest.raises(DataError, match="NEXT_BUFFER"):
        read(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.pkl does not exist"):
        read_pickle(tmp_path / "none.pkl")


def test_every_cut_of_a_file_is_refused(read):
    whole = pickle.dumps({"a": np.arange(4), "b": ["x", "y"]})
    for end in range(len(whole) - 1):
        with pytest.raises(DataError):
            read(whole[:end])
