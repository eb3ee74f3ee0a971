"""The dialect in which statements are parsed and rendered: sqlglot's Databricks, but exact.

It differs from the stock dialect in five ways. No keyword takes the rest of a statement as raw
text, as SHOW does in sqlglot. Function calls keep the name and the arguments that the author
wrote: sqlglot's own functions are meant for translation between dialects and lose detail
(`to_date(a, 'yyyy-MM-dd')` would come back without its format). Types are read and written without
`DataType.is_type` of a text, which parses that text at every call and would take a third of the
time for a statement with many casts. Operators bind as in Spark: `||` as `+` does, and of those on
bits the shifts before `&`, `^` and `|`. Joins without a condition have one that is true, as sqlglot
has it of some joins, and the exceptions of a star stand in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import Token, TokenType, exp, generator, parser
from sqlglot.dialects import Databricks
from sqlglot.errors import ParseError, TokenError

from local_warehouse.errors import SqlError, syntax_error
from local_warehouse.sql import foreign_forms, interval_literals
from local_warehouse.sql.walk import nodes, of_kind


def _without(known: dict[Any, Any], *left_out: Any) -> dict[Any, Any]:
    return {key: value for key, value in known.items() if key not in left_out}


def _counted(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A parser of a function's arguments that takes no more than there may be; sqlglot's forgets
    the others."""

    def parse_all(self: Any) -> Any:
        start = self._index
        found = parse(self)
        depth = count = 0
        for token in self._tokens[start : self._index]:
            depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
            count += token.token_type == TokenType.COMMA and depth == 0
            if depth < 0:  # behind the arguments
                break
            if depth == 0 and token.token_type == TokenType.ORDER_BY:
                self.raise_error("Expected ORDER BY in WITHIN GROUP", token)
        if count >= _MOST[name]:
            raise SqlError(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                f"{name.lower()}() takes no more arguments than {_MOST[name]}.",
            )
        return found

    return parse_all


_MOST = {
    "CEIL": 2, "FLOOR": 2, "INITCAP": 1, "MAX_BY": 2, "MIN_BY": 2, "POSITION": 3, "LISTAGG": 2,
    "STRING_AGG": 2, "REGR_AVGX": 2, "REGR_AVGY": 2, "REGR_SXX": 2, "REGR_SXY": 2, "REGR_SYY": 2,
    "SUBSTR": 3, "SUBSTRING": 3,
}  # fmt: skip
_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
_PLACES = {"line", "col", "start", "end"}  # of a name in the text, in the meta of its node


_ENDS = ("order", "sort", "cluster", "distribute", "limit", "offset")  # of a query
_RESULTS = ("joins", "where", "order", "limit", "offset")
# What a query may have that an operator of |> still adds to: it is computed before the operator.
_BEFORE: dict[str, tuple[str, ...]] = {
    "AGGREGATE": ("joins", "where"), "AS": _RESULTS, "EXTEND": ("joins", "where"),
    "LIMIT": ("joins", "where", "order"), "ORDER BY": ("joins", "where"),
    "SELECT": ("joins", "where"), "WHERE": ("joins", "where"),
}  # fmt: skip


def _after_step(parse: Any, *before: str) -> Any:
    """The parser of an operator of |> that reads what the operators before it give. sqlglot's adds
    to their query, so that LIMIT would be computed after a WHERE that comes behind it."""
    return lambda parser, query: parse(parser, _step(query, *before))


def _step(query: Any, *before: str) -> Any:
    """A query to which an operator of |> can add: a star of its relations with these clauses, or of
    the query itself."""
    given = {name for name, value in query.args.items() if value}
    is_open = query.is_star and len(query.expressions) == 1 and isinstance(query, exp.Select)
    if is_open and given <= {"expressions", "from_", "with_", *before}:
        return query
    alone = query.args["from_"].this if is_open and not query.args.get("joins") else None
    name = alone.alias_or_name if alone is not None else None
    return exp.select("*").from_(query.subquery(name or None, copy=False), copy=False)


