"""SQL functions of the user, whose bodies take the place of their calls in a query.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-sql-function
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Function
from local_warehouse.rewrites.scopes import ColumnsOf, selects, sources, star_query
from local_warehouse.sql.dialect import WarehouseDialect, parse
from local_warehouse.sql.parse_cache import parse_again

_QUERY_WORDS = ("SELECT", "WITH", "VALUES", "FROM", "TABLE")


def body_of(function: Function) -> exp.Expr:
    """The query of a function's body; an expression becomes a SELECT of it."""
    return parse_again(function.body if is_query(function.body) else f"select {function.body}")


def is_query(body: str) -> bool:
    """Whether a function's body is a query, and no expression."""
    return body.split(None, 1)[0].upper() in _QUERY_WORDS


def call_with_qualifiers(call: exp.Anonymous) -> tuple[exp.Expr, list[str]]:
    """The whole expression of a call, main.shop.f(1) for instance, and the parts of the function's
    name."""
    if not isinstance(call.parent, exp.Dot) or call.parent.expression is not call:
        return call, [call.name]
    qualifiers = [part.name for part in call.parent.this.find_all(exp.Identifier, bfs=False)]
    return call.parent, [*qualifiers, call.name]


def qualify_columns(
    call: exp.Expr, arguments: list[exp.Expr], columns_of: ColumnsOf
) -> list[exp.Expr]:
    """Copies of the arguments, with the relation around the call in front of each column, so that
    it cannot mean a column of a relation in the function's body."""
    around = call.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    relations = sources(around) if isinstance(around, exp.Select) else []
    owner: dict[str, str] = {}
    copies = [argument.copy() for argument in arguments]
    for column in [c for argument in copies for c in argument.find_all(exp.Column)]:
        if column.table or column.find_ancestor(exp.Select) is not None:
            continue
        if not isinstance(around, exp.Select):
            raise errors.unsupported(
                "a function that reads tables, called with a column outside a SELECT"
            )
        if len(relations) > 1 and not owner:
            owner = dict(_owners(around, columns_of))
        only = relations[0].alias_or_name if len(relations) == 1 else None
        name = only or owner.get(column.name.lower())
        if name:
            column.set("table", exp.to_identifier(name, quoted=True))
    return copies


def _owners(select: exp.Select, columns_of: ColumnsOf) -> Iterator[tuple[str, str]]:
    """The names of the columns that a SELECT reads, in lower case, each with its relation's."""
    for source in reversed(sources(select)):
        one = star_query(select)
        table = exp.to_identifier(source.alias_or_name, quoted=True)
        one.set("expressions", [exp.Column(this=exp.Star(), table=table)])
        for column in columns_of(one):
            yield column.name.lower(), source.alias_or_name


def reads_tables(body: exp.Expr) -> bool:
    """Whether a SELECT of a function's body has a FROM."""
    return any(sources(select) for select in selects(body))


def scalar_value(
    function: Function, body: exp.Expr, arguments: list[exp.Expr], columns_of: ColumnsOf
) -> exp.Expr:
    """The expression that takes the place of a call. The names of `body` are resolved already, in
    the function's own namespace. Raises SqlError where the function returns a table."""
    if function.columns is not None:
        raise errors.SqlError(
            "NOT_A_SCALAR_FUNCTION", f"{function.name} returns a table: call it in FROM."
        )
    body = with_arguments(function, arguments, body, columns_of)
    is_expression = isinstance(body, exp.Select) and set(_given(body)) == {"expressions"}
    value = body.expressions[0].unalias() if is_expression else exp.Subquery(this=body)
    return _cast(value, function.returns)


def table_query(
    function: Function, body: exp.Expr, arguments: list[exp.Expr], columns_of: ColumnsOf
) -> exp.Select:
    """The query that takes the place of a call in FROM. Raises SqlError where the function returns
    one value."""
    if function.columns is None:
        raise errors.SqlError(
            "NOT_A_TABLE_FUNCTION", f"{function.name} returns one value, and no table."
        )
    body = with_arguments(function, arguments, body, columns_of)
    names = [exp.to_identifier(column.name, quoted=True) for column in function.columns]
    alias = exp.TableAlias(this=exp.to_identifier("returned"), columns=names)
    columns: list[exp.Expr] = [
        exp.alias_(_cast(exp.column(c.name, quoted=True), c.type), c.name, quoted=True)
        for c in function.columns
    ]
    source = exp.From(this=exp.Subquery(this=body, alias=alias))
    return exp.Select(expressions=columns, from_=source)


def join_laterally(
    lateral: exp.Lateral,
    function: Function,
    body: exp.Expr,
    arguments: list[exp.Expr],
    columns_of: ColumnsOf,
) -> None:
    """Put the query of a function's body in place of its call in LATERAL, which has the function's
    name where it has no other. The arguments may name columns of the relations before it."""
    join = lateral.parent
    select = join.parent if join is not None else None
    if not isinstance(join, exp.Join) or not isinstance(select, exp.Select):
        raise errors.unsupported(f"LATERAL {function.name.table}(…) that is first in FROM")
    joins = select.args["joins"]
    select.set("joins", joins[: join.index])  # the others are not seen, and may have such calls
    arguments = qualify_columns(lateral, arguments, columns_of)
    select.set("joins", joins)
    query = table_query(function, body, arguments, columns_of)
    lateral.set("this", exp.Subquery(this=_without_outer_query(query)))
    if lateral.args.get("alias") is None:
        name = exp.to_identifier(function.name.table, quoted=True)
        lateral.set("alias", exp.TableAlias(this=name))


