"""Functions whose answers differ in the engine, called so that they give those of Databricks.

tests/conformance/ compares the warehouse with Apache Spark, function by function.
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import made_moments
from local_warehouse.rewrites.datetime_patterns import check_pattern, checked_text
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type, is_null
from local_warehouse.rewrites.parsed_texts import infer_schema, read_text
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import PREFIX, fill, refusal
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_MOST = "cast('Infinity' as double)"
_NAN = "cast('NaN' as double)"
_INFINITY = "double('infinity')"
_HYPOT = "hypot(cast(x as double){0}, cast(y as double){0})"
# An empty text is at the first place, wherever one looks from; from nowhere nothing is found.
_LOCATED = (
    "case when z is null then 0"
    " when cast(x as string) = '' and y is not null and z > 0 then 1 else call end"
)
# Java takes 12.50 for one word, and a text without words for a sentence.
_SENTENCES = (
    "if(x rlike '[0-9][^0-9A-Za-z ][0-9]' or (x <> '' and not x rlike '[\\\\p{L}\\\\p{N}]'),"
    f" cast({refusal('sentences() of numbers with a sign in them and of texts without words')}"
    " as array<array<string>>), call)"
)
_WHOLE = "slice({}, 1, 2147483647)"
_DIGESTS = (  # the engine takes a literal
    "case y when 0 then sha2(x, 256) when 224 then sha2(x, 224) when 256 then sha2(x, 256)"
    " when 384 then sha2(x, 384) when 512 then sha2(x, 512) end"
)
_OF_NAN = ("atanh", "cos", "cot", "csc", "sec", "sin", "sqrt", "tan")
_LEAST = "cast('-Infinity' as double)"
_SUM_OF_ROOT = "cast(x as double) + sqrt(cast(x as double) * cast(x as double) {} 1D)"
_LOGARITHM = (
    f"case when {{0}} = 0D then {_LEAST}"
    " when {0} > 0D and not isnan({0}) then ln({0}) else call end"
)
_NO_URL = (
    "raise_error(concat('[INVALID_URL] The url is invalid: ', x, '. Use try_parse_url to tolerate"
    " invalid URL and return NULL instead.'))"
)
_URL_PART = (
    f"if(x is null or {PREFIX}url_validity(cast(x as string)) is not null,"
    f" {PREFIX}url_part(cast(x as string), y, {{key}}), {{otherwise}})"
)
_URL_VALUE = (
    f"case when z is null or y <> 'QUERY' then null when z = '' or z rlike '[^A-Za-z0-9_-]' then"
    f" {refusal('a key of a URL that is a pattern')} else {{part}} end"
)
# A title has one of the letters of ß and of ﬁ, and its own form of ǆ.
_FIRST_LETTER = "translate(upper(left(w, 1)), 'ǄǇǊǱ', 'ǅǈǋǲ')"
_CAPITALS = (
    "array_join(transform(split(cast(x as string), ' '), w -> concat("
    f"left({_FIRST_LETTER}, 1), lower(substr({_FIRST_LETTER}, 2)), lower(substr(w, 2)))), ' ')"
)
_LATE = f"cast({refusal('a year above 9999 in a text with a format')} as timestamp)"
_TEXTS = (UNKNOWN, "string", "void")
_NO_BINARY = (
    "raise_error(concat('[CONVERSION_INVALID_INPUT] The value ', cast(x as string), ' cannot be"
    " converted to BINARY because it is malformed.'))"
)
_NO_BASE_64 = (
    "(lower(y) = 'base64' and not cast(x as string) rlike"
    " '^S(LSLSLSLS)*(LSLS(==)?|LSLSLS=?)?$')".replace("S", "[ \\\\t-\\\\r]*").replace(
        "L", "[0-9A-Za-z+/]"
    )
)
_NO_BIT = (
    "if(x is null, null, raise_error(concat('[INVALID_BITMAP_POSITION] The 0-indexed bitmap"
    " position ', x, ' is out of bounds. The bitmap has 32768 bits (4096 bytes).')))"
)
# What stands for a call with so many arguments; `call` is the call, `x`, `y`, `z` its arguments.
_CORRECTED = {
    ("datediff", 2): "cast(call as int)",  # the engine's is a BIGINT
    ("date_diff", 2): "cast(call as int)",
    ("weekday", 1): "pmod(call, 7)",  # the engine's Sunday is -1
    ("approx_count_distinct", 2): "approx_count_distinct(x)",  # the engine has one accuracy
    ("isnan", 1): "coalesce(call, false)",  # the engine's isnan(NULL) is NULL
    ("raise_error", 1): "raise_error(concat('[USER_RAISED_EXCEPTION] ', x))",
    ("assert_true", 2): "assert_true(coalesce(x, false), concat('[USER_RAISED_EXCEPTION] ', y))",
    # words end at a blank only; the engine's end at every sign
    ("initcap", 1): _CAPITALS,
    # NULL of a year that the engine does not read
    ("try_to_timestamp", 2): "if(call is null and y like 'y%' and x rlike"
    f" '^\\\\s*[+]?[0-9]{{5,}}[^0-9]', {_LATE}, call)",
    # NULL where the value may be one of the NULLs
    ("array_contains", 2): "if(call, true, if(y is null or exists(x, e -> e is null), null, call))",
    # the engine takes keys of other rows from a part of a batch, as LIMIT and windows leave it
    ("map_from_arrays", 2): f"map_from_arrays({_WHOLE.format('x')}, y)",
    ("map_from_entries", 1): "map_from_entries(transform(x, e -> e))",
    # the engine looks into arrays that are NULL, as if(b, a, null) has them
    **{(name, 1): "if(x is null, null, call)" for name in ("array_max", "array_min")},
    # NULL at NULL, for which the engine fails
    ("array_insert", 3): "if(y is null, null, array_insert(x, coalesce(y, 1), z))",
    # the engine's has the elements of another row in a window
    ("array_compact", 1): "filter(x, e -> e is not null)",
    # of an array that may hold NULLs and one that may not, the engine makes none
    **{
        (name, 2): f"{name}(transform(x, e -> nullif(e, null)), transform(y, e -> nullif(e, null)))"
        for name in ("array_except", "array_union")
    },
    ("arrays_overlap", 2): "if(size(x) * size(y) = 0, false, call)",  # the engine's is NULL
    ("regexp_count", 2): "cast(call as int)",  # the engine's is a BIGINT
    ("bitmap_bit_position", 1): "cast(bitmap_bit_position(cast(x as bigint)) as bigint)",
    ("bitmap_bucket_number", 1): "cast(bitmap_bucket_number(cast(x as bigint)) as bigint)",
    # NaN; the engine's has a sign, and is less than every number
    **{(name, 1): f"nanvl(call, {_NAN})" for name in _OF_NAN},
    # NaN of NaN, and of 1 or -1 and infinity, of which the engine makes 1
    **{
        (name, 2): f"if((x is not null and isnan(y)) or (abs(cast(x as double)) = 1D and abs(y) ="
        f" {_INFINITY}), {_NAN}, nanvl(call, {_NAN}))"
        for name in ("pow", "power")
    },
    ("hypot", 2): f"if({_HYPOT.format('')} = {_MOST}, 1e155D * {_HYPOT.format(' / 1e155D')},"
    f" {_HYPOT.format('')})",  # the engine squares integers, and DOUBLEs that are too large
    # 0 where there is no digit of the base, of which the engine makes NULL, as of large numbers
    ("conv", 3): "case when z < 0 or (z > 0 and trim(cast(x as string)) like '-%') then"
    f" {refusal('conv() of numbers below 0')} when call is null and trim(cast(x as string)) <> ''"
    " and y between 2 and 36 and z between 2 and 36 then"
    " if(locate(lower(left(trim(cast(x as string)), 1)), substring(DIGITS, 1, y)) = 0, '0',"
    f" {refusal('conv() of more than digits or of 63 bits')}) else call end".replace(
        "DIGITS", "'0123456789abcdefghijklmnopqrstuvwxyz'"
    ),
    ("log", 1): "ln(x)",  # the engine's takes two
    ("log", 2): "if(x <= 0, null, call)",
    ("factorial", 1): "factorial(if(x between 0 and 20, x, null))",  # the engine's fails beyond
    ("get_json_object", 2): f"{PREFIX}json_object(x, y)",  # the engine's has no [*]
    # the engine's take no single quotes, and count the fields of an object too
    ("json_array_length", 1): f"cast({PREFIX}json_array_length(x) as int)",
    ("json_object_keys", 1): f"from_json({PREFIX}json_object_keys(x), 'array<string>')",
    ("regexp_substr", 2): "nullif(call, '')",  # the engine's is '' where a match is empty
    # Spark's own form, which loses the digits of large numbers below 0
    ("acosh", 1): f"nanvl({_LOGARITHM.format(_SUM_OF_ROOT.format('-'))}, {_NAN})",
    ("asinh", 1): f"if(x = {_LEAST}, x, {_LOGARITHM.format(_SUM_OF_ROOT.format('+'))})",
    (
        "left",
        2,
    ): "left(x, cast(if(y < 0, 0, y) as int))",  # the engine's counts from the other end below 0
    ("right", 2): "right(x, cast(if(y < 0, 0, y) as int))",
    ("repeat", 2): "repeat(x, cast(if(y < 0, 0, y) as int))",
    # halves go to the even number; the engine's go away from 0
    ("rint", 1): "if(abs(cast(x as double) % 1) = 0.5D, 2D * rint(cast(x as double) / 2D),"
    " rint(cast(x as double)))",
    # the engine's changes what it takes a part of, and takes what is no URL
    ("parse_url", 2): _URL_PART.format(key="''", otherwise=_NO_URL),
    ("parse_url", 3): _URL_VALUE.format(part=_URL_PART.format(key="z", otherwise=_NO_URL)),
    ("try_parse_url", 2): _URL_PART.format(key="''", otherwise="null"),
    ("try_parse_url", 3): _URL_VALUE.format(part=_URL_PART.format(key="z", otherwise="null")),
    ("split_part", 3): f"if(z = -2147483648, {refusal('split_part() at -2147483648')}, call)",
    # an error; the engine's is NULL
    ("to_binary", 1): f"if(call is null and x is not null, {_NO_BINARY}, call)",
    ("to_binary", 2): f"if({_NO_BASE_64} or (call is null and x is not null and y is not null),"
    f" {_NO_BINARY}, call)",
    ("try_to_binary", 2): f"if({_NO_BASE_64}, null, call)",
    ("bitmap_construct_agg", 1): f"bitmap_construct_agg(if(x between 0 and 32767, x, {_NO_BIT}))",
    (
        "try_to_number",
        2,
    ): f"try_to_number(if(x = '', {refusal('a number in an empty text')}, x), y)",
    ("timestamp_millis", 1): "if(x not between -9223372036854775 and 9223372036854775,"
    " cast(raise_error('[ARITHMETIC_OVERFLOW] long overflow') as timestamp), call)",
    ("nullifzero", 1): "if(x = 0, null, x)",
    ("zeroifnull", 1): "coalesce(x, 0)",
    ("is_valid_utf8", 1): "if(x is null, null, call)",  # the engine's is false
    ("array_join", 3): "if(z is null, null, call)",
    ("str_to_map", 3): "if(x is null or y is null or z is null, null, call)",
    **{("sentences", count): _SENTENCES for count in (1, 2, 3)},
    ("nvl2", 3): "if(x is not null, y, z)",
    ("ifnull", 2): "coalesce(x, y)",
    ("nvl", 2): "coalesce(x, y)",
    (
        "zip_with",
        3,
    ): "if(x is null or y is null, null,"
    " transform(slice(sequence(1, greatest(size(x), size(y)) + 1), 1,"
    " greatest(size(x), size(y))), local_i -> body))",
    (
        "transform_values",
        2,
    ): f"map_from_arrays({_WHOLE.format('map_keys(x)')},"
    " transform(map_entries(x), local_e -> body))",
    (
        "transform_keys",
        2,
    ): "map_from_arrays(transform(map_entries(x), local_e -> body), map_values(x))",
    ("map_zip_with", 3): "map_from_arrays(array_union(map_keys(x), map_keys(y)),"
    " transform(array_union(map_keys(x), map_keys(y)), local_k -> body))",
}
# A value by a key of the type that the keys of both maps have together.
_VALUE_OF_KEY = (
    "map_from_arrays(slice(array_union(map_keys({0}), map_keys({1})), 1, size({0})),"
    " map_values({0}))[local_k]"
)
# What the parameters of a function's lambda are, where the engine has no such function.
_PARAMETERS = {
    "zip_with": ("get(x, local_i - 1)", "get(y, local_i - 1)"),
    "transform_values": ("local_e.key", "local_e.value"),
    "transform_keys": ("local_e.key", "local_e.value"),
    "map_zip_with": ("local_k", _VALUE_OF_KEY.format("x", "y"), _VALUE_OF_KEY.format("y", "x")),
}
_ZONES = {**dict.fromkeys(("z", "zz", "zzz", "VV"), "UTC"), "zzzz": "Coordinated Universal Time"}
_JOINED = "\0'"  # the end of a quoted text that another one may continue
# The engine ends on a text that it cannot decrypt; product is not one of Databricks.
_REFUSED = {"try_aes_decrypt", "product"}
# What the engine has no NULL for, with the type of its value.
_OF_NULL = {"array_size": "int", "json_array_length": "int", "json_object_keys": "array<string>"}
_MODES = ("aes_encrypt", "aes_decrypt")
_LEAST_PLACE = 2**31  # before the end, from which Spark counts to one character too few
_FROM_START = (
    f"if(y = -{_LEAST_PLACE}, {refusal(f'the place -{_LEAST_PLACE} of a text')},"
    " if(y is null, null, call))"
)
_FROM_END = (  # what a start before the text leaves of it
    "if(y is null, null, if(y + length(x) < 0,"
    " substring(x, 1, if(n + y + length(x) < 0, 0, n + y + length(x))),"
    " substring(x, y, if(n < 0, 0, n))))"
)
# The engine has no part that begins behind the end and is cut off at it.
_SLICED = (
    "slice(x, case when s = 0 then cast(raise_error('[INVALID_PARAMETER_VALUE.START] The value of"
    " start in slice is invalid: 0.') as int)"
    " when s > 0 then s when cast(s as bigint) + size(x) < 0 then size(x) + 1"
    " else s + size(x) + 1 end,"
    " case when n < 0 then cast(raise_error('[INVALID_PARAMETER_VALUE.LENGTH] The value of length"
    " in slice is invalid: it is below 0.') as int) when abs(cast(s as bigint)) > 2147480000"
    f" then cast({refusal('slice() from so far')} as int) when n > size(x) then size(x) else n end)"
)
_REPLACED_FROM = (
    "if(length(x) < n, x, concat(left(x, n - 1), regexp_replace(substring(x, n), pattern, new)))"
)
_CHARSETS = {"us-ascii": "[^\\x00-\\x7F]", "iso-8859-1": "[^\\x00-\\xFF]"}
_ENCODED = (
    "if(cast(x as string) rlike pattern, cast(raise_error('[MALFORMED_CHARACTER_CODING] Invalid"
    " value found when performing `encode`.') as binary), call)"
)
_MANY = 1_000_000
_OVERLAID = (
    "if(n is null, null, concat(substring(x, 1, if(p < 1, 0, p - 1)), y,"
    " substring(x, cast(if(b > 2147483647, b - 4294967296, b) as int))))"
)
# An empty match at the beginning makes no part, and an empty pattern none at the end.
_BETWEEN = "if(size(call) > 1, slice(call, 2, size(call) - 1), call)"
_CHARACTERS = "if(length(x) = 0, array(''), filter(call, part -> part <> ''))"


def correct_functions(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put what gives the answer of Databricks in place of a call, inner calls before outer.

    Raises SqlError for a call that has no such form.
    """
    calls: list[exp.Expr] = of_kind(
        nodes(tree),
        exp.Anonymous,
        exp.Initcap,
        exp.Overlay,
        exp.StrPosition,
        exp.Substring,
        exp.Chr,
        exp.GroupConcat,
        exp.DecodeCase,
    )
    for call in reversed(calls):
        if isinstance(call, exp.GroupConcat):
            if is_null(call.args.get("separator")):
                call.set("separator", exp.Literal.string(""))
        elif isinstance(call, exp.DecodeCase):
            call.replace(_cases(call.expressions))
        elif isinstance(call, exp.Overlay):
            _overlay(call)
        elif isinstance(call, exp.StrPosition):
            _locate(call)
        elif isinstance(call, exp.Chr):  # of the last byte, and '' below 0, where the engine fails
            call.replace(
                fill("if(x < 0, '', chr(cast(x as bigint) & 255))", {"x": call.expressions[0]})
            )
        elif isinstance(call, exp.Substring):
            _substring(call, [call.this, call.args.get("start"), call.args.get("length")])
        else:
            _correct(call)
    return tree


