"""CREATE, DROP, DESCRIBE and SHOW FUNCTION: SQL functions that return a value or a table."""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Function, Parameter
from local_warehouse.catalog.names import check_new, full_name
from local_warehouse.resolver import user_functions
from local_warehouse.resolver.query import Query
from local_warehouse.rewrites.scopes import aggregates, selects
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing, rows

_AFTER_RETURNS = (
    "AS", "COMMENT", "CONTAINS", "DEFAULT", "DETERMINISTIC", "ENVIRONMENT", "LANGUAGE", "NOT",
    "READS", "RETURN", "SQL",
)  # fmt: skip

# What may not follow a parameter's type, and the conditions of it.
_COLUMNS_ONLY = {
    ("NOT", "NULL"): "USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS",
    ("GENERATED",): "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED_COLUMNS_AS_PARAMETERS",
}


def create(context: Context, reader: StatementReader, or_replace: bool, temporary: bool) -> Result:
    """What follows CREATE [OR REPLACE] [TEMPORARY] FUNCTION."""
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    function = _read(context, reader)
    temporaries = context.session.temporary_functions
    name = function.name
    if temporary:
        exists = name.table in temporaries
    else:
        context.catalog.require_schema(name.catalog, name.schema)
        exists = context.catalog.function(name) is not None
    if exists and not or_replace:
        if if_not_exists:
            return nothing()
        message = f"Cannot create the routine {name} because a routine of that name exists."
        raise errors.SqlError("ROUTINE_ALREADY_EXISTS", message)
    _check_defaults(context, function, permanent=not temporary)
    _complete(context, function, permanent=not temporary)
    if temporary:
        temporaries[name.table] = function
    else:
        context.catalog.put_function(function)
    return nothing()


def _read(context: Context, reader: StatementReader) -> Function:
    name = full_name(reader.name(), context.session.namespace)
    check_new(name.table)
    reader.expect("(")
    function = Function(name, _parameters(reader), namespace=context.session.namespace)
    if reader.accept("RETURNS", "TABLE"):
        function.returns, function.columns = "table", []
        if reader.accept("("):
            function.columns = _parameters(reader)
            if not function.columns:
                raise reader.error("expected the columns of the table")
    elif reader.accept("RETURNS"):
        function.returns = reader.data_type(*_AFTER_RETURNS).lower()
    while not reader.accept("RETURN"):
        if reader.accept("LANGUAGE"):
            language = reader.identifier().upper()
            if language != "SQL":
                raise errors.unsupported(f"functions in {language.capitalize()}")
        elif reader.accept("COMMENT"):
            function.comment = reader.string()
        elif reader.accept("NOT", "DETERMINISTIC") or reader.accept("DETERMINISTIC"):
            continue  # said of the body, which is run as it is
        elif reader.accept("CONTAINS", "SQL") or reader.accept("READS", "SQL", "DATA"):
            continue
        else:
            raise reader.error("expected RETURN and the body of the function")
    function.body = reader.rest()
    return function


def _parameters(reader: StatementReader) -> list[Parameter]:
    """name type [DEFAULT expression] [COMMENT text], …, up to the closing parenthesis."""
    found: list[Parameter] = []
    while not reader.accept(")"):
        name = reader.identifier()
        kind = reader.data_type(",", "DEFAULT", "COMMENT", "NOT", "GENERATED")
        parameter = Parameter(name, kind.lower())
        _check_parameter(reader, name)
        if reader.accept("DEFAULT"):
            parameter.default = reader.until(",", "COMMENT")
        if reader.accept("COMMENT"):
            parameter.comment = reader.string()
        if any(name.lower() == other.name.lower() for other in found):
            message = f"The function has two parameters {name}."
            raise errors.SqlError("DUPLICATE_ROUTINE_PARAMETER_NAMES", message)
        found.append(parameter)
        if not reader.sees(")"):
            reader.expect(",")
    return found


def _check_parameter(reader: StatementReader, name: str) -> None:
    """Raise SqlError for what a column may have behind its type, and a parameter may not."""
    for words, condition in _COLUMNS_ONLY.items():
        if reader.sees(*words):
            message = f"The parameter {name} of a function cannot be {' '.join(words)}."
            raise errors.SqlError(condition, message)


