"""Figures as files, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from affekt.core.errors import UsageError
from affekt.core.files.output import check_file
from affekt.core.files.whole import write_whole


def save_figure(figure: Figure, path: Path, **options: Any) -> None:
    """Write a figure, in the format of its suffix.

    Args:
        options: Of matplotlib, such as `dpi`.

    Raises:
        AffektError: The disk is full, or the place cannot be written.
        UsageError: There is no such format.
    """
    form = _format_of(path)
    with write_whole(path) as partial:
        figure.savefig(partial, format=form, **options)


def check_figure(path: Path) -> None:
    """Refuse a figure that cannot be written, before the work that it shows.

    Raises:
        UsageError: There is no such format, or the place cannot be written.
    """
    _format_of(path)
    check_file(path)


def _format_of(path: Path) -> str:
    known = Figure().canvas.get_supported_filetypes()
    form = path.suffix.lower().removeprefix(".")
    if form not in known:
        raise UsageError(f"{path}: a figure is written as .png or another of .{', .'.join(sorted(known))}")
    return form