def _without_outer_query(query: exp.Select) -> exp.Select:
    """What a table query of a plain SELECT is without the query around it, in which LATERAL could
    not name the relations before it."""
    source = query.args["from_"].this.this
    if not isinstance(source, exp.Select) or set(_given(source)) - {
        "expressions", "from_", "joins", "laterals", "where",
    }:  # fmt: skip
        return query
    aliases = {output.alias.lower() for output in source.expressions if output.alias}
    used = {one.name.lower() for part in source.expressions for one in part.find_all(exp.Column)}
    if source.is_star or aliases & used:
        return query
    for output, wanted in zip(source.expressions, query.expressions, strict=True):
        cast = exp.Cast(this=output.unalias().copy(), to=wanted.this.to.copy())
        output.replace(exp.alias_(cast, wanted.alias, quoted=True))
    return source


def _given(node: exp.Expr) -> list[str]:
    return [name for name, value in node.args.items() if value]


def _cast(value: exp.Expr, ddl_type: str) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build(ddl_type, dialect=WarehouseDialect))


def with_arguments(
    function: Function, arguments: list[exp.Expr], body: exp.Expr, columns_of: ColumnsOf
) -> exp.Expr:
    """The body with the arguments in place of the parameters, changed in place. A name that is
    both a column of the body's relations and a parameter means the column.

    Raises SqlError where the arguments do not fit the parameters.
    """
    values = _values(function, arguments)
    if reads_tables(body):
        _rename_sources(body)
    for select in selects(body):
        own: set[str] | None = None
        relations = {source.alias_or_name.lower() for source in sources(select)}
        for column in list(select.find_all(exp.Column)):
            if column.find_ancestor(exp.Select) is not select:
                continue
            table, name = column.table.lower(), column.name.lower()
            is_field = table in values and table not in (function.name.table, *relations)
            if is_field:
                name = table
            if name not in values or (table and not is_field and table != function.name.table):
                continue
            if not table or is_field:
                own = _visible(select, columns_of) if own is None else own
                if name in own:
                    continue
            value = values[name].copy()
            if is_field:
                value = exp.Dot(this=exp.paren(value, copy=False), expression=column.this)
            column.replace(value)
    return body


def _rename_sources(body: exp.Expr) -> None:
    """Give the relations of a body random aliases, which no argument can name."""
    mark = secrets.token_hex(4)
    renamed: dict[str, exp.Identifier] = {}
    for source in [source for select in selects(body) for source in sources(select)]:
        name = source.alias_or_name
        renamed[name.lower()] = exp.to_identifier(f"{name}_{mark}", quoted=True)
        if source.args.get("alias") is None:
            source.set("alias", exp.TableAlias())
        source.args["alias"].set("this", renamed[name.lower()].copy())
    for column in body.find_all(exp.Column):
        if column.table.lower() in renamed:
            column.set("table", renamed[column.table.lower()].copy())


def _visible(select: exp.Select, columns_of: ColumnsOf) -> set[str]:
    """The names of the columns that a SELECT can use, in lower case: those of its relations, and
    of the SELECTs around it where it is an expression of theirs."""
    names: set[str] = set()
    around: exp.Expr | None = select
    while isinstance(around, exp.Select):
        if sources(around):
            names |= {column.name.lower() for column in columns_of(star_query(around))}
        holder = around.parent
        if isinstance(holder, exp.CTE) or isinstance(
            holder and holder.parent, (exp.From, exp.Join)
        ):
            break
        around = around.parent_select
    return names


def _values(function: Function, arguments: list[exp.Expr]) -> dict[str, exp.Expr]:
    """The value of each parameter by its name in lower case, cast to its type."""
    given: dict[str, exp.Expr] = {}
    known = {parameter.name.lower(): parameter for parameter in function.parameters}
    for position, argument in enumerate(arguments):
        if isinstance(argument, (exp.Kwarg, exp.PropertyEQ)):
            name, value = argument.this.name.lower(), argument.expression
        elif position < len(function.parameters):
            name, value = function.parameters[position].name.lower(), argument
        else:
            raise errors.SqlError(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                f"The {function.name} requires {len(known)} parameters but the actual number is "
                f"{len(arguments)}.",
            )
        if name not in known:
            raise errors.SqlError(
                "UNRECOGNIZED_PARAMETER_NAME",
                f"{function.name} has no parameter {name}; it has {', '.join(known) or 'none'}.",
            )
        if name in given:
            raise errors.SqlError(
                "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE",
                f"The call of {function.name} gives {name} twice.",
            )
        given[name] = value
    for name, parameter in known.items():
        if name not in given and parameter.default is None:
            raise errors.SqlError(
                "REQUIRED_PARAMETER_NOT_FOUND",
                f"Cannot invoke {function.name} because the parameter {name} is required, but the "
                "call did not supply it.",
            )
        if name not in given:
            given[name] = parse(f"select {parameter.default}").expressions[0]
    return {name: _cast(value.copy(), known[name].type) for name, value in given.items()}