def _correct(call: exp.Expr) -> None:
    is_anonymous = isinstance(call, exp.Anonymous)
    name = str(call.this).lower() if is_anonymous else call.key
    arguments = call.expressions if is_anonymous else [call.this]
    template = checked_text(name, arguments) or _CORRECTED.get((name, len(arguments)))
    check_pattern(name, arguments)
    if name in _REFUSED or (name in _MODES and not _is_known_mode(arguments)):
        raise unsupported(
            f"the function {name} in this form" if name in _MODES else f"the function {name}"
        )
    if name in made_moments.MAKERS and arguments:
        made_moments.correct(call, name)
    elif name == "count_if" and isinstance(call.parent, exp.Filter):  # which the engine leaves out
        call.replace(fill("count(if(x, 1, null))", {"x": arguments[0]}))
    elif name == "variant_explode_outer":
        raise unsupported("variant_explode_outer() (variant_explode is there)")
    elif name == "nth_value" and len(arguments) > 1 and not _is_natural(arguments[1]):
        raise unsupported(f"{render(call)}, whose number is no literal above 0")
    elif name in ("dayofweek", "weekday") and isinstance(arguments[0], exp.Null):
        call.replace(exp.cast(exp.Null(), "int"))  # the engine's fails
    elif name in ("date_format", "from_unixtime") and len(arguments) == 2:
        _name_zone(call, arguments[1])
    elif name == "get" and len(arguments) == 2 and not _is_natural(arguments[1]):
        # the engine's counts from the end below -1
        call.replace(fill("get(x, greatest(y, -1))", {"x": arguments[0], "y": arguments[1]}))
    elif name == "nanvl" and len(arguments) == 2 and arguments[1].find(exp.Div):
        # the engine divides in each row
        places = {"x": arguments[0], "y": arguments[1]}
        call.replace(fill("cast(if(isnan(x), y, x) as double)", places))
    elif name == "locate" and len(arguments) == 3:
        arguments[2] = _as_int(arguments[2])
        call.replace(fill(_LOCATED, {**dict(zip("xyz", arguments, strict=True)), "call": call}))
    elif name == "named_struct" and not all(map(_is_name, arguments[::2])):
        raise unsupported(f"{render(call)}, whose names are no literals or empty")
    elif name in ("lpad", "rpad") and len(arguments) > 1 and not _is_natural(arguments[1]):
        # a length below 0, on which the engine ends
        places = {"x": arguments[0], "y": _as_int(arguments[1]), "call": call}
        call.replace(fill("if(y < 0, left(x, 0), call)", places))
    elif name == "sha2" and len(arguments) == 2 and not _is_natural(arguments[1]):
        call.replace(fill(_DIGESTS, {"x": arguments[0], "y": arguments[1]}))
    elif name == "elt" and len(arguments) > 1:
        _take(call, arguments)
    elif name in ("format_string", "printf") and not arguments:  # on which the engine ends
        raise SqlError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", f"{name}() requires a format.")
    elif name == "to_binary" and len(arguments) == 2 and is_null(arguments[1]):
        call.replace(exp.cast(exp.Null(), "binary"))
    elif name in _OF_NULL and len(arguments) == 1 and isinstance(arguments[0], exp.Null):
        call.replace(exp.cast(exp.Null(), _OF_NULL[name]))
    elif name in ("from_json", "from_csv") and len(arguments) in (2, 3):
        read_text(call, arguments)
    elif name == "str_to_map" and any(one.name == "" for one in _literals(arguments[1:])):
        raise unsupported(f"an empty delimiter in {render(call)}")
    elif name == "schema_of_csv" and len(arguments) in (1, 2):
        infer_schema(call, arguments)
    elif name == "json_tuple" and arguments:
        arguments[0].replace(fill(f"{PREFIX}strict_json(x)", {"x": arguments[0]}))
    elif name == "encode" and len(arguments) == 2:
        _encode(call, arguments)
    elif name in ("to_number", "try_to_number") and is_null(arguments[-1]):
        call.replace(exp.cast(exp.Null(), "decimal(10, 0)"))
    elif name in ("to_number", "try_to_number") and (count := _fixed_digits(arguments[-1])):
        places = {"x": arguments[0], "y": arguments[-1]}
        read = call.copy() if template is None else fill(template, places)
        _read_all_digits(call, arguments[0], read, count)
    elif name == "regexp_replace" and len(arguments) > 2:
        _check_replacement(arguments[1], arguments[2])
        if len(arguments) == 4:
            _replace_from(call, arguments)
    elif name == "substr":
        _substring(call, [*arguments, None, None][:3])
    elif name == "assert_true" and len(arguments) == 1:
        shown = render(arguments[0])
        shown = f"({shown})" if isinstance(arguments[0], exp.Binary) else shown
        message = exp.Literal.string(f"[USER_RAISED_EXCEPTION] '{shown}' is not true!")
        places = {"x": arguments[0], "message": message}
        call.replace(fill("assert_true(coalesce(x, false), message)", places))
    elif name == "slice" and len(arguments) == 3:
        _slice(call, arguments)
    elif name == "split" and len(arguments) in (2, 3):
        _split(call, arguments)
    elif name in _PARAMETERS and template is not None:
        if name != "zip_with" and call.find_ancestor(exp.Window):  # it takes other rows' values
            raise unsupported(f"{name} in a window function (compute it in a subquery)")
        if isinstance(arguments[-1], exp.Lambda):
            call.replace(_with_lambda(name, template, arguments))
    elif template is not None and not _is_small(name, arguments):
        places = dict(zip(("x", "y", "z"), arguments, strict=False))
        call.replace(fill(template, {"call": call, **places}))


