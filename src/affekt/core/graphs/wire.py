"""The wire format of protobuf, read without the `onnx` package and without copying the values of tensors.

It is stricter than protobuf, so that no engine can read a file differently: fields must be known and of the
stated type, a field that is not repeated occurs once (protobuf would merge or overwrite), numbers have their
shortest form, and there are no groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

MAX_FIELDS = 5_000_000  # of one file, about four seconds of reading; the largest of our graphs has 40,000
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_WIRES = {
    _VARINT: "number",
    _FIXED64: "8 bytes",
    _LENGTH: "length",
    3: "group",
    4: "group",
    _FIXED32: "4 bytes",
}


class Kind(Enum):
    """How the values of a field are written."""

    NUMBER = _VARINT  # an int or an enum
    FLOAT = _FIXED32
    DOUBLE = _FIXED64
    BLOCK = _LENGTH  # text, bytes or another message


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        refused: Why no graph may hold it; empty for fields that are allowed.
    """

    name: str
    kind: Kind = Kind.BLOCK
    repeated: bool = False
    refused: str = ""


Schema = Mapping[int, Field]


class Span(NamedTuple):
    """A part of the file, from byte `start` up to `stop`."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Bytes of the part."""
        return self.stop - self.start


class WireError(ValueError):
    """The bytes are not what the schema expects."""


class WireReader:
    """Reads messages of one file.

    Args:
        data: The whole file.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fields = 0

    def message(self, span: Span, schema: Schema, what: str) -> dict[str, list]:
        """The values of a message by the names of its fields; fields that are absent have no entry.

        Numbers are unsigned 64 bit; blocks, floats, doubles and packed numbers are spans of the file.

        Raises:
            WireError: Naming `what` and the position.
        """
        place, stop = span.start, span.stop
        found: dict[str, list] = {}
        while place < stop:
            tag, after = self._number(place, stop, what)
            field = schema.get(tag >> 3)
            if field is None:
                raise WireError(f"{what} has an unknown field {tag >> 3} at byte {place}")
            if field.refused:
                raise WireError(f"{what} has {field.refused}")
            wire, kind = tag & 7, field.kind.value
            packed = wire == _LENGTH and kind != _LENGTH and field.repeated
            if wire != kind and not packed:
                raise WireError(
                    f"{field.name} of {what} is written as {_WIRES.get(wire, wire)} at byte {place}, "
                    f"not as {_WIRES[kind]}"
                )
            if wire == _VARINT:
                value, place = self._number(after, stop, what)
            else:
                start, size = after, 4 if wire == _FIXED32 else 8
                if wire == _LENGTH:
                    size, start = self._number(after, stop, what)
                place = start + size
                if place > stop:
                    raise WireError(f"{field.name} of {what} ends beyond it: {size} bytes at byte {start}")
                value = Span(start, place)
            held = found.setdefault(field.name, [])
            if held and not field.repeated:
                raise WireError(f"{what} has {field.name} twice")
            held.append(value)
            self.fields += 1
            if self.fields > MAX_FIELDS:
                raise WireError(f"it has more than {MAX_FIELDS} fields")
        return found

    def text(self, span: Span | None) -> str:
        """UTF-8 text of a block; empty for one that is absent.

        Raises:
            WireError: It is not UTF-8.
        """
        if span is None:
            return ""
        try:
            return self.data[span.start : span.stop].decode()
        except UnicodeDecodeError:
            raise WireError(f"the text at byte {span.start} is not UTF-8") from None

    def numbers(self, values: list, what: str, *, at_most: int) -> list[int]:
        """Signed numbers of a repeated field, packed or not.

        Raises:
            WireError: There are more than `at_most`.
        """
        flat: list[int] = []
        for value in values:
            if isinstance(value, int):
                flat.append(_signed(value))
            else:
                place = value.start
                while place < value.stop and len(flat) <= at_most:
                    number, place = self._number(place, value.stop, what)
                    flat.append(_signed(number))
            if len(flat) > at_most:
                raise WireError(f"{what} has more than {at_most} entries")
        return flat

    def count_numbers(self, values: list) -> int:
        """How many numbers a repeated field holds, packed or not."""
        return sum(1 if isinstance(value, int) else self._ends(value) for value in values)

    def _ends(self, span: Span) -> int:
        """Bytes that end a number: those below 128."""
        if span.size and self.data[span.stop - 1] & 0x80:
            raise WireError(f"the numbers before byte {span.stop} are cut off")
        return len(self.data[span.start : span.stop].translate(None, delete=_CONTINUED))

    def _number(self, place: int, stop: int, what: str) -> tuple[int, int]:
        """A number and the position after it."""
        data, first = self.data, place
        value = shift = 0
        while place < stop:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if (byte == 0 and shift) or value >= 1 << 64:
                    raise WireError(f"a number of {what} at byte {first} is not written in its shortest form")
                return value, place
            shift += 7
            if shift > 63:
                raise WireError(f"a number of {what} at byte {first} has more than 64 bits")
        raise WireError(f"{what} is cut off at byte {stop}")


_CONTINUED = bytes(range(0x80, 0x100))


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
