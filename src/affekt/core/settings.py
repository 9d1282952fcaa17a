"""Settings: frozen data models that report all problems at once, each with a suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, get_args, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationError

_BEGINNING = 3  # characters of a word from which longer ones are suggested
CLOSE = 0.6  # similarity of words, from 0 to 1, from which one is suggested for the other


class Settings(BaseModel):
    """A frozen pydantic model: data only, comparable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


@runtime_checkable
class Resolvable(Protocol):
    """A config that refers to something outside, such as a pretrained encoder by its name."""

    def resolved(self) -> Settings:
        """The same config with the facts that it refers to, so that the network can be made from it alone."""
        ...


@runtime_checkable
class ChecksLabels(Protocol):
    """A config some of whose settings need exactly one label for each sample."""

    def problems_with(self, *, has_several: bool) -> list[str]:
        """Settings that do not go with the labels of a sample, a sentence each."""
        ...


def resolve(config: Settings) -> Settings:
    """A config with all that it refers to; any other config as it is.

    Raises:
        AffektError: Something that it refers to is missing, or does not fit.
    """
    return config.resolved() if isinstance(config, Resolvable) else config


Model = TypeVar("Model", bound=BaseModel)


def differing(model: BaseModel) -> dict[str, Any]:
    """Values of the fields that differ from their defaults, and of those without a default, as JSON values.

    A nested model that differs from its default is reduced to its own differences in turn. Its `kind`, which
    says what it is where a field may hold several models, is always among them.

    Example:
        >>> class Inner(Settings):
        ...     width: int = 1
        ...     depth: int = 2
        >>> class Outer(Settings):
        ...     name: str
        ...     inner: Inner = Inner()
        >>> differing(Outer(name="a")), differing(Outer(name="a", inner=Inner(depth=3)))
        ({'name': 'a'}, {'name': 'a', 'inner': {'depth': 3}})
    """
    plain = model.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if field.is_required() or value != default:
            found[name] = differing(value) if isinstance(value, BaseModel) else plain[name]
            if isinstance(value, BaseModel) and type(value) is not type(default) and _kind_of(type(value)):
                found[name] = {"kind": _kind_of(type(value)), **found[name]}
    return found


def dotted(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a nested document by their dotted names.

    Example:
        >>> dotted({"a": 1, "b": {"c": 2}})
        {'a': 1, 'b.c': 2}
    """
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat |= dotted(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def close_to(word: str, known: Sequence[str]) -> str:
    """The known word that is most like another one, or the only one that begins with it; empty if none.

    Example:
        >>> close_to("focl", ["focal", "mse"]), close_to("class", ["classification", "contrast"])
        ('focal', 'classification')
    """
    if close := difflib.get_close_matches(word, known, n=1, cutoff=CLOSE):
        return close[0]
    longer = [one for one in known if one.startswith(word)] if len(word) >= _BEGINNING else []
    return longer[0] if len(longer) == 1 else ""


def closest(word: str, known: Iterable[str]) -> str:
    """A clause "did you mean" for a sentence that lists the known words; empty if none is close.

    Example:
        >>> closest("focl", ["focal", "cross_entropy"])
        '; did you mean focal?'
    """
    close = close_to(word, list(known))
    return f"; did you mean {close}?" if close else ""


def suggest(word: str, known: list[str]) -> str:
    """A "did you mean" clause, or the list of known words if none is close."""
    if close := close_to(word, known):
        return f"did you mean {close}?"
    return f"known: {', '.join(known)}" if known else "none are known"


def validate(
    model: type[Model], values: Mapping[str, Any], *, prefix: str = ""
) -> tuple[Model | None, list[str]]:
    """Build `model` from `values`, or list all problems, one line each.

    Args:
        prefix: Put before each key: the table that holds `values`, as in `config.`.
    """
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        return None, [_line(model, values, dict(entry), prefix) for entry in error.errors()]


def _line(model: type[BaseModel], values: Mapping[str, Any], entry: dict[str, Any], prefix: str) -> str:
    path = _written(model, [str(part) for part in entry["loc"]])
    key = prefix + ".".join(path)
    if entry["type"] == "missing":
        return f"{key}: missing; it must be given"
    if entry["type"] == "extra_forbidden":
        return f"{key} = {entry['input']!r}: unknown key; {suggest(path[-1], _fields(model, path[:-1]))}"
    said = entry["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:] if said == entry["msg"] else said
    said += closest(str(entry.get("ctx", {}).get("tag", entry["input"])), _choices(entry))
    if isinstance(entry["input"], Mapping | BaseModel):  # a table as a whole
        return f"{key.rstrip('.') or 'recipe'}: {said}"
    return f"{key} = {entry['input']!r}: {said}"


def _choices(entry: Mapping[str, Any]) -> list[str]:
    """The words of which one had to be given; empty for other problems."""
    key = {"literal_error": "expected", "union_tag_invalid": "expected_tags"}.get(entry["type"])
    return re.findall(r"'([^']*)'", str(entry.get("ctx", {}).get(key, "")))


def _written(model: type[BaseModel], path: list[str]) -> list[str]:
    """A path as it is written in a file: without the name of the model that a `kind` chooses."""
    kept: list[str] = []
    here: list[type[BaseModel]] = [model]
    for name in path:
        kinds = [one for one in here if _kind_of(one) == name]
        if len(here) > 1 and kinds:
            here = kinds
            continue
        kept.append(name)
        here = [inner for one in here for inner in _models(one, name)]
    return kept


def _fields(model: type[BaseModel], path: list[str]) -> list[str]:
    """Names of the fields of the (nested) models that `path` leads to."""
    here = [model]
    for name in path:
        here = [inner for one in here for inner in _models(one, name)] or here
    return sorted({name for one in here for name in one.model_fields})


def _models(model: type[BaseModel], name: str) -> list[type[BaseModel]]:
    """The models that a field may hold."""
    field = model.model_fields.get(name)
    found: list[type[BaseModel]] = []

    def add(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        for inner in get_args(annotation):
            add(inner)

    add(field.annotation if field else None)
    return found


def _kind_of(model: type[BaseModel]) -> str:
    """The value of a model's field `kind`, by which a union chooses it."""
    field = model.model_fields.get("kind")
    values = get_args(field.annotation) if field else ()
    return str(values[0]) if values else ""