def _fixed_digits(form: exp.Expr) -> int:
    """How many digits a number has before its point by a format that begins with a 0; the engine
    takes fewer, too. 0 for another format."""
    whole = re.split("[.D]", form.name.upper())[0] if isinstance(form, exp.Literal) else ""
    digits = re.sub("[^09]", "", whole)
    return len(digits) if digits.startswith("0") else 0


def _read_all_digits(call: exp.Expr, text: exp.Expr, read: exp.Expr, count: int) -> None:
    whole = "split_part(cast(x as string), '.', 1)"
    digits = f"length(regexp_replace({whole}, '[^0-9]', ''))"
    failure = "raise_error('[INVALID_FORMAT.MISMATCH_INPUT] The number has other digits.')"
    otherwise = "null" if str(call.this).lower() == "try_to_number" else failure
    is_grouped = re.search("[,G]", call.expressions[-1].name.upper()) is not None
    wrong = f"{digits} <> {count}" + ("" if is_grouped else f" or contains({whole}, ',')")
    call.replace(fill(f"if({wrong}, {otherwise}, read)", {"x": text, "read": read}))


def _name_zone(call: exp.Expr, given: exp.Expr) -> None:
    """Write the name of the zone in a format as Java does; the engine's is its identifier."""
    if not isinstance(given, exp.Literal):
        refused = refusal("a format with `z` or `V` that is no literal")
        checked = f"if(y rlike '[zV]', {refused}, call)"
        call.replace(fill(checked, {"y": given, "call": call}))
        return
    named = ""
    for part in re.findall(r"'(?:[^']|'')*'|z+|V+|[^'zV]+", given.name):
        is_text = len(part) > 2 and part[0] == "'"
        text = f"'{_ZONES[part]}'" if part in _ZONES else part
        if named.endswith(_JOINED) and (part in _ZONES or is_text):  # two would be a quote
            named, text = named.removesuffix(_JOINED), text[1:]
        named += f"{text[:-1]}{_JOINED}" if part in _ZONES or is_text else text
    given.replace(exp.Literal.string(named.replace(_JOINED, "'")))


