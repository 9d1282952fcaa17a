"""The type of a field in words, and the limits of its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

OR_NONE = ", or none"
_PLAIN = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Any: "any value",
    object: "any value",
}
_SIGNS = {"gt": "> {}", "ge": ">= {}", "lt": "< {}", "le": "<= {}", "multiple_of": "multiple of {}"}
_LENGTHS = {"min_length": "at least {} long", "max_length": "at most {} long"}


def type_of(annotation: Any) -> str:
    """A type in words.

    Example:
        >>> type_of(tuple[int, int] | None), type_of(dict[str, float]), type_of(Literal["a", "b"])
        ('list of 2: whole number, or none', 'table of numbers', '"a" or "b"')
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = limits_of(inner[1:])
        return type_of(inner[0]) + (f" {limits}" if limits else "")
    if origin is Literal:
        return _either([f'"{one}"' if isinstance(one, str) else str(one) for one in inner])
    if origin in (Union, UnionType):
        kinds = dict.fromkeys(type_of(one) for one in inner if one is not NoneType)
        return " or ".join(kinds) + (OR_NONE if NoneType in inner else "")
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return f"list of {_plural(inner[0])}"
        kinds = list(dict.fromkeys(type_of(one) for one in inner))
        return f"list of {len(inner)}: {', '.join(kinds)}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of {_plural(inner[1])}"
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        return f"list of {_plural(inner[0])}"
    if value := getattr(annotation, "__value__", None):  # a type alias
        return type_of(value)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel | Mapping):
        return "table"
    return _PLAIN.get(annotation, getattr(annotation, "__name__", str(annotation)))


def limits_of(metadata: Sequence[Any]) -> str:
    """Limits in the metadata of a type, such as `>= 0, < 1`; empty if there are none."""
    found: list[str] = []
    for one in metadata:
        if isinstance(one, FieldInfo):
            found += filter(None, [limits_of(one.metadata)])
        for name, text in (_SIGNS | _LENGTHS).items():
            value = getattr(one, name, None)
            if value is not None and not isinstance(one, FieldInfo):
                found.append(text.format(f"{value:g}" if isinstance(value, float) else value))
    return ", ".join(found)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a value of this type may be: itself, or of a list or table of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = annotation.__value__ if hasattr(annotation, "__value__") else None
    parts = [inner] if inner is not None else list(get_args(annotation))
    return list(dict.fromkeys(model for part in parts for model in models_in(part)))


def is_several(annotation: Any) -> bool:
    """Whether models are the values of a list or of a table with names."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_several(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return any(is_several(one) for one in get_args(annotation))
    return isinstance(origin, type) and issubclass(origin, Mapping | Sequence)


def _plural(annotation: Any) -> str:
    """A type in words, of several values: its noun, which may be followed by limits, in the plural."""
    words = type_of(annotation)
    noun = next((one for one in sorted({*_PLAIN.values(), "table"}, key=len) if words.startswith(one)), "")
    return f"{noun}s{words.removeprefix(noun)}" if noun and noun != "true or false" else words


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
