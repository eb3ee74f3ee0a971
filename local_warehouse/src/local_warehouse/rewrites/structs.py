"""Structs with other fields: without some of them, or with those of another type.

The engine casts no struct to one with other names, and matches fields by name where Databricks
counts them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import WarehouseDialect

_Type = exp.DataType.Type
_ARRAYS = (_Type.ARRAY, _Type.LIST)


def type_of(ddl_type: str) -> exp.DataType:
    """The syntax tree of a type."""
    return exp.DataType.build(ddl_type, dialect=WarehouseDialect)


def check_fields(names: Sequence[str]) -> None:
    """Raise SqlError where a STRUCT gets two fields of one name, of which the engine knows one."""
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise unsupported(f"a STRUCT with two fields of the name {', '.join(sorted(twice))}")


def makes_struct(node: exp.Expr) -> bool:
    """Whether it is a call that makes a struct."""
    is_call = isinstance(node, exp.Anonymous)
    return is_call and str(node.this).lower() in ("named_struct", "struct")


def without_fields(value: exp.Expr, kind: exp.Expr, paths: list[list[str]]) -> exp.Expr | None:
    """A struct without the fields at paths of names in lower case; None where it lacks one.

    Raises SqlError where no field is left.
    """
    if kind.this != _Type.STRUCT:
        return None
    fields: list[tuple[str, exp.Expr]] = []
    there = set()
    for field in kind.expressions:
        inner: exp.Expr | None = field_of(value, field)
        within = [path[1:] for path in paths if path[0] == field.name.lower()]
        if within:
            there.add(field.name.lower())
            if [] in within:
                continue
            inner = without_fields(field_of(value, field), field.args["kind"], within)
        if inner is None:
            return None
        fields.append((field.name, inner))
    if not there.issuperset(path[0] for path in paths):
        return None
    if not fields:
        raise unsupported("a struct without fields")
    return struct_of(value, fields)


def with_field(value: exp.Expr, kind: exp.Expr, path: list[str], new: exp.Expr) -> exp.Expr | None:
    """A struct with another value of the field at a path of names in lower case, also where the
    struct is NULL; None where it has no such field."""
    if kind.this != _Type.STRUCT:
        return None
    parts: list[exp.Expr] = []
    is_there = False
    for field in kind.expressions:
        inner: exp.Expr | None = field_of(value, field)
        if field.name.lower() == path[0]:
            is_there = True
            field_type = field.args["kind"]
            inner = (
                exp.cast(new.copy(), field_type.copy())
                if len(path) == 1
                else with_field(field_of(value, field), field_type, path[1:], new)
            )
        if inner is None:
            return None
        parts += [exp.Literal.string(field.name), inner]
    return exp.Anonymous(this="named_struct", expressions=parts) if is_there else None


def needs_other_fields(given: str, wanted: str) -> bool:
    """Whether two types have structs that differ."""
    return given != wanted and "struct<" in given and "struct<" in wanted


def with_fields_of(
    value: exp.Expr, given: exp.Expr, wanted: exp.Expr, *, by_name: bool = False
) -> exp.Expr:
    """A value with the structs of another type: their fields by position, or `by_name`.

    Raises SqlError where one has more fields than the other.
    """
    if given.this == wanted.this == _Type.STRUCT:
        return struct_of(value, list(_matched(value, given, wanted, by_name)))
    if given.this in _ARRAYS and wanted.this in _ARRAYS:
        element = with_fields_of(
            exp.column("element"), given.expressions[0], wanted.expressions[0], by_name=by_name
        )
        return fill("transform(x, element -> y)", {"x": value, "y": element})
    assert isinstance(wanted, exp.DataType)
    same = given == wanted or given.this in _ARRAYS or given.this == _Type.MAP
    return value.copy() if same else exp.cast(value.copy(), wanted.copy())


def _matched(
    value: exp.Expr, given: exp.Expr, wanted: exp.Expr, by_name: bool
) -> list[tuple[str, exp.Expr]]:
    sources = {field.name.lower(): field for field in given.expressions}
    targets = [field.name.lower() for field in wanted.expressions]
    extra = sorted(sources.keys() - set(targets)) if by_name else given.expressions[len(targets) :]
    missing = (
        sorted(set(targets) - sources.keys()) if by_name else targets[len(given.expressions) :]
    )
    if extra or missing:
        message = (
            f"The struct {given.sql(WarehouseDialect)} does not fit {wanted.sql(WarehouseDialect)}."
        )
        if extra:
            raise SqlError("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_STRUCT_FIELDS", message)
        raise SqlError("INCOMPATIBLE_DATA_FOR_TABLE.STRUCT_MISSING_FIELDS", message)
    pairs = zip(given.expressions, wanted.expressions, strict=True)
    if by_name:
        pairs = zip((sources[name] for name in targets), wanted.expressions, strict=True)
    return [
        (
            target.name,
            with_fields_of(
                field_of(value, source), source.args["kind"], target.args["kind"], by_name=by_name
            ),
        )
        for source, target in pairs
    ]


def field_of(value: exp.Expr, field: exp.Expr) -> exp.Expr:
    """The value of a struct's field."""
    name = exp.to_identifier(field.name, quoted=True)
    return exp.Dot(this=exp.paren(value.copy()), expression=name)


def struct_of(value: exp.Expr, fields: list[tuple[str, exp.Expr]]) -> exp.Expr:
    """A struct of these fields; NULL where the value is."""
    parts = [part for name, inner in fields for part in (exp.Literal.string(name), inner)]
    whole = exp.Anonymous(this="named_struct", expressions=parts)
    return fill("if(x is null, null, y)", {"x": value, "y": whole})