def _literals(arguments: list[exp.Expr]) -> list[exp.Expr]:
    return [argument for argument in arguments if isinstance(argument, exp.Literal)]


def _is_small(name: str, arguments: list[exp.Expr]) -> bool:
    """Whether arguments need no correction: a count that is a literal, which is not below 0, or no
    array."""
    if name == "array_contains":
        return isinstance(arguments[0], exp.Null)
    if name in ("split_part", "array_insert"):
        return _is_natural(arguments[2 if name == "split_part" else 1])
    if name in ("left", "right", "repeat"):
        return isinstance(arguments[1], exp.Literal) and len(arguments[1].name) < 10  # an INT
    return False


def _is_natural(node: exp.Expr) -> bool:
    """Whether it is a literal that is a whole number above 0, with which the engine can add."""
    is_number = isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal()
    return is_number and 0 < int(node.name) < _MANY


def _is_known_mode(arguments: list[exp.Expr]) -> bool:
    """Whether a cipher is used in the mode GCM, which has no padding."""
    names = [one.name.upper() if isinstance(one, exp.Literal) else "" for one in arguments[2:4]]
    known = (("GCM",), ("NONE", "DEFAULT"))
    return all(name in taken for name, taken in zip(names, known, strict=False))


def _substring(call: exp.Expr, arguments: list[exp.Expr | None]) -> None:
    """Count a start below 0 from the end, also where the text is shorter than that."""
    text, start, length = arguments
    if text is None or start is None:
        return
    for number in (start, length):  # the engine takes those that Databricks has no INT for
        digits = number.this if isinstance(number, exp.Neg) else number
        most = 2**31 if digits is not number else 2**31 - 1
        if isinstance(digits, exp.Literal) and digits.is_int and int(digits.name) > most:
            assert number is not None
            number.replace(exp.cast(number.copy(), "int"))
            return
    if not isinstance(start.this if isinstance(start, exp.Neg) else start, exp.Literal):
        start = _as_int(start)
    if length is None:
        digits = start.this if isinstance(start, exp.Neg) else start
        if not isinstance(digits, exp.Literal):  # of which the engine takes NULL for 1
            call.replace(fill(_FROM_START, {"y": start, "call": call}))
        elif digits is not start and digits.name == str(_LEAST_PLACE):
            raise unsupported(f"the place -{_LEAST_PLACE} of a text")
        return
    if isinstance(start, exp.Literal) and isinstance(length, exp.Literal):
        return
    call.replace(fill(_FROM_END, {"x": text, "y": exp.paren(start), "n": exp.paren(length)}))


