"""TOML files of users, which anybody may have written: limited in size, in depth and in their numbers."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.core.errors import ConfigError
from affekt.core.files.regular import read_regular

MAX_BYTES = 2**20
MAX_DEPTH = 64  # of tables and arrays in one another
_INTEGERS = range(-(2**63), 2**63)  # of the TOML standard
_SHOWN = 80  # characters of a parser's message
# What cannot be part of a dotted key. The time of the parser grows with the square of the parts of a key.
_BETWEEN_KEYS = re.compile(r"[^\w.\"' \t-]")

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def read_toml(path: Path) -> dict[str, Any]:
    """Plain values of a TOML file.

    Raises:
        ConfigError: It cannot be read, is not TOML, or passes a limit.
    """
    try:
        text = read_regular(path, limit=MAX_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise ConfigError(str(path), [f"cannot be read: {reason}"]) from None
    return parse_toml(text, str(path))


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Plain values of TOML.

    Args:
        source: Where it is from, for errors.

    Raises:
        ConfigError: It is not TOML, is nested more than `MAX_DEPTH` deep, or holds an integer of more than 64
            bits.
    """
    # Line ends as in files that are opened as text: the standard knows no single carriage return.
    text = text.replace("\r\n", "\n")
    too_deep = ConfigError(source, [f"not a settings file: it is nested more than {MAX_DEPTH} deep"])
    if any(part.count(".") > MAX_DEPTH for part in _BETWEEN_KEYS.split(text)):
        raise too_deep
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [f"not valid TOML: {error}"]) from None
    except RecursionError:
        raise too_deep from None
    except (ValueError, OverflowError) as error:  # integers of thousands of digits, dates that do not exist
        raise ConfigError(source, [f"not valid TOML: {str(error)[:_SHOWN]}"]) from None
    if _depth(values) > MAX_DEPTH:
        raise too_deep
    if large := [name for name, value in _leaves(values) if type(value) is int and value not in _INTEGERS]:
        raise ConfigError(source, [f"{name}: an integer of TOML has at most 64 bits" for name in large[:10]])
    return values


def toml_value(value: Any) -> str:
    """A JSON value as TOML writes it, on one line. The value is not None, and holds none.

    Example:
        >>> toml_value({"lr": 1e-3, "betas": [0.9, 0.999], "a b": True})
        '{lr = 0.001, betas = [0.9, 0.999], "a b" = true}'
    """
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{toml_key(key)} = {toml_value(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, float):
        return repr(value)  # `inf` and `nan` are words of TOML as well
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """A key as TOML writes it: quoted where it is no plain word."""
    return key if _BARE_KEY.fullmatch(key) else toml_value(key)


def toml_text(values: Mapping[str, Any], name: str = "") -> str:
    """A document of JSON values: plain ones first, then a table for each mapping. None is left out.

    Example:
        >>> print(toml_text({"method": "cten", "train": {"epochs": 2}}))
        method = "cten"
        <BLANKLINE>
        [train]
        epochs = 2
    """
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in plain.items() if value is not None]
    parts = ["\n".join([f"[{name}]", *lines] if name else lines)] if lines or not values else []
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = toml_key(key)
            parts.append(toml_text(value, f"{name}.{inner}" if name else inner))
    return "\n\n".join(parts)


def _depth(values: Mapping[str, Any]) -> int:
    """How deep tables and arrays are nested."""
    depth, level = 0, [values]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [one for held in level for one in _inner(held) if isinstance(one, dict | list)]
    return depth


def _inner(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value)


def _leaves(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Values by their dotted names; the depth was checked before."""
    if not isinstance(value, dict | list):
        return [(name, value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, one in pairs for leaf in _leaves(one, f"{name}.{key}" if name else str(key))]
