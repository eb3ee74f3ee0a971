"""Charts of a dashboard as Vega-Lite. They name their data `rows`, which is added when drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard_preview.definition import DashboardError, Widget
from dashboard_preview.expressions import FieldExpression
from dashboard_preview.formats import format_of
from dashboard_preview.results import Row

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
DATA = "rows"
_TYPES = {"categorical": "nominal", "quantitative": "quantitative", "temporal": "temporal"}
_TIME_UNITS = {"year": "utcyear", "month": "utcyearmonth", "day": "utcyearmonthdate"}
# A month's name, with the year in January and at the first tick; none after the last bar.
_MONTH_LABELS = (
    "datum.value >= domain('x')[1] ? ''"
    " : utcFormat(datum.value, '%m') == '01' || datum.index == 0"
    " ? [utcFormat(datum.value, '%b'), utcFormat(datum.value, '%Y')]"
    " : utcFormat(datum.value, '%b')"
)
# Half a month: a bar begins at its date, and its label belongs below its middle.
_HALF_A_MONTH = (
    f"range('x')[1] * {365.25 / 12 * 86_400_000 / 2} / (domain('x')[1] - domain('x')[0])"
)
# An axis that reaches 10,000 has all its numbers in thousands.
_NUMBER_LABELS = "format(datum.value, domain('{channel}')[1] < 10000 ? ',' : '~s')"
_ROUND = 3  # corners of bars, in pixels
_DIGIT = 7.5  # width of a digit of a label, in pixels

Spec = dict[str, Any]


def chart(widget: Widget, fields: Mapping[str, FieldExpression], rows: Sequence[Row]) -> Spec:
    """The widget's Vega-Lite specification.

    `rows` hold every value of the field that gives the colours, whatever is chosen in the filters,
    which must not change a colour. Raises DashboardError when an encoding is missing.
    """
    try:
        drawn = _pie(widget, rows) if widget.kind == "pie" else _xy(widget, fields, rows)
    except KeyError as error:
        raise DashboardError(f"widget {widget.name}: {widget.kind} without {error}") from error
    return {
        "$schema": SCHEMA,
        "data": {"name": DATA},
        "autosize": {"type": "fit", "contains": "padding"},
        **drawn,
    }


def _pie(widget: Widget, rows: Sequence[Row]) -> Spec:
    angle, color = widget.encodings["angle"], widget.encodings["color"]
    value = angle["fieldName"]
    radius = "min(width, height) / 2"
    part = "datum.part >= 0.04 ? format(datum.part, '.0%') : ''"
    layers: list[Spec] = [
        {"mark": {"type": "arc", "innerRadius": {"expr": f"{radius} * 0.58"}, "padAngle": 0.012,
                  "outerRadius": {"expr": radius}, "cornerRadius": 2}}
    ]  # fmt: skip
    if widget.encodings.get("label", {}).get("show"):
        layers.append(
            {"mark": {"type": "text", "radius": {"expr": f"{radius} * 0.79"}, "fill": "white",
                      "fontWeight": 600, "fontSize": 13, "text": {"expr": part}}}
        )  # fmt: skip
    return {
        "transform": [
            {"joinaggregate": [{"op": "sum", "field": _escape(value), "as": "whole"}]},
            {"calculate": f"datum[{value!r}] / datum.whole", "as": "part"},
        ],
        "encoding": {
            "theta": {"field": _escape(value), "type": "quantitative", "stack": True},
            "order": {"field": _escape(color["fieldName"]), "type": "ordinal"},
            "color": _color(color, rows),
            "tooltip": [
                _tip(color),
                _tip(angle),
                {"field": "part", "type": "quantitative", "title": "Part", "format": ".1%"},
            ],
        },
        "layer": layers,
    }


def _xy(widget: Widget, fields: Mapping[str, FieldExpression], rows: Sequence[Row]) -> Spec:
    x, y = widget.encodings["x"], widget.encodings["y"]
    horizontal = x["scale"]["type"] == "quantitative"
    encoding: Spec = {
        "x": _axis(x, y, "x", widget.kind, fields),
        "y": _axis(y, x, "y", widget.kind, fields),
        "tooltip": [_tip(each, fields) for each in ((y, x) if horizontal else (x, y))],
    }
    color = widget.encodings.get("color")
    if color:
        encoding["color"] = _color(color, rows)
        encoding["tooltip"].insert(1, _tip(color))
    layers: list[Spec] = [{"mark": _mark(widget.kind, horizontal, stacked=bool(color))}]
    if widget.encodings.get("label", {}).get("show") and not color:
        value, at = (x, {"align": "left", "dx": 5}) if horizontal else (y, {"dy": -8})
        layers.append(
            {"mark": {"type": "text", **at},
             "encoding": {"text": {"field": _escape(value["fieldName"]), "type": "quantitative",
                                   "format": format_of(value).d3}}}
        )  # fmt: skip
        if horizontal:
            encoding["x"]["scale"] = {"domainMax": {"expr": _end_behind_labels(value)}}
    return {"encoding": encoding, "layer": layers}


def _end_behind_labels(value: Mapping[str, Any]) -> str:
    """The end of the axis as an expression of Vega: the longest bar's label has its place in it."""
    longest = f"max(0, extent(pluck(data('{DATA}'), {value['fieldName']!r}))[1])"
    label = f"{_DIGIT} * length(format({longest}, {format_of(value).d3!r})) + 8"
    return f"{longest} * width / max(width / 2, width - ({label}))"