def _locate(call: exp.StrPosition) -> None:
    start = call.args.get("position")
    if start is not None:
        start = _as_int(start)
        places = {"x": call.args["substr"], "y": call.this, "z": start, "call": call}
        call.replace(fill(_LOCATED, places))


def _as_int(place: exp.Expr) -> exp.Expr:
    """A place in a text as the INT that it is."""
    if _is_natural(place):
        return place
    place.replace(cast := exp.cast(place.copy(), "int"))
    return cast


def _is_name(argument: exp.Expr) -> bool:
    return isinstance(argument, exp.Literal) and argument.is_string and argument.name != ""


def _take(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Fail where elt() has no text of a number; the engine's is NULL."""
    number, count = arguments[0], len(arguments) - 1
    if evident_type(number) == "boolean":
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)} due to data type mismatch: it counts by an INT.",
        )
    if _is_natural(number) and int(number.name) <= count:
        return
    checked = (
        f"if(cast(x as int) not between 1 and {count}, raise_error(concat('[INVALID_ARRAY_INDEX]"
        f" The index ', cast(x as int), ' is out of bounds. The array has {count} elements.')),"
        " call)"
    )
    call.replace(fill(checked, {"x": number, "call": call}))


def _check_replacement(pattern: exp.Expr, replacement: exp.Expr) -> None:
    """Raise SqlError for a replacement that Java does not take: of a group that the pattern does
    not have, or with a backslash at its end."""
    if not (isinstance(pattern, exp.Literal) and isinstance(replacement, exp.Literal)):
        return
    plain = re.sub(r"\\\\.", "", replacement.name)
    groups = len(re.findall(r"(?<!\\)\((?!\?)", pattern.name))
    named = re.findall(r"\$(\d?)", re.sub(r"\$\{\w+\}", "", plain))
    if plain.endswith("\\") or any(not digit or int(digit) > groups for digit in named):
        raise SqlError(
            "INVALID_REGEXP_REPLACE",
            f"Could not perform regexp_replace for pattern = {pattern.name!r}, replacement ="
            f" {replacement.name!r}.",
        )