class WarehouseDialect(Databricks):  # type: ignore[misc]
    """Databricks SQL that comes back from a syntax tree as it was written."""

    class Tokenizer(Databricks.Tokenizer):  # type: ignore[misc]
        """A tokenizer without commands, whose rest would be raw text."""

        COMMANDS: ClassVar[set[Any]] = set()
        KEYWORDS: ClassVar[dict[str, Any]] = _without(
            Databricks.Tokenizer.KEYWORDS,
            "ISNULL",
            "NOTNULL",  # an alias, or a function
            *foreign_forms.OPERATORS,
        )

    class Parser(Databricks.Parser):  # type: ignore[misc]
        """A parser without functions of its own: calls keep their names and arguments."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {  # percentile has a third argument
            name: _counted(name, parse) if name in _MOST else parse
            for name, parse in Databricks.Parser.FUNCTION_PARSERS.items()
            if name not in ("PERCENTILE", "SAFE_CAST", *foreign_forms.FUNCTIONS)
        }
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = _without(
            Databricks.Parser.NO_PAREN_FUNCTION_PARSERS, "CONNECT_BY_ROOT"
        )
        RANGE_PARSERS: ClassVar[dict[Any, Any]] = {
            kind: parse
            for kind, parse in Databricks.Parser.RANGE_PARSERS.items()
            if kind.name in foreign_forms.COMPARISONS
        }
        PRIMARY_PARSERS: ClassVar[dict[Any, Any]] = {
            **_without(Databricks.Parser.PRIMARY_PARSERS, *foreign_forms.LITERALS),
            TokenType.HEX_STRING: lambda self, token: self._parse_bytes(token),
        }
        # Operators and clauses of other dialects, which sqlglot would write anew or leave out.
        COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = _without(
            Databricks.Parser.COLUMN_OPERATORS, TokenType.ARROW, TokenType.DARROW
        )
        QUERY_MODIFIER_PARSERS: ClassVar[dict[Any, Any]] = _without(
            Databricks.Parser.QUERY_MODIFIER_PARSERS,
            *(TokenType.FETCH, TokenType.FOR, TokenType.LOCK, TokenType.CONNECT_BY),
        )
        PIPE_SYNTAX_TRANSFORM_PARSERS: ClassVar[dict[str, Any]] = {
            name: _after_step(parse, *_BEFORE.get(name, ()))
            for name, parse in Databricks.Parser.PIPE_SYNTAX_TRANSFORM_PARSERS.items()
        }
        ARRAY_CONSTRUCTORS: ClassVar[dict[str, Any]] = {}  # array(1, 2)[0] is an element
        SUPPORTS_TABLE_QUERY: ClassVar[bool] = True  # TABLE name, which is SELECT * FROM name
        WINDOW_EXCLUDE_OPTIONS: ClassVar[dict[str, Any]] = {}  # which are read and not written
        TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Any]] = {
            kind: lambda self, literal, to: _typed(literal, to) for kind in exp.DataType.Type
        }

        UNARY_PARSERS: ClassVar[dict[Any, Any]] = {
            **Databricks.Parser.UNARY_PARSERS,
            TokenType.PLUS: lambda self: self._parse_positive(),
        }

        def _parse_bytes(self, token: Token) -> Any:
            if foreign_forms.is_plain_hexadecimal(token, self.sql):
                self.raise_error("Expected X'…' for bytes", token)
            return Databricks.Parser.PRIMARY_PARSERS[TokenType.HEX_STRING](self, token)

        def _parse_column(self) -> Any:
            """A column; or bytes with a blank, `X '10'`, whose X sqlglot takes for one."""
            is_name = self._curr.token_type is TokenType.VAR and self._curr.text in ("X", "x")
            if is_name and self._next.token_type is TokenType.STRING:
                self._advance(2)
                if not re.fullmatch("[0-9A-Fa-f]*", self._prev.text):
                    self.raise_error("Expected hexadecimal digits", self._prev)
                return self._parse_column_ops(exp.HexString(this=self._prev.text))
            return super()._parse_column()

        def _parse_id_var(self, any_token: bool = True, tokens: Any = None) -> Any:
            """A name, which is no text: `as 'x'` is one of other dialects."""
            if self._curr and self._curr.token_type is TokenType.STRING:
                return None
            return super()._parse_id_var(any_token, tokens)

        _is_relation = False  # whether a name is one of a relation, which COPY INTO has as a text

        def _parse_table_part(self, schema: bool = False) -> Any:
            self._is_relation = True
            try:
                return super()._parse_table_part(schema)
            finally:
                self._is_relation = False

        def _parse_string_as_identifier(self) -> Any:
            return super()._parse_string_as_identifier() if self._is_relation else None

        def build_cast(self, strict: bool, **parts: Any) -> Any:
            """A cast to a type that Databricks has."""
            if isinstance(parts.get("to"), exp.DataType):
                foreign_forms.check_type(parts["to"])
            return super().build_cast(strict, **parts)

        def _parse_cast(self, strict: bool, safe: bool | None = None) -> Any:
            found = super()._parse_cast(strict, safe)
            if not isinstance(found, exp.Cast) or found.args.get("default") is not None:
                self.raise_error("A cast takes a value and a type")
            return found

        def _parse_positive(self) -> Any:
            is_interval = self._tokens[self._index - 2].token_type is TokenType.INTERVAL
            return self._parse_unary() if is_interval else _positive(self._parse_unary())

        def _parse_derived_table_values(self, *given: Any, **options: Any) -> Any:
            """VALUES in parentheses, behind whose rows sqlglot reads no clause: where one follows,
            they are read as the query that they are."""
            parse = super()._parse_derived_table_values
            if not self._match(TokenType.L_PAREN, advance=False):
                return parse(*given, **options)
            return self._try_parse(lambda: parse(*given, **options))

        def _parse_set_operations(self, this: Any) -> Any:
            found = super()._parse_set_operations(this)
            operation = found
            while isinstance(operation, exp.SetOperation):  # a branch that ends has parentheses
                if operation.args.get("by_name"):
                    self.raise_error("A set operation matches columns by position")
                for branch in (operation.this, operation.expression):
                    if isinstance(branch, exp.Query) and any(map(branch.args.get, _ENDS)):
                        self.raise_error("ORDER BY and LIMIT of a branch need parentheses")
                operation = operation.this
            return found

        def _parse_window(self, this: Any, alias: bool = False) -> Any:
            if self._match_pair(TokenType.FILTER, TokenType.L_PAREN, advance=False):
                condition = self._tokens[self._index + 2 : self._index + 3]
                if not condition or condition[0].token_type is not TokenType.WHERE:
                    self.raise_error("Expected WHERE", self._next)
            return super()._parse_window(this, alias)

        def _parse_term(self, parse_mod: bool = True) -> Any:
            found = super()._parse_term(parse_mod)
            while self._match(TokenType.DPIPE):
                found = exp.DPipe(this=found, expression=self._parse_factor(parse_mod), safe=True)
                while self._match_set(self.TERM):
                    kind = self.TERM[self._prev.token_type]
                    if kind is exp.Collate:  # of what is joined last
                        last = exp.Collate(
                            this=found.expression.copy(), expression=self._parse_factor()
                        )
                        found.set("expression", last)
                        continue
                    right = self._parse_factor(parse_mod)
                    found = kind(this=exp.paren(found, copy=False), expression=right)
            return found

        def _parse_bitwise(self) -> Any:
            found = self._parse_term()
            return self._parse_bits(found) if self._operator_of_bits() else found

        def _parse_bits(self, found: Any, least: int = 0) -> Any:
            """What an operand and the operators behind it are that bind as strongly or more. An
            operand with one of its own gets parentheses, as the engine has another order."""
            while (operator := self._operator_of_bits()) and operator[0] >= least:
                strength, kind, width = operator
                self._advance(width)
                right = self._parse_term()
                while (following := self._operator_of_bits()) and following[0] > strength:
                    right = self._parse_bits(right, following[0])
                sides = [
                    exp.paren(side, copy=False) if isinstance(side, _OF_BITS) else side
                    for side in (found, right)
                ]
                found = kind(this=sides[0], expression=sides[1])
            return found

        def _operator_of_bits(self) -> tuple[int, Any, int] | None:
            """How strongly the operator that comes next binds, what it makes of its operands, and
            of how many tokens it is."""
            kind = self._curr.token_type if self._curr else None
            if kind not in _SHIFTS:
                return _OPERATORS.get(kind)
            ahead = self._tokens[self._index : self._index + 3]
            width = 1
            while width < len(ahead) and _adjoin(ahead[width - 1], ahead[width]):
                width += 1
            return None if width == 1 else (3, _SHIFTS[kind][width - 2], width)

        _types_around = 0  # how many types the parser is within

        def _parse_csv(self, parse_method: Any, sep: Any = TokenType.COMMA) -> Any:
            def parse_one() -> Any:
                is_next = self._prev is not None and self._prev.token_type == sep
                found = parse_method()
                # sqlglot lets a comma stand before nothing, and takes struct(null, 1) for a type
                # until it finds no type behind the comma.
                if found is None and is_next and not self._types_around:
                    self.raise_error("Expected something behind the comma", self._prev)
                return found

            return super()._parse_csv(parse_one, sep)

        def _parse_types(
            self, check_func: bool = False, schema: bool = False, **options: Any
        ) -> Any:
            self._types_around += 1
            start = self._index
            try:
                found = parser.Parser._parse_types(self, check_func, schema, **options)
            finally:
                self._types_around -= 1
            if isinstance(found, exp.DataType) and self._prev.text.upper() in _SUFFIXES:
                found.meta[_OF_SUFFIX] = True
            elif isinstance(found, exp.DataType) and self._index > start:
                foreign_forms.mark_type(found, self._tokens[start : self._index])
            if found and not schema:  # a cast to char or varchar is one to string
                for node in of_kind(nodes(found), exp.DataType):
                    if node.this in _CHARACTERS:
                        node.set("this", exp.DataType.Type.TEXT)
                        node.set("expressions", None)
            return found

        def _parse_in(self, this: exp.Expr | None, alias: bool = False) -> Any:
            found = super()._parse_in(this, alias)
            rows = found.expressions
            if len(rows) == 1 and isinstance(rows[0], exp.Values):  # a query, and no list
                found.set("expressions", None)
                found.set("query", exp.select("*").from_(rows[0]).subquery(copy=False))
            return found

        def _parse_interval(self, require_interval: bool = True, **options: Any) -> Any:
            """A literal with all its units as one value: of `d - interval 1 day 2 hours` sqlglot
            makes a sum, whose parts - takes apart, and adds what stands behind a + to it."""
            start = self._index
            if not self._match(TokenType.INTERVAL):
                return None
            parts, span = [], None
            while span is None and (value := self._parse_interval_value()) is not None:
                unit = self._parse_var(any_token=True, upper=True)
                if self._match_text_seq("TO"):
                    last = self._parse_var(any_token=True, upper=True)
                    span = exp.IntervalSpan(this=unit, expression=last)
                parts.append(interval_literals.Part(value, unit.name))
            if span is not None and len(parts) == 1:
                return exp.Interval(this=exp.Literal.string(parts[0].number), unit=span)
            if not parts and self._match(TokenType.STRING, advance=False):
                parts = interval_literals.parts_of(self._parse_primary().name)
            elif not parts:
                return self._parse_interval_of_value(start)
            elif span is not None or not all(map(interval_literals.is_number, parts)):
                parts = []
            if not parts or not interval_literals.are_of_one_kind(parts):
                self.raise_error("An interval has numbers of units, all of months or none")
            return interval_literals.literal_of(parts)

        def _parse_interval_value(self) -> str | None:
            """The text of a number or a text before a unit, with the sign before it."""
            start = self._index
            is_signed = self._match_set((TokenType.DASH, TokenType.PLUS))
            is_negative = is_signed and self._prev.token_type is TokenType.DASH
            given = self._match_set((TokenType.STRING, TokenType.NUMBER)) and self._prev.text
            if given and self._curr and self._curr.text.upper() in interval_literals.UNITS:
                return interval_literals.signed(given, bool(is_negative))
            self._retreat(start)
            return None

        def _parse_interval_of_value(self, start: int) -> Any:
            """INTERVAL of an expression; none where it is the name of a column."""
            value = self._parse_term()
            is_unit = self._curr and self._curr.text.upper() in self.dialect.VALID_INTERVAL_UNITS
            if value is None or (isinstance(value, exp.Column) and not is_unit):
                self._retreat(start)
                return None
            return self._parse_interval_span(value)

        def _parse_group(self, skip_group_by_token: bool = False) -> Any:
            at = self._index + 1
            ahead = [token.token_type for token in self._tokens[at - 1 : at + 2]]
            if ahead == [TokenType.GROUP_BY, TokenType.WINDOW, TokenType.L_PAREN]:
                word = self._tokens[at]  # the function, and no clause
                place = (word.line, word.col, word.start, word.end, word.comments)
                self._tokens[at] = Token(TokenType.VAR, word.text, *place)
            return super()._parse_group(skip_group_by_token)

        def _parse_cube_or_rollup(self, with_prefix: bool = False) -> Any:
            found = super()._parse_cube_or_rollup(with_prefix=True)
            if found is not None and not with_prefix:
                found.set("expressions", self._parse_wrapped_csv(self._parse_disjunction))
            return found

        def _parse_at_time_zone(self, this: Any) -> Any:
            return this

        def _parse_table_hints(self) -> Any:
            return None

        def _parse_bracket(self, this: Any = None) -> Any:
            if this is None and self._match_set(self.BRACKETS):
                self.raise_error("An array is made by array(), a struct by struct()", self._prev)
            return super()._parse_bracket(this)

        def _parse_limit(self, *given: Any, **options: Any) -> Any:
            limit = super()._parse_limit(*given, **options)
            if limit is not None and limit.args.get("offset") is not None:
                self.raise_error("LIMIT has one number, and OFFSET the other")
            return limit

        def _parse_join(self, *given: Any, **options: Any) -> Any:
            is_listed = self._curr is not None and self._curr.token_type == TokenType.COMMA
            join = super()._parse_join(*given, **options)
            if join is None and is_listed:
                self.raise_error("Expected a relation behind the comma")
            if isinstance(join, exp.Join):
                is_given = any(map(join.args.get, ("on", "using", "method")))
                if join.kind in ("SEMI", "ANTI") and join.side not in ("", "LEFT"):
                    self.raise_error(f"{join.side} {join.kind} JOIN: only LEFT")
                if join.kind in ("SEMI", "ANTI") and not is_given:
                    join.set("on", exp.true())
                elif join.kind == "CROSS" and is_given:  # an inner join, which the engine has so
                    join.set("kind", None)
            return join

        def _parse_pipe_syntax_select(self, query: exp.Select) -> Any:
            chosen = self._parse_select(consume_pipe=False)
            given = {name for name, value in chosen.args.items() if value}
            if not given <= {"expressions", "distinct", "hint"}:
                self.raise_error("Expected |> behind SELECT")
            query.set("expressions", chosen.expressions)
            query.set("distinct", chosen.args.get("distinct"))
            return self._build_pipe_cte(query=query, expressions=[exp.Star()])

        def _parse_pipe_syntax_limit(self, query: exp.Select) -> Any:
            for key, clause in (("limit", self._parse_limit()), ("offset", self._parse_offset())):
                query.set(key, clause)
            return query

        def _parse_pipe_syntax_set_operator(self, query: Any) -> Any:
            return super()._parse_pipe_syntax_set_operator(_step(query, *_RESULTS))

        def _parse_pipe_syntax_join(self, query: Any) -> Any:
            return super()._parse_pipe_syntax_join(_step(query, "joins"))

        def _parse_star_op(self, *keywords: str) -> Any:
            ahead = self._tokens[self._index : self._index + 3]
            kinds = [token.token_type for token in ahead]
            if "EXCEPT" not in keywords or kinds[:2] != [TokenType.EXCEPT, TokenType.L_PAREN]:
                return None  # EXCEPT without parentheses is the set operation
            if kinds[2:] == [TokenType.R_PAREN]:
                self.raise_error("Expected names of columns", ahead[2])
            return super()._parse_star_op(*keywords)

        def _parse_grouping_set(self) -> Any:  # of conditions too, which sqlglot's do not have
            part = self._parse_grouping_sets() or self._parse_cube_or_rollup()
            return part or self._parse_disjunction()

        def _parse_pivot_aggregation(self) -> Any:  # of expressions too, such as sum(x) / 100
            return self._parse_alias(self._parse_bitwise())

    class Generator(Databricks.Generator):  # type: ignore[misc]
        """A generator that writes types and casts as they were read."""

        TRANSFORMS: ClassVar[dict[Any, Any]] = {  # a SELECT was written for Databricks already
            kind: write
            for kind, write in Databricks.Generator.TRANSFORMS.items()
            if kind is not exp.Select
        }
        # CTEs stay where they are: moved to the top, one would hide a table that is read elsewhere.
        EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar[set[Any]] = set()

        def escape_str(self, text: str, *given: Any, **options: Any) -> str:
            """Write a text for a literal as sqlglot does, which looks at each character of it."""
            if given or options or not self.dialect.STRINGS_SUPPORT_ESCAPED_SEQUENCES:
                return str(super().escape_str(text, *given, **options))
            whole = self._replace_line_breaks(text.translate(_ESCAPES))
            return str(whole.replace(self.dialect.QUOTE_END, self._escaped_quote_end))

        def alias_sql(self, expression: exp.Alias) -> str:
            """A name that is a unit in backticks: the engine reads `interval 1 day AS day` as two
            units."""
            alias = expression.args.get("alias")
            if isinstance(alias, exp.Identifier) and alias.name.upper() in interval_literals.UNITS:
                alias.set("quoted", True)
            return str(super().alias_sql(expression))

        def datatype_sql(self, expression: exp.DataType) -> str:
            """The text of a type; one without parameters is its name."""
            if expression.expressions or expression.this in self.PARAMETERIZABLE_TEXT_TYPES:
                return str(super().datatype_sql(expression))
            return generator.Generator.datatype_sql(self, expression)

        def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
            """The text of a cast as it was written; Databricks' own method asks for its type."""
            return generator.Generator.cast_sql(self, expression, safe_prefix)


