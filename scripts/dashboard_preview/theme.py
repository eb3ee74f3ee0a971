"""Colours and chart style of the preview, light and dark, from the theme of the dashboard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMES = ("light", "dark")
_COLOURS = {  # keys of the file's theme, each with its defaults for light and dark
    "canvasBackgroundColor": ("#F4F6F8", "#0E1318"),
    "widgetBackgroundColor": ("#FFFFFF", "#171E26"),
    "widgetBorderColor": ("#E1E6EB", "#27313B"),
    "fontColor": ("#17212B", "#E5EAF0"),
    "selectionColor": ("#1F6FC4", "#6DB1F2"),
}
_SERIES = ["#2F7FD1", "#DD7A2B", "#1F9D85", "#C2578C", "#8769CF", "#B98A1B", "#5F7D95", "#C4524A"]


@dataclass(frozen=True)
class Theme:
    """The colours of a scheme as #RRGGBB; `series` are those of charts, in order."""

    scheme: str
    canvas: str
    widget: str
    border: str
    font: str
    muted: str
    selection: str
    series: tuple[str, ...]


def themes(named: Mapping[str, Any]) -> dict[str, Theme]:
    """The theme of each scheme, from the file's `uiSettings.theme`."""
    return {scheme: _theme(named, scheme, place) for place, scheme in enumerate(SCHEMES)}


def _theme(named: Mapping[str, Any], scheme: str, place: int) -> Theme:
    canvas, widget, border, font, selection = (
        named.get(key, {}).get(scheme, defaults[place]) for key, defaults in _COLOURS.items()
    )
    return Theme(
        scheme=scheme,
        canvas=canvas,
        widget=widget,
        border=border,
        font=font,
        muted=_mix(font, widget, 0.38),
        selection=selection,
        series=tuple(named.get("visualizationColors", _SERIES)),
    )


def vega_config(theme: Theme, font: str) -> dict[str, Any]:
    """The configuration of Vega for a theme; `font` is a CSS font family."""
    axis = {
        "domain": False, "ticks": False, "gridColor": theme.border, "labelColor": theme.muted,
        "labelFontSize": 12, "labelPadding": 6, "titleColor": theme.muted, "titleFontSize": 12,
        "titleFontWeight": "normal",
    }  # fmt: skip
    return {
        "background": "transparent",
        "font": font,
        "padding": 0,
        "view": {"stroke": None},
        "axis": axis,
        "legend": {
            "labelColor": theme.font, "labelFontSize": 12, "symbolType": "circle", "symbolSize": 90,
            "symbolStrokeWidth": 0, "title": None, "orient": "bottom", "columnPadding": 16,
        },
        "range": {"category": list(theme.series)},
        "mark": {"color": theme.series[0]},
        "text": {"color": theme.muted, "fontSize": 12},
    }  # fmt: skip


def _mix(first: str, second: str, part: float) -> str:
    """A colour between two of the form #RRGGBB; `part`, 0 to 1, is the share of the second."""
    pairs = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in pairs)