def _replace_from(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Replace from a place on; the engine's function takes none. What is before it is not looked
    at, by `^` and `\\b` neither, and of a place behind the end nothing is replaced."""
    start = arguments[3]
    if is_null(start):
        call.replace(exp.cast(exp.Null(), "string"))
        return
    if not _is_natural(start):
        if isinstance(start, (exp.Neg, exp.Literal)):
            raise SqlError(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                f"Cannot resolve {render(call)}: its position is not above 0.",
            )
        raise unsupported(f"{render(call)}, whose position is no literal")
    places = dict(zip(("x", "pattern", "new", "n"), arguments, strict=True))
    is_whole = start.name == "1"
    call.replace(fill("regexp_replace(x, pattern, new)" if is_whole else _REPLACED_FROM, places))


def _encode(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Fail for characters that a charset does not have; the engine's have question marks. An empty
    text has no bytes."""
    if arguments[1].name.lower() == "utf-16":
        call.replace(
            fill("if(cast(x as string) = '', X'', call)", {"x": arguments[0], "call": call})
        )
    if arguments[1].name.lower() in _CHARSETS:
        pattern = exp.Literal.string(_CHARSETS[arguments[1].name.lower()])
        call.replace(fill(_ENCODED, {"call": call, "x": arguments[0], "pattern": pattern}))


def _overlay(call: exp.Overlay) -> None:
    """Put a text over another one also where a position or a length is below 1, or where they are
    too large together for an INT, whose sum wraps around in Spark."""
    start, length = call.args["from_"], call.args.get("for_")
    if all(one is None or _is_natural(one) for one in (start, length)):
        return
    width = length if length is not None else fill("length(y)", {"y": call.expression})
    places = {"x": call.this, "y": call.expression, "p": exp.paren(start), "n": exp.paren(width)}
    behind = fill("cast(p as bigint) + if(n < 0, length(y), n)", places)
    call.replace(fill(_OVERLAID, {**places, "b": exp.paren(behind)}))


def _slice(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Take a part of an array by whole numbers, of which Databricks refuses a start of 0 and a
    length below 0; a length is not more than there is."""
    _, start, length = arguments
    if _is_natural(start) and _is_natural(length):
        return
    places = {"x": arguments[0], "s": _as_int(start), "n": _as_int(length)}
    call.replace(fill(_SLICED, places))


def _split(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Split by a pattern that can match nothing as Java does."""
    pattern = arguments[1]
    if not isinstance(pattern, exp.Literal):
        return
    if pattern.name == "" and len(arguments) == 2:
        call.replace(fill(_CHARACTERS, {"call": call, "x": arguments[0]}))
    elif pattern.name == "|" and len(arguments) == 2:
        call.replace(fill(_BETWEEN, {"call": call}))
    elif _matches_nothing(pattern.name):
        raise unsupported("split by a pattern that matches an empty text")


def _matches_nothing(pattern: str) -> bool:
    try:
        return re.match(pattern, "") is not None
    except re.error:  # one of Java's own
        return False


def _cases(arguments: list[exp.Expr]) -> exp.Expr:
    """decode with pairs of a value and its result: a CASE in which NULL equals NULL."""
    value, *pairs = arguments
    default = pairs.pop() if len(pairs) % 2 else None
    case = exp.Case(default=default.copy() if default is not None else None, ifs=[])
    for wanted, result in zip(pairs[::2], pairs[1::2], strict=True):
        condition = exp.NullSafeEQ(this=value.copy(), expression=wanted.copy())
        case.append("ifs", exp.If(this=condition, true=result.copy()))
    return case


def _chooses_text(function: exp.Expr) -> bool:
    """Whether a lambda has an expression of several values one of which is a literal text: the
    engine does not tell the types of the others."""
    calls = ("coalesce", "ifnull", "nvl", "if", "array")
    return any(
        isinstance(one, exp.Literal)
        and one.is_string
        and (
            isinstance(one.parent, (exp.Coalesce, exp.If, exp.Case)) or _is_call(one.parent, calls)
        )
        for one in nodes(function)
    )


def _is_call(node: exp.Expr | None, names: tuple[str, ...]) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in names


def _is_bare(value: exp.Expr) -> bool:
    return isinstance(value, (exp.Column, exp.Identifier))


def _field(value: exp.Expr, at: int) -> str:
    """The name of a field that struct() makes of a value at a place."""
    if isinstance(value, exp.Dot):
        return str(value.expression.name)
    return str(value.alias_or_name) if _is_bare(value) or value.alias else f"col{at}"


def _with_lambda(name: str, template: str, arguments: list[exp.Expr]) -> exp.Expr:
    """A call of a function with a lambda as one of transform, whose body has what the parameters
    stand for."""
    function = arguments[-1]
    if name == "map_zip_with" and _chooses_text(function):
        raise unsupported("a text beside a value of map_zip_with() (cast it)")
    places = dict(zip(("x", "y"), arguments[:-1], strict=False))
    values = {
        parameter.name.lower(): fill(text, places)
        for parameter, text in zip(function.expressions, _PARAMETERS[name], strict=True)
    }
    body = exp.paren(function.this.copy())
    for row in reversed(of_kind(nodes(body), exp.Tuple, exp.Anonymous)):
        is_row = isinstance(row, exp.Tuple) or _is_call(row, ("struct",))
        if is_row and any(_is_bare(one) and one.name.lower() in values for one in row.expressions):
            pairs = [  # its fields are named as the parameters
                part
                for at, one in enumerate(row.expressions, 1)
                for part in (exp.Literal.string(_field(one, at)), one.unalias())
            ]
            row.replace(exp.Anonymous(this="named_struct", expressions=pairs))
    for node in reversed(nodes(body)):
        is_name = isinstance(node, exp.Column) and not node.table
        is_name = is_name or (
            isinstance(node, exp.Identifier) and not isinstance(node.parent, exp.Column)
        )
        if is_name and node.name.lower() in values:
            node.replace(values[node.name.lower()].copy())
    return fill(template, {**places, "body": body})
