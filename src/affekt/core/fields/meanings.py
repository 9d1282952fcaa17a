"""What the fields of a model mean: their descriptions, or the Attributes section of its docstring."""

from __future__ import annotations

import inspect
import re

from pydantic import BaseModel

_HEAD = "Attributes:"
_ENTRY = re.compile(r"    (?P<names>\w+(?:, \w+)*): (?P<text>.*)")
_SECTION = re.compile(r"[A-Z]\w*:")


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """The meaning of each field, as one line; fields without one are left out.

    A field that a model inherits may be described by the model that it is from. Several names before one
    colon share the text.

    Example:
        >>> class Window(BaseModel):
        ...     '''A window.
        ...
        ...     Attributes:
        ...         size, hop: Its length and
        ...             its distance to the next.
        ...     '''
        ...     size: int = 2
        ...     hop: int = 1
        >>> meanings_of(Window)["hop"]
        'size, hop: Its length and its distance to the next.'
    """
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            found |= _attributes(one.__doc__ or "")
    described = {name: field.description for name, field in model.model_fields.items() if field.description}
    found |= {name: " ".join(text.split()) for name, text in described.items()}
    return {name: text for name, text in found.items() if name in model.model_fields}


def summary_of(model: type[BaseModel]) -> str:
    """What a model holds: the paragraphs of its own docstring before its sections, joined by line ends."""
    paragraphs: list[str] = []
    for paragraph in inspect.cleandoc(vars(model).get("__doc__") or "").split("\n\n"):
        if _SECTION.match(paragraph):
            break
        paragraphs.append(" ".join(paragraph.split()))
    return "\n".join(paragraphs)


def _attributes(docstring: str) -> dict[str, str]:
    """Entries of the Attributes section of a docstring in Google's style."""
    lines = inspect.cleandoc(docstring).splitlines()
    if _HEAD not in lines:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index(_HEAD) + 1 :]:
        if line and not line.startswith("    "):
            break
        if entry := _ENTRY.fullmatch(line):
            names = entry["names"].split(", ")
            text = entry["text"] if len(names) == 1 else f"{entry['names']}: {entry['text']}"
            found |= dict.fromkeys(names, text)
        elif line:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
