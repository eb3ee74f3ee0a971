"""The names of outputs without an alias: what Databricks makes of their expressions.

They are given before anything is rewritten, so that no rewrite shows in them.
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names#auto-generated-column-alias
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from local_warehouse.rewrites.casts_by_name import is_cast_by_name
from local_warehouse.rewrites.scopes import ColumnsOf, expression_of, relations_in
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.java_numbers import java_text

_SEVERAL = {  # functions that give several columns, or one with a name of its own
    "explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode",
    "posexplode_outer", "stack", "variant_explode", "variant_explode_outer", "window",
    "session_window",
}  # fmt: skip
_NAMED = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.JSONExtract, exp.Explode,
          exp.Posexplode, exp.Inline)  # fmt: skip
_FRACTIONS = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
_LITERALS = (exp.Literal, exp.Null, exp.Boolean, exp.Interval, exp.HexString, exp.RawString)
# How expressions are written, by their parts; NULL stands for a part that is not there.
_FORMS: dict[type[exp.Expr], str] = {
    exp.Alias: "{this} AS {alias}", exp.Any: "any({this})",
    exp.Between: "between({this}, {low}, {high})", exp.BitwiseNot: "~{this}",
    exp.Boolean: "{this}", exp.DPipe: "concat({this}, {expression})",
    exp.Dot: "{this}.{expression}", exp.Escape: "{this} ESCAPE '{expression}'",
    exp.Exists: "exists()", exp.Extract: "extract({this} FROM {expression})",
    exp.Filter: "{this} FILTER (WHERE {expression})",
    exp.If: "(IF({this}, {true}, {false}))", exp.IgnoreNulls: "{this}",
    exp.ILike: "ilike({this}, {expression})", exp.Initcap: "initcap({this})",
    exp.Is: "({this} IS {expression})", exp.NEQ: "(NOT ({this} = {expression}))", exp.Null: "NULL",
    exp.Paren: "{this}", exp.RegexpLike: "RLIKE({this}, {expression})", exp.RespectNulls: "{this}",
    exp.Subquery: "scalarsubquery()", exp.Where: "{this}",
    **{
        kind: f"({{this}} {sign} {{expression}})"
        for kind, sign in {
            exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.IntDiv: "div",
            exp.EQ: "=", exp.NullSafeEQ: "<=>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<",
            exp.LTE: "<=", exp.And: "AND", exp.Or: "OR", exp.BitwiseAnd: "&", exp.BitwiseOr: "|",
            exp.BitwiseXor: "^", exp.BitwiseLeftShift: "<<", exp.BitwiseRightShift: ">>",
        }.items()
    },
}  # fmt: skip
_RANKING = {"rank", "dense_rank", "percent_rank", "row_number", "ntile"}
_SHOUTED = {
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "cot", "csc",
    "degrees", "dense_rank", "e", "exp", "expm1", "hypot", "log", "log10", "log1p", "log2",
    "percent_rank", "pi", "power", "radians", "rank", "regexp", "regexp_like", "rlike", "sec",
    "signum", "sin", "sinh", "spark_partition_id", "sqrt", "tan", "tanh",
}  # fmt: skip
_RENAMED = {
    "array_agg": "collect_list", "current_database": "current_schema", "random": "rand",
    "dateadd": "date_add",
}  # fmt: skip
# Of how many arguments the first ones are shown alone.
_SHOWN = {
    "any_value": 1, "approx_count_distinct": 1, "first": 1, "first_value": 1, "from_csv": 1,
    "from_json": 1, "from_xml": 1, "last": 1, "last_value": 1, "schema_of_json": 1,
    "schema_of_xml": 1, "schema_of_csv": 1, "to_json": 1, "to_csv": 1, "to_xml": 1,
    "variant_get": 2, "try_variant_get": 2, "rank": 0, "dense_rank": 0, "percent_rank": 0,
    "cume_dist": 0, "row_number": 0,
}  # fmt: skip
_CLASSES: dict[type[exp.Expr], str] = {
    exp.GroupConcat: "listagg", exp.ApproxQuantile: "percentile_approx", exp.DecodeCase: "decode",
    exp.Decode: "decode", exp.ArgMax: "max_by", exp.ArgMin: "min_by", exp.Chr: "char",
    exp.Ceil: "ceil", exp.Floor: "floor",
}  # fmt: skip
_VARIABLE = "namedlambdavariable()"
_FINISH = ("", "", "", f"lambdafunction({_VARIABLE}, {_VARIABLE})")
# What a function's last arguments are where they are not given.
_DEFAULTS: dict[str, tuple[str, ...]] = {
    "lag": ("", "1", "NULL"), "lead": ("", "1", "NULL"), "mask": ("", "X", "x", "n", "NULL"),
    "months_between": ("", "", "true"), "from_unixtime": ("", "yyyy-MM-dd HH:mm:ss"),
    "percentile": ("", "", "1"), "substr": ("", "", "2147483647"),
    "substring": ("", "", "2147483647"), "overlay": ("", "", "", "-1"),
    "make_dt_interval": ("0", "0", "0", "0.000000"),
    "make_ym_interval": ("0", "0"), "sentences": ("", "", ""),
    "aes_encrypt": ("", "", "GCM", "DEFAULT", "", ""),
    "aes_decrypt": ("", "", "GCM", "DEFAULT", ""),
    "try_aes_decrypt": ("", "", "GCM", "DEFAULT", ""), "listagg": ("", "NULL"),
    "sort_array": ("", "true"), "string_agg": ("", "NULL"), "round": ("", "0"),
    "bround": ("", "0"), "split": ("", "", "-1"),
    "rpad": ("", "", " "), "lpad": ("", "", " "), "regexp_replace": ("", "", "", "1"),
    "regexp_instr": ("", "", "0"), "locate": ("", "", "1"), "position": ("", "", "1"),
    "hll_sketch_agg": ("", "12"), "hll_union": ("", "", "false"),
    "make_interval": ("0", "0", "0", "0", "0", "0", "0.000000"),
    "try_make_interval": ("0", "0", "0", "0", "0", "0", "0.000000"),
    "unix_timestamp": ("current_timestamp()", "yyyy-MM-dd HH:mm:ss"), "aggregate": _FINISH,
    "reduce": _FINISH, "str_to_map": ("", ",", ":"),
}  # fmt: skip


def name_outputs(tree: exp.Expr, _: ColumnsOf | None = None) -> exp.Expr:
    """Give each output of a query without an alias the name that it has on Databricks."""
    for select in of_kind(nodes(tree), exp.Select):
        for output in list(select.expressions):
            if not _has_name(output):
                give_name(output, _Namer(select).output(output))
    return tree


def name_made(query: exp.Expr) -> str | None:
    """The first name of the columns of a query, as it is parsed, that is made of an expression, or
    None. A star has those of its derived tables and CTEs; which of their columns another output
    reads is not looked at.

    Rule: CREATE_PERMANENT_VIEW_WITHOUT_ALIAS and ResolveAliases of Apache Spark.
    """
    query = query.unnest() if isinstance(query, (exp.Subquery, exp.Paren)) else query
    if isinstance(query, exp.SetOperation):
        return name_made(query.this)
    if not isinstance(query, exp.Select):
        return None
    for output in query.expressions:
        if output.is_star:
            made = [name_made(one) for one in _queries_of_star(query, output)]
            found = next((name for name in made if name is not None), None)
        else:
            found = None if _keeps_name(output) else _Namer(query).output(output)
        if found is not None:
            return found
    return None


def _queries_of_star(select: exp.Select, star: exp.Expr) -> Iterator[exp.Expr]:
    """The derived tables and CTEs whose columns a star shows under their own names."""
    qualifier = star.table.lower() if isinstance(star, exp.Column) else ""
    for relation in relations_in(select):
        if qualifier not in ("", relation.alias_or_name.lower()):
            continue
        if isinstance(relation, exp.Subquery):
            yield relation
        cte = expression_of(relation) if isinstance(relation, exp.Table) else None
        if cte is not None:
            yield cte.this


def _keeps_name(output: exp.Expr) -> bool:
    """Whether an output has an alias, or the name of a column, a field or a literal."""
    output = output.unnest()
    if _has_name(output) or isinstance(output, _LITERALS):
        return True
    if isinstance(output, exp.Neg):
        return _number(output.this) is not None
    if isinstance(output, exp.Cast) or is_cast_by_name(output):
        is_call = isinstance(output, exp.Anonymous)
        inner = output.expressions[0] if is_call else output.this
        return isinstance(inner, exp.Column) or bool(output.meta.get("is_literal"))
    base = output
    while isinstance(base, (exp.Bracket, exp.Dot)):
        base = base.this
    return base is not output and isinstance(base, (exp.Column, exp.Literal))


def give_name(output: exp.Expr, name: str) -> None:
    """Put an alias around an output, in place."""
    named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    output.replace(named)
    named.set("this", output)


def _has_name(output: exp.Expr) -> bool:
    """Whether it has an alias, or columns with names of their own: a path's is its last field, with
    a cast too."""
    is_call = isinstance(output, exp.Anonymous)
    if isinstance(output, _NAMED) or (is_call and str(output.this).lower() in _SEVERAL):
        return True
    if isinstance(output, exp.Cast) and isinstance(output.this, exp.JSONExtract):
        return True
    stars = of_kind(nodes(output), exp.Star)  # but of count(*)
    return any(str(star.parent and star.parent.this).lower() != "count" for star in stars)


def _number(node: exp.Expr) -> str | None:
    """A literal number as Java writes it: 1000.0 for 1e3, 1500 for 1.5e3BD; None for all else."""
    literal, kind = node, None
    if isinstance(node, exp.Cast) and "format" not in node.args:
        literal, kind = node.this, node.to.this
    is_exact = kind is exp.DataType.Type.DECIMAL  # the text of one is a string here
    if not isinstance(literal, exp.Literal) or (literal.is_string and not is_exact):
        return None
    digits = literal.name
    try:
        if kind in _FRACTIONS or (kind is None and "e" in digits.lower()):
            return java_text(float(digits))
        return f"{decimal.Decimal(digits):f}"
    except (ArithmeticError, ValueError):  # what is no number
        return digits


class _Namer:
    """Writes expressions of a SELECT."""

    def __init__(self, select: exp.Select) -> None:
        self._select = select

    def output(self, node: exp.Expr) -> str:
        """The name of an output: of a field its own, of a column with a cast that of the column."""
        is_cast = isinstance(node, exp.Cast) or is_cast_by_name(node)
        inner = node.expressions[0] if isinstance(node, exp.Anonymous) and is_cast else node.this
        shown = self.name(node)
        if is_cast and isinstance(inner, exp.Column) and "." not in self.name(inner):
            return inner.name
        base = node
        while isinstance(base, exp.Dot):
            base = base.this
        return shown.rpartition(".")[2] if isinstance(base, exp.Column) else shown

    def name(self, node: exp.Expr) -> str:
        """An expression as Databricks writes it."""
        write, form = _WRITERS.get(type(node)), _FORMS.get(type(node))
        if write is not None:
            return write(self, node)
        if form is not None:
            return form.format_map(_Parts(self, node))
        if isinstance(node, exp.Func):
            name = _CLASSES.get(type(node)) or node.sql_name().lower()
            parts = [part for value in node.args.values() for part in _listed(value)]
            return self._call(name, parts)
        return render(node)

    def _call(self, name: str, arguments: Sequence[exp.Expr]) -> str:
        is_distinct = bool(arguments) and isinstance(arguments[0], exp.Distinct)
        given = [*arguments[0].expressions, *arguments[1:]] if is_distinct else arguments
        texts = [self.name(one) for one in given[: _SHOWN.get(name, len(given))]]
        if is_distinct and texts:
            texts[0] = f"DISTINCT {texts[0]}"
        texts += _DEFAULTS.get(name, ())[len(texts) :]
        is_loud = name in _SHOUTED or (name in ("ceil", "floor") and len(texts) == 1)
        shown = name.upper() if is_loud else _RENAMED.get(name, name)
        return f"{shown}({', '.join(texts)})"

    def anonymous(self, node: exp.Expr) -> str:
        name = str(node.this).lower()
        arguments = node.expressions
        if name in ("isnull", "isnotnull"):
            return f"({self.name(arguments[0])} IS {'NOT ' if 'not' in name else ''}NULL)"
        if is_cast_by_name(node):
            return self.name(arguments[0])
        if "sign" in node.meta:
            sides = [self.name(one) for one in arguments]
            return f"({sides[0]} {node.meta['sign']} {sides[1]})"
        if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
            return "count(1)"
        return self._call(name, arguments)

    def distinct(self, node: exp.Expr) -> str:
        return f"DISTINCT {', '.join(map(self.name, node.expressions))}"

    def element(self, node: exp.Expr) -> str:
        return f"{self.name(node.this)}[{', '.join(map(self.name, node.expressions))}]"

    def bytes(self, node: exp.Expr) -> str:
        digits = str(node.this).upper()
        return f"X'{'0' * (len(digits) % 2)}{digits}'"

    def variable(self, node: exp.Expr) -> str:
        return _VARIABLE

    def place(self, node: exp.Expr) -> str:
        given = (node.args.get("substr"), node.this, node.args.get("position"))
        return self._call("locate", [part for part in given if part is not None])

    def column(self, node: exp.Column) -> str:
        parts = [part.name for part in node.parts]
        relations = {one.alias_or_name.lower() for one in relations_in(self._select)}
        while len(parts) > 1 and parts[0].lower() in relations:
            parts = parts[1:]
        return ".".join(parts)

    def literal(self, node: exp.Expr) -> str:
        return _number(node) or str(node.this)

    def cast(self, node: exp.Cast) -> str:
        inner = node.this
        if "format" not in node.args and isinstance(inner, exp.Literal):  # 2L, date'2024-01-01'
            if node.meta.get("is_literal") and node.to.this in _MOMENTS:
                return f"{_MOMENTS[node.to.this]} '{inner.this}'"
            if not inner.is_string or node.to.this is exp.DataType.Type.DECIMAL:
                return _number(node) or str(inner.this)
        if node.to.this in exp.DataType.NESTED_TYPES:
            return self.name(inner)
        word = "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"
        to = _DECIMAL.sub(r"DECIMAL(\1,\2)", render(node.to))
        return f"{word}({self.name(inner)} AS {to})"

    def negation(self, node: exp.Expr) -> str:
        number = _number(node.this)
        return f"-{number}" if number else f"(- {self.name(node.this)})"

    def interval(self, node: exp.Expr) -> str:
        sign = "-" if isinstance(node.this, exp.Neg) else ""
        unit = node.args.get("unit")
        spans = unit if isinstance(unit, exp.IntervalSpan) else None
        ends = [spans.this, spans.expression] if spans is not None else [unit]
        fields = [end.name.upper().removesuffix("S") for end in ends if end is not None]
        text = node.this.name
        if fields and fields[0] in _PADDED and text.isdecimal():
            text = text.zfill(2)
        return f"INTERVAL '{sign}{text}' {' TO '.join(fields)}".rstrip()

    def moved(self, node: exp.Expr) -> str:
        """A sum or a difference, which has no parentheses where a moment is moved."""
        sides = (node.this, node.expression)
        plain = [type(side) for side in sides if type(side) in (exp.Column, exp.Cast)]
        shown = f" {'+' if isinstance(node, exp.Add) else '-'} ".join(map(self.name, sides))
        is_moved = exp.Interval in map(type, sides) and bool(plain)
        return shown if is_moved else f"({shown})"

    def window(self, node: exp.Expr) -> str:
        call = node.this
        if node.args.get("alias") is not None:
            return f"{self.name(call)} OVER {node.args['alias'].name}"
        function = call.this if isinstance(call, (exp.IgnoreNulls, exp.RespectNulls)) else call
        parts = []
        if node.args.get("partition_by"):
            parts.append(f"PARTITION BY {', '.join(map(self.name, node.args['partition_by']))}")
        order = node.args.get("order")
        if order is not None:
            parts.append(f"ORDER BY {', '.join(map(self.name, order.expressions))}")
        parts.append(self._frame(node.args.get("spec"), function, order is not None))
        return f"{self.name(call)} OVER ({' '.join(parts)})"

    def _frame(self, spec: exp.Expr | None, function: exp.Expr, is_ordered: bool) -> str:
        name = str(function.this).lower()
        if name in ("lag", "lead"):
            given = function.expressions[1:2]
            by = self.name(given[0]) if given else "1"
            by = by if name == "lead" else f"-{by}"
            return f"ROWS BETWEEN {by} FOLLOWING AND {by} FOLLOWING"
        if spec is not None:
            bounds = f"{self._bound(spec, 'start')} AND {self._bound(spec, 'end')}"
            return f"{spec.args['kind'].upper()} BETWEEN {bounds}"
        if not is_ordered:
            return "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
        kind = "ROWS" if name in _RANKING else "RANGE"
        return f"{kind} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"

    def _bound(self, spec: exp.Expr, side: str) -> str:
        value, of = spec.args.get(side) or "CURRENT ROW", spec.args.get(f"{side}_side") or ""
        shown = self.name(value) if isinstance(value, exp.Expr) else str(value).upper()
        return f"{shown} {of.upper()}".rstrip()

    def ordered(self, node: exp.Expr) -> str:
        way = "DESC" if node.args.get("desc") else "ASC"
        nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
        return f"{self.name(node.this)} {way} NULLS {nulls}"

    def percentile(self, node: exp.Expr) -> str:
        key = node.expression.expressions[0]
        way = " DESC" if key.args.get("desc") else ""
        return f"{self.name(node.this)} WITHIN GROUP (ORDER BY {self.name(key.this)}{way})"

    def list_of_texts(self, node: exp.Expr) -> str:
        order = node.this if isinstance(node.this, exp.Order) else None
        texts = order.this if order is not None else node.this
        separator = node.args.get("separator")
        shown = f"listagg({self.name(texts)}, {self.name(separator) if separator else 'NULL'})"
        if order is None:
            return shown
        return f"{shown} WITHIN GROUP (ORDER BY {', '.join(map(self.name, order.expressions))})"

    def trim(self, node: exp.Expr) -> str:
        side, characters = node.args.get("position"), node.args.get("expression")
        if characters is not None:
            return f"TRIM({side or 'BOTH'} {self.name(characters)} FROM {self.name(node.this)})"
        word = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(side).upper(), "trim")
        return f"{word}({self.name(node.this)})"

    def opposite(self, node: exp.Expr) -> str:
        if isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Null):
            return f"({self.name(node.this.this)} IS NOT NULL)"
        return f"(NOT {self.name(node.this)})"

    def function(self, node: exp.Expr) -> str:
        variables = [_VARIABLE] * len(node.expressions)
        return f"lambdafunction({', '.join([self.name(node.this), *variables])})"

    def listed(self, node: exp.Expr) -> str:
        among = map(self.name, node.expressions) if node.expressions else ["listquery()"]
        return f"({self.name(node.this)} IN ({', '.join(among)}))"

    def like(self, node: exp.Expr) -> str:
        shown = f"{self.name(node.this)} LIKE {self.name(node.expression)}"
        return f"(NOT {shown})" if node.args.get("negate") else shown

    def case(self, node: exp.Expr) -> str:
        parts = ["CASE"]
        for branch in node.args["ifs"]:
            when = self.name(branch.this)
            if node.this is not None:
                when = f"({self.name(node.this)} = {when})"
            parts.append(f"WHEN {when} THEN {self.name(branch.args['true'])}")
        if node.args.get("default") is not None:
            parts.append(f"ELSE {self.name(node.args['default'])}")
        return " ".join([*parts, "END"])


_PADDED = ("HOUR", "MINUTE", "SECOND")
_DECIMAL = re.compile(r"DECIMAL\((\d+), (\d+)\)")
_MOMENTS = {
    exp.DataType.Type.DATE: "DATE", exp.DataType.Type.TIMESTAMP: "TIMESTAMP",
    exp.DataType.Type.TIMESTAMPTZ: "TIMESTAMP", exp.DataType.Type.TIMESTAMPLTZ: "TIMESTAMP",
    exp.DataType.Type.TIMESTAMPNTZ: "TIMESTAMP_NTZ",
}  # fmt: skip
_WRITERS: dict[type[exp.Expr], Callable[[_Namer, Any], str]] = {
    exp.Add: _Namer.moved,
    exp.Anonymous: _Namer.anonymous,
    exp.Bracket: _Namer.element,
    exp.Case: _Namer.case,
    exp.Cast: _Namer.cast,
    exp.Column: _Namer.column,
    exp.Distinct: _Namer.distinct,
    exp.GroupConcat: _Namer.list_of_texts,
    exp.HexString: _Namer.bytes,
    exp.Identifier: _Namer.variable,
    exp.In: _Namer.listed,
    exp.Interval: _Namer.interval,
    exp.Lambda: _Namer.function,
    exp.Like: _Namer.like,
    exp.Literal: _Namer.literal,
    exp.Neg: _Namer.negation,
    exp.Not: _Namer.opposite,
    exp.Ordered: _Namer.ordered,
    exp.RawString: _Namer.literal,
    exp.StrPosition: _Namer.place,
    exp.Sub: _Namer.moved,
    exp.Trim: _Namer.trim,
    exp.TryCast: _Namer.cast,
    exp.Window: _Namer.window,
    exp.WithinGroup: _Namer.percentile,
}


class _Parts(dict[str, str]):
    """The names of a node's parts, by the parts' own names."""

    def __init__(self, namer: _Namer, node: exp.Expr) -> None:
        self._namer, self._node = namer, node

    def __missing__(self, key: str) -> str:
        part = self._node.args.get(key)
        is_field = key == "expression" and isinstance(self._node, exp.Dot)
        if isinstance(part, exp.Expr) and (is_field or key == "alias" or type(part) is exp.Var):
            return part.name
        if isinstance(part, exp.Tuple):
            return ", ".join(map(self._namer.name, part.expressions))
        if isinstance(part, exp.Expr):
            return self._namer.name(part)
        return "NULL" if part is None else str(part).lower()


def _listed(value: object) -> list[exp.Expr]:
    return [
        one for one in (value if isinstance(value, list) else [value]) if isinstance(one, exp.Expr)
    ]
