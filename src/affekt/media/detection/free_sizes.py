"""ONNX networks whose pictures were frozen to one size, made to take any size, without the `onnx` package.

ONNX Runtime can free named dimensions only. The bytes of a model are copied except those that state the
sizes of inputs, outputs and values between: the format of protobuf allows it, and it takes milliseconds.
Weights that are listed as inputs (as up to version 3 of the format) are taken out of the list, because
ONNX Runtime folds only what is constant.
"""

from __future__ import annotations

from collections.abc import Iterator

from affekt.core.errors import FolderError

# Numbers of fields in onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUES = 5, 11, 12, 13
_TENSOR_NAME, _INFO_NAME, _INFO_TYPE, _TYPE_TENSOR = 8, 1, 2, 1
_TENSOR_ELEMENT, _TENSOR_SHAPE, _SHAPE_AXIS = 1, 2, 1
_BLOCK = 2  # how texts and messages are written


def with_free_sizes(model: bytes) -> bytes:
    """The same network without stated sizes.

    Raises:
        FolderError: These are not the bytes of an ONNX model.
    """
    try:
        return b"".join(
            _block(number, _freed(value)) if number == _MODEL_GRAPH else raw
            for number, value, raw in _fields(model)
        )
    except (IndexError, ValueError):
        raise FolderError("it is not an ONNX model, or it is cut off") from None


def _freed(graph: bytes) -> bytes:
    fields = list(_fields(graph))
    weights = {_first(value, _TENSOR_NAME) for number, value, _ in fields if number == _GRAPH_INITIALIZER}
    parts: list[bytes] = []
    for number, value, raw in fields:
        if number == _GRAPH_VALUES or (number == _GRAPH_INPUT and _first(value, _INFO_NAME) in weights):
            continue
        parts.append(
            _block(number, _with_free_shape(value)) if number in (_GRAPH_INPUT, _GRAPH_OUTPUT) else raw
        )
    return b"".join(parts)


def _with_free_shape(info: bytes) -> bytes:
    """A description of a tensor: its name, the type of its elements, and as many axes, of any size."""
    tensor = _first(_first(info, _INFO_TYPE), _TYPE_TENSOR)
    element = next(raw for number, _, raw in _fields(tensor) if number == _TENSOR_ELEMENT)
    axes = [number for number, _, _ in _fields(_first(tensor, _TENSOR_SHAPE)) if number == _SHAPE_AXIS]
    shape = _block(_TENSOR_SHAPE, _block(_SHAPE_AXIS, b"") * len(axes))
    kind = _block(_INFO_TYPE, _block(_TYPE_TENSOR, element + shape))
    return _block(_INFO_NAME, _first(info, _INFO_NAME)) + kind


def _first(message: bytes, wanted: int) -> bytes:
    return next((value for number, value, _ in _fields(message) if number == wanted), b"")


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, content and all bytes of each field; the content of numbers is empty.

    Raises:
        ValueError: A field ends beyond the message, or is of a kind that ONNX does not have.
        IndexError: The message ends within a number.
    """
    place = 0
    while place < len(message):
        start = place
        tag, place = _varint(message, place)
        begin = place
        match tag & 7:
            case 0:
                _, place = _varint(message, place)
                begin = place
            case 1:
                place += 8
            case 2:
                size, begin = _varint(message, place)
                place = begin + size
            case 5:
                place += 4
            case kind:
                raise ValueError(kind)
        if place > len(message):
            raise ValueError(place)
        yield tag >> 3, message[begin:place], message[start:place]


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def _block(number: int, content: bytes) -> bytes:
    return _as_varint(number << 3 | _BLOCK) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
