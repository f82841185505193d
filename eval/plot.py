"""Draw plots as SVG text: risk over coverage, a rate by kind with intervals, latency. No script, no font, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval.summary import Figure

_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 44
_SERIES = 4  # classes s0 … s3 in the page's style, with a dash pattern each


def curves(points: Mapping[str, Sequence[tuple[float, float]]], x_name: str, y_name: str, x_most: float = 1.0) -> str:
    """Return a line for each name over 0 … x_most and 0 … 1."""
    lines = []
    for number, (name, own) in enumerate(points.items()):
        path = " ".join(f"{_x(x / x_most):.1f},{_y(y):.1f}" for x, y in own if x <= x_most)
        lines.append(
            f'<polyline class="line s{number % _SERIES}" points="{path}"><title>{escape(name)}</title></polyline>'
        )
    ticks = [(step / 4, f"{x_most * step / 4:g}") for step in range(5)]
    body = _axes(ticks, x_name, y_name) + "".join(lines)
    return _svg(body + _legend(list(points)), _HEIGHT + 20 * ((len(points) + 1) // 2), f"{y_name} over {x_name}")


def intervals(rows: Sequence[tuple[str, Mapping[str, Figure]]], x_name: str) -> str:
    """Return one line of dots for each row: a dot for each system on 0 … 1, the first with its interval."""
    height = _TOP + 26 * len(rows) + _BOTTOM
    left = 150
    scale = _WIDTH - left - _RIGHT
    parts = []
    for step in range(5):
        x = left + scale * step / 4
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{height - _BOTTOM + 16}" text-anchor="middle">{step / 4:g}</text>'
        )
    for number, (label, figures) in enumerate(rows):
        y = _TOP + 26 * number + 13
        parts.append(f'<text class="tick" x="{left - 8}" y="{y + 4}" text-anchor="end">{escape(label)}</text>')
        for series, (name, figure) in enumerate(figures.items()):
            parts.append(_dot(name, figure, series, y, left, scale))
    parts.append(
        f'<text class="name" x="{left + scale / 2}" y="{height - 8}" text-anchor="middle">{escape(x_name)}</text>'
    )
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    legend = f'<g transform="translate(0 {height - _HEIGHT})">{_legend(names)}</g>'
    return _svg("".join(parts) + legend, height + 20 * ((len(names) + 1) // 2), f"{x_name} by kind")


def _dot(name: str, figure: Figure, series: int, y: float, left: float, scale: float) -> str:
    """Return a dot, with a whisker for the first system."""
    x, low, high = (left + scale * value for value in (figure.value, figure.low, figure.high))
    title = (
        f"<title>{escape(name)}: {figure.value:.3f} [{figure.low:.2f}, {figure.high:.2f}], n = {figure.count}</title>"
    )
    whisker = f'<line class="whisker s0" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>' if series == 0 else ""
    radius = 5 if series == 0 else 3.5
    return f'<g>{title}{whisker}<circle class="dot s{series % _SERIES}" cx="{x:.1f}" cy="{y}" r="{radius}"/></g>'


def _axes(ticks: Sequence[tuple[float, str]], x_name: str, y_name: str) -> str:
    """Return the frame of a plot over 0 … 1 with ticks at shares of the width."""
    parts = []
    for step in range(5):
        y = _y(step / 4)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{step / 4:g}</text>')
    for share, label in ticks:
        x = _x(share)
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{escape(label)}</text>'
        )
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(f'<text class="name" x="{_x(0.5):.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
    turn = f'transform="translate(14 {middle:.1f}) rotate(-90)"'
    parts.append(f'<text class="name" {turn} text-anchor="middle">{escape(y_name)}</text>')
    return "".join(parts)


def _legend(names: Sequence[str]) -> str:
    """Return the names with their marks, two in a row, under the plot."""
    parts = []
    for number, name in enumerate(names):
        x, y = _LEFT + (number % 2) * 240, _HEIGHT + 12 + 20 * (number // 2)
        parts.append(f'<line class="line s{number % _SERIES}" x1="{x}" x2="{x + 28}" y1="{y - 4}" y2="{y - 4}"/>')
        parts.append(f'<text class="tick" x="{x + 36}" y="{y}">{escape(name)}</text>')
    return "".join(parts)


def _svg(body: str, height: float, name: str) -> str:
    box = f'viewBox="0 0 {_WIDTH} {height:g}"'
    return f'<svg {box} role="img" aria-label="{escape(name)}" xmlns="http://www.w3.org/2000/svg">{body}</svg>'


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