def _mark(kind: str, horizontal: bool, stacked: bool) -> Spec:
    if kind == "line":
        return {"type": "line", "strokeWidth": 2, "point": {"size": 36}}
    if kind == "area":
        return {"type": "area", "line": True, "opacity": 0.7}
    rounded: Spec = {} if stacked else {"cornerRadiusEnd": _ROUND}
    if not horizontal:
        return {"type": "bar", "width": {"band": 0.72}, **rounded}
    return {"type": "bar", "height": {"band": 0.68}, **rounded}


def _axis(
    encoding: Mapping[str, Any], other: Mapping[str, Any], channel: str, kind_of_mark: str,
    fields: Mapping[str, FieldExpression],
) -> Spec:  # fmt: skip
    name, kind = encoding["fieldName"], encoding["scale"]["type"]
    axis: Spec = {"title": None}
    made: Spec = {"field": _escape(name), "type": _TYPES[kind], "axis": axis}
    if kind == "quantitative":
        if format_of(encoding).percent:
            axis["format"] = ".0%"
        else:
            axis["labelExpr"] = _NUMBER_LABELS.format(channel=channel)
        axis["tickCount"] = 4 if channel == "x" else 5
        axis["labelBound"] = channel == "x"  # no half of a number at the right edge
    elif kind == "temporal":
        axis |= {"grid": False}
        made |= {"scale": {"type": "utc"}}
        unit = fields[name].unit
        if unit in _TIME_UNITS:
            made["timeUnit"] = _TIME_UNITS[unit]
        if unit == "month":
            axis |= {"labelExpr": _MONTH_LABELS, "tickCount": "month", "labelFlush": False}
            if kind_of_mark == "bar":
                axis |= {"labelOffset": {"expr": _HALF_A_MONTH}}
    else:
        axis |= {"grid": False, "labelLimit": 190, "labelAngle": 0}
        made["sort"] = _sort(encoding, other, channel)
    return made


def _sort(encoding: Mapping[str, Any], other: Mapping[str, Any], channel: str) -> Any:
    """The order of an axis. `by` names the axis that decides; `-reversed`: the largest first."""
    by = encoding["scale"].get("sort", {}).get("by", "")
    axis, _, reverse = by.partition("-")
    order = "descending" if reverse == "reversed" else "ascending"
    if by == "natural-order":
        return None
    if axis in ("x", "y") and axis != channel:
        return {"field": _escape(other["fieldName"]), "op": "sum", "order": order}
    return order


def _color(encoding: Mapping[str, Any], rows: Sequence[Row]) -> Spec:
    name = encoding["fieldName"]
    values = sorted({row[name] for row in rows}, key=str)
    return {"field": _escape(name), "type": "nominal", "scale": {"domain": values}}


def _tip(encoding: Mapping[str, Any], fields: Mapping[str, FieldExpression] | None = None) -> Spec:
    name = encoding["fieldName"]
    kind = encoding.get("scale", {}).get("type", "categorical")
    tip: Spec = {
        "field": _escape(name),
        "type": _TYPES[kind],
        "title": encoding.get("displayName", name),
    }
    if kind == "quantitative":
        tip["format"] = format_of(encoding).d3
    elif kind == "temporal":
        unit = fields[name].unit if fields else None
        tip |= {"timeUnit": _TIME_UNITS.get(unit or "day", "utcyearmonthdate")}
        tip["format"] = {"year": "%Y", "month": "%B %Y"}.get(unit or "day", "%Y-%m-%d")
    return tip


def _escape(name: str) -> str:
    """The name as a field of Vega, which reads dots and brackets as paths."""
    return name.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[").replace("]", "\\]")