def _check_defaults(context: Context, function: Function, *, permanent: bool) -> None:
    """Raise SqlError for a default that is no value of its parameter's type by itself, and where a
    parameter without one is behind one that has one."""
    has_default = False
    for parameter in function.parameters:
        if has_default and parameter.default is None:
            raise errors.SqlError(
                "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION",
                f"The parameter {parameter.name} of {function.name} must have a default, as one"
                " before it has.",
            )
        if parameter.default is not None:
            has_default = True
            value = parse(f"select cast({parameter.default} as {parameter.type})")
            if len(selects(value)) > 1:
                raise errors.SqlError(
                    "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION",
                    f"The default of {parameter.name} of {function.name} has a subquery.",
                )
            with Query(context, value, function.namespace, permanent=permanent) as query:
                query.columns()


def _complete(context: Context, function: Function, *, permanent: bool) -> None:
    """Check the body by a call with NULLs, and take from it what RETURNS does not say."""
    nulls: list[exp.Expr] = [exp.null() for _ in function.parameters]
    body = user_functions.body_of(function)
    if function.columns is not None and not user_functions.is_query(function.body.lstrip("( \n")):
        raise errors.SqlError(
            "USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY",
            f"{function.name} returns a table, and its body is no query.",
        )
    if not user_functions.is_query(function.body) and any(map(aggregates, body.expressions)):
        raise errors.SqlError(
            "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS",
            f"{function.name} returns one value, and aggregates in no query.",
        )
    call = (function, nulls)
    with Query(context, body.copy(), function.namespace, call, permanent=permanent) as query:
        columns = query.columns()
    if function.columns is None:
        if len(columns) != 1:
            raise errors.SqlError(
                "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION",
                f"{function.name} returns one value, and its body yields {len(columns)} columns.",
            )
        function.returns = function.returns or columns[0].type
    elif not function.columns:
        function.columns = [Parameter(column.name, column.type) for column in columns]
    elif len(function.columns) != len(columns):
        raise errors.SqlError(
            "USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH",
            f"{function.name} returns {len(function.columns)} columns, and its body yields "
            f"{len(columns)}.",
        )


def drop(context: Context, reader: StatementReader, temporary: bool) -> Result:
    """What follows DROP [TEMPORARY] FUNCTION."""
    if_exists = reader.accept("IF", "EXISTS")
    parts = reader.name()
    reader.end()
    if temporary:
        found = context.session.temporary_functions.pop(parts[-1].lower(), None) is not None
    else:
        name = full_name(parts, context.session.namespace)
        found = context.catalog.drop_function(name)
    if not found and not if_exists:
        raise errors.routine_not_found(".".join(parts))
    return nothing()


def describe(context: Context, reader: StatementReader) -> Result:
    """What follows DESCRIBE FUNCTION."""
    extended = reader.accept("EXTENDED")
    parts = reader.name()
    reader.end()
    function = context.function(parts)
    if function is None:
        raise errors.routine_not_found(".".join(parts))
    details: list[tuple[str, list[str]]] = [
        ("Function", [function.full_name]),
        ("Type", ["SCALAR" if function.columns is None else "TABLE"]),
        ("Input", _shown(function.parameters, extended) or ["()"]),
        ("Returns", _shown(function.columns or [], extended) or [function.returns.upper()]),
    ]
    if extended:
        created = dt.datetime.fromtimestamp(function.created_at, dt.UTC)
        details += [
            *([("Comment", [function.comment])] if function.comment else []),
            ("Owner", [function.owner]),
            ("Create Time", [created.strftime("%a %b %d %H:%M:%S UTC %Y")]),
            ("Body", function.body.splitlines()),
        ]
    width = max(len(label) for label, _ in details) + 2
    lines = [
        [f"{label + ':' if first else '':{width}}{line}"]
        for label, texts in details
        for first, line in zip([True] + [False] * len(texts), texts, strict=False)
    ]
    return rows([("function_desc", "string")], lines)


def _shown(parameters: list[Parameter], extended: bool) -> list[str]:
    width = max((len(parameter.name) for parameter in parameters), default=0)
    lines = []
    for parameter in parameters:
        line = f"{parameter.name:{width}} {parameter.type.upper()}"
        if extended and parameter.default:
            line += f" DEFAULT {parameter.default}"
        if extended and parameter.comment:
            line += f" '{parameter.comment}'"
        lines.append(line)
    return lines