_SUFFIXES = ("L", "S", "Y")  # which sqlglot reads as casts: 5L as 5::L
_OF_SUFFIX = "of_suffix"


def is_suffixed(node: exp.Expr) -> bool:
    """Whether it is a literal with a suffix, such as 5L, and no cast that was written."""
    return isinstance(node, exp.Cast) and bool(node.to.meta.get(_OF_SUFFIX))


def mark_suffixed(cast: exp.Cast) -> exp.Cast:
    """Let a cast stand for a literal with a suffix."""
    cast.to.meta[_OF_SUFFIX] = True
    return cast


def _typed(whole: exp.Expr, to: exp.DataType) -> exp.Expr:
    """A literal with a type before it, such as date'2024-01-01'. sqlglot has read the operators
    behind it, such as ::string, as ones of its text."""
    foreign_forms.check_literal(to)
    literal = whole
    while not isinstance(literal, exp.Literal):
        literal = literal.this
    cast = exp.Cast(this=literal.copy(), to=to)
    cast.meta["is_literal"] = True
    if literal is whole:
        return cast
    literal.replace(cast)
    return whole


def _positive(operand: exp.Expr | None) -> exp.Expr | None:
    """What has a plus before it. A number stays as it is; of a text it makes a number."""
    number = operand
    while isinstance(number, (exp.Neg, exp.Paren)):
        number = number.this
    is_number = isinstance(number, exp.Literal) and not number.is_string
    if operand is None or is_number or isinstance(number, exp.Interval):
        return operand
    return exp.Anonymous(this="positive", expressions=[operand])


