"""The fields of a model as rows: name, type, limits, default, meaning, and the value where one is given."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from affekt.core.fields.meanings import meanings_of, summary_of
from affekt.core.fields.types import OR_NONE, is_several, limits_of, models_in, type_of

REQUIRED = "required"
_KIND = "kind"  # the field by which a table states which of several models it is


class FieldRow(NamedTuple):
    """One field.

    Attributes:
        type: In words, such as `whole number`.
        limits: Of its values, such as `> 0`; empty without any.
        default: The default as a plain value; None if there is none, or if it is none.
        is_required: Whether it has no default.
        is_table: Whether it is a table, which follows with its own fields.
        value: The value in a given model as a plain value.
        is_set: Whether that value differs from the default.
    """

    name: str
    type: str
    limits: str
    default: Any
    is_required: bool
    meaning: str
    is_table: bool
    value: Any = None
    is_set: bool = False

    @property
    def type_with_limits(self) -> str:
        """The type and the limits in one text."""
        kind, none, _ = self.type.partition(OR_NONE)
        between = ", " if self.limits[:1].isalpha() else " "  # signs follow their noun
        return (f"{kind}{between}{self.limits}" if self.limits else kind) + none


class FieldTable(NamedTuple):
    """The fields of one model.

    Attributes:
        name: Dotted name of the table in a file; empty for the outermost one. A part in angle brackets is a
            name that the user gives.
        kind: Value of its field `kind`, where several models may stand; else empty.
        summary: What it holds, a paragraph a line.
        same_as: Name of an earlier table with the same fields, which are then not repeated; else empty.
    """

    name: str
    kind: str
    model: type[BaseModel]
    summary: str
    rows: tuple[FieldRow, ...]
    same_as: str = ""


def tables_of(given: type[BaseModel] | BaseModel, name: str = "") -> list[FieldTable]:
    """A model's fields, then those of the tables in it, in order.

    Args:
        given: A model; or one with values, which rows then have. Of tables that may be one of several models,
            the one that is used is listed.
        name: Dotted name of the table that the model is.

    Example:
        >>> from affekt.core.recipe import OptimizerSettings
        >>> [(table.name, table.rows[0].name) for table in tables_of(OptimizerSettings, "optimizer")]
        [('optimizer', 'name'), ('optimizer.sam', 'rho')]
    """
    return list(_tables(given, name, {}))


def undescribed(model: type[BaseModel]) -> list[str]:
    """Fields without a meaning, by dotted names; a table is described by its model."""
    return [
        f"{table.model.__name__}.{row.name}"
        for table in tables_of(model)
        for row in table.rows
        if not row.meaning
    ]


def _tables(
    given: type[BaseModel] | BaseModel, name: str, shown: dict[type[BaseModel], str]
) -> Iterator[FieldTable]:
    """A model's table and those in it.

    Args:
        shown: Names of the tables of models that were listed before; this call adds its own.
    """
    model = given if isinstance(given, type) else type(given)
    table = FieldTable(name, _kind_of(model), model, summary_of(model), ())
    if isinstance(given, type) and model in shown:
        yield table._replace(same_as=shown[model])
        return
    shown.setdefault(model, name)
    meanings = meanings_of(model)
    fields = model.model_fields
    yield table._replace(
        rows=tuple(_row(given, key, field, meanings.get(key, "")) for key, field in fields.items())
    )
    for key, field in fields.items():
        place = f"{name}.{key}" if name else key
        for inner in _inner(given, key, field):
            several = is_several(field.annotation)
            yield from _tables(inner, f"{place}.<name>" if several else place, shown)


def _inner(
    given: type[BaseModel] | BaseModel, key: str, field: FieldInfo
) -> list[type[BaseModel]] | list[BaseModel]:
    """The models of the tables that a field holds."""
    if isinstance(given, type):
        return models_in(field.annotation)
    value = getattr(given, key)
    return [value] if isinstance(value, BaseModel) else []


def _row(given: type[BaseModel] | BaseModel, key: str, field: FieldInfo, meaning: str) -> FieldRow:
    models = models_in(field.annotation)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    value = None if isinstance(given, type) else getattr(given, key)
    is_table = bool(models) if isinstance(given, type) else isinstance(value, BaseModel)
    if not meaning and key == _KIND and _kind_of(type(given) if not isinstance(given, type) else given):
        meaning = "Which one of the tables that may stand here."
    if not meaning and models:
        meaning = summary_of(models[0]).partition("\n")[0] if len(models) == 1 else "One of several tables."
    return FieldRow(
        field.alias or key,
        type_of(field.annotation),
        limits_of(field.metadata),
        _plain(default),
        field.is_required(),
        meaning,
        is_table,
        _plain(value),
        not isinstance(given, type) and (field.is_required() or value != default),
    )


def _plain(value: Any) -> Any:
    """JSON values of a value: of the models in it as well."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | NoneType) else str(value)


def _kind_of(model: type[BaseModel]) -> str:
    field = model.model_fields.get(_KIND)
    values = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    return str(values[0]) if len(values) == 1 else ""
