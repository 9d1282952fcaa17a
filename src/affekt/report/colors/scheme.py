"""Colours of pages and figures apart from those of labels, for light and for dark pages."""

from __future__ import annotations

from typing import NamedTuple


class Shade(NamedTuple):
    """One colour on light and on dark pages. Figures have the light one."""

    light: str
    dark: str


PAPER = Shade("#fbfaf7", "#13151a")
CARD = Shade("#ffffff", "#1a1d24")  # boxes on the paper
INK = Shade("#1f2430", "#e9e6df")
SOFT = Shade("#5f6675", "#9ba2af")  # text of less weight
LINE = Shade("#e4e0d8", "#2b303a")
HOVER = Shade("#f2efe8", "#242933")
WAVE = Shade("#7f8897", "#8a93a2")  # sound waves
PEAK = Shade("#c3c8d0", "#4a515e")  # attention, and bars of less weight
ACCENT = Shade("#2f6f9f", "#6ea9d3")
SECOND = Shade("#b4532c", "#e58a6f")

_NAMES = {
    "paper": PAPER,
    "card": CARD,
    "ink": INK,
    "soft": SOFT,
    "line": LINE,
    "hover": HOVER,
    "wave": WAVE,
    "peak": PEAK,
    "accent": ACCENT,
    "second": SECOND,
}
_FONTS = """\
--serif: Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", Georgia, serif;
--sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", "Liberation Sans",
  Arial, sans-serif;
--mono: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", Menlo, monospace;
--gap: repeating-linear-gradient(135deg, transparent 0 2.5px, var(--card) 2.5px 4px); --stripe: none;"""


def scheme_css() -> str:
    """CSS variables of the colours and of the fonts, such as `--ink` and `--serif`."""
    light = css_variables({name: shade.light for name, shade in _NAMES.items()})
    dark = css_variables({name: shade.dark for name, shade in _NAMES.items()})
    return by_scheme(f"color-scheme: light dark;\n{light}\n{_FONTS}", dark)


def css_variables(values: dict[str, str]) -> str:
    """Definitions of CSS variables.

    Example:
        >>> css_variables({"ink": "#1f2430", "l0": "#b07b00"})
        '--ink: #1f2430; --l0: #b07b00;'
    """
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def by_scheme(light: str, dark: str) -> str:
    """CSS with definitions of which the dark ones apply on dark pages."""
    return f":root {{\n{light}\n}}\n@media (prefers-color-scheme: dark) {{ :root {{\n{dark}\n}} }}"