def _shift_unsigned(this: exp.Expr, expression: exp.Expr) -> exp.Expr:
    # Spelled as no call of it is, since rewritten statements are kept by their texts.
    call = exp.Anonymous(this="ShiftRightUnsigned", expressions=[this, expression])
    call.meta["sign"] = ">>>"
    return call


def _adjoin(left: Token, right: Token) -> bool:
    return left.token_type == right.token_type and left.end + 1 == right.start


_OF_BITS = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift,
            exp.BitwiseRightShift)  # fmt: skip
_OPERATORS: dict[Any, tuple[int, Any, int]] = {
    TokenType.PIPE: (0, exp.BitwiseOr, 1),
    TokenType.CARET: (1, exp.BitwiseXor, 1),
    TokenType.AMP: (2, exp.BitwiseAnd, 1),
}
_SHIFTS: dict[Any, list[Any]] = {  # of two signs, and of three
    TokenType.LT: [exp.BitwiseLeftShift],
    TokenType.GT: [exp.BitwiseRightShift, _shift_unsigned],
}


# Digits behind \\0 would be a part of it.
_ESCAPES = str.maketrans(WarehouseDialect.ESCAPED_SEQUENCES | {"\0": "\\u0000"})
_CHARACTERS = (exp.DataType.Type.CHAR, exp.DataType.Type.VARCHAR)


def _check_parentheses(tokens: list[Token]) -> None:
    """Raise SqlError where one is not closed: sqlglot lets CAST(1 AS INT pass at the end."""
    kinds = [token.token_type for token in tokens]
    if kinds.count(TokenType.L_PAREN) > kinds.count(TokenType.R_PAREN):
        raise syntax_error("Syntax error at or near end of input: missing ')'.")


def _check_exclamations(tokens: list[Token]) -> None:
    """Raise SqlError where an exclamation mark stands for the NOT of a predicate: IS !NULL."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_mark = token.token_type is TokenType.NOT and token.text == "!"
        if is_mark and (before.token_type is TokenType.IS or after.token_type in _OF_PREDICATES):
            message = f"'!' before '{after.text}' is no NOT: write NOT."
            raise SqlError("SYNTAX_DISCONTINUED.BANG_EQUALS_NOT", message)


_OF_PREDICATES = (
    TokenType.BETWEEN, TokenType.IN, TokenType.LIKE, TokenType.ILIKE, TokenType.RLIKE,
)  # fmt: skip


def parse(text: str, tokens: list[Token] | None = None) -> exp.Expr:
    """The syntax tree of one query or DML statement: of all of its text, or of these tokens of it.

    Raises SqlError (PARSE_SYNTAX_ERROR) with line and position.
    """
    dialect = WarehouseDialect()
    try:
        read = dialect.tokenize(text) if tokens is None else tokens
        _check_parentheses(read)
        if "!" in text:
            _check_exclamations(read)
        found = dialect.parser().parse(read, text)
        trees: list[exp.Expr] = [tree for tree in found if tree is not None]
    except ParseError as error:
        at = error.errors[0]
        found_there = str(at["highlight"])
        column = max(int(at["col"]) - len(found_there), 0)  # sqlglot says where it ends
        place = f"at or near '{found_there}' (line {at['line']}, pos {column})"
        raise syntax_error(f"Syntax error {place}.") from error
    except TokenError as error:
        raise syntax_error(f"{error}") from error
    if len(trees) != 1:
        raise syntax_error(f"Expected one statement, found {len(trees)}.")
    _leave_out_places(trees[0])
    return trees[0]


def _leave_out_places(tree: exp.Expr) -> None:
    """Take away the comments and the places in the text: without them a copy takes half the time,
    and each statement is copied several times."""
    for node in nodes(tree):
        node.comments = None
        if node._meta is not None:
            meta = {key: value for key, value in node._meta.items() if key not in _PLACES}
            node._meta = meta or None


def render(tree: exp.Expr, *, copy: bool = True) -> str:
    """The text of a tree. Without `copy` it is faster, and may change the tree."""
    return str(
        tree.sql(dialect=WarehouseDialect, normalize_functions=False, comments=False, copy=copy)
    )


def normal_form(expression: str) -> str:
    """An expression in one spelling of spacing and keywords, to compare it with another: the engine
    keeps only its words. A text that cannot be parsed stays as it is."""
    try:
        return render(parse(f"select {expression}"))
    except SqlError:
        return expression


def literal(value: str) -> str:
    """A SQL string literal with backslash escapes, as Spark does not read doubled quotes as one."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
