"""Tables that fit the terminal, whatever their number of columns; words such as paths are never cut.

Text is wrapped between words. What still has no room is printed below: further columns as tables that begin
with the same column, or, where that one is wide, below its cell. A line is longer than the width only where
one word is.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

WIDTH = 90  # columns where there is no terminal
_BETWEEN = 3  # columns between two cells, with the line
_INDENT = "  "


def width() -> int:
    """Columns of the terminal, or a fixed number of them where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH


def filled(text: str, first: str = "", rest: str = "") -> list[str]:
    """A text as lines of this width, the first and the others with their beginnings; words are not cut."""
    return textwrap.wrap(
        text,
        width(),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "", whole: Sequence[str] = ()
) -> None:
    """A table on standard output; numbers right-aligned.

    Args:
        whole: Columns whose cells are copied from, such as paths, which may have spaces: kept on one line.
    """
    # Without markup: `[happy]` in a cell is text.
    console = Console(
        highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH
    )
    numeric = [
        bool(rows) and all(isinstance(row[n], int | float) for row in rows) for n in range(len(columns))
    ]
    cells = [[_text(cell) for cell in row] for row in rows]
    if title:
        console.print(_wrapped(title, console.width), style="italic", soft_wrap=True)
    for number, block in enumerate(blocks(columns, cells, console.width, whole=whole)):
        if number:
            console.print()
        for line in block.lines(console, columns, cells, numeric):
            console.print(line, soft_wrap=True)


class Block:
    """Some columns of a table with their widths.

    Args:
        key: Whether the first column is one of them; else its cells have lines of their own, above.
    """

    def __init__(self, chosen: Sequence[int], widths: Sequence[int], *, key: bool) -> None:
        self.chosen, self.widths, self.key = tuple(chosen), tuple(widths), key

    def lines(
        self,
        console: Console,
        columns: Sequence[str],
        cells: Sequence[Sequence[str]],
        numeric: Sequence[bool],
    ) -> Iterator[str]:
        """The block as lines of text."""
        table = Table(show_edge=False, pad_edge=False)
        for number, width in zip(self.chosen, self.widths, strict=True):
            justify = "right" if numeric[number] else "left"
            table.add_column(_wrapped(columns[number], width), justify=justify, no_wrap=True, width=width)
        wrapped = [
            [_wrapped(row[number], width) for number, width in zip(self.chosen, self.widths, strict=True)]
            for row in cells
        ]
        for row in wrapped:
            table.add_row(*row)
        shown = _plain_lines(console, table, sum(self.widths) + _BETWEEN * len(self.widths))
        if self.key:
            yield from shown
            return
        heads = max(
            _wrapped(columns[n], w).count("\n") for n, w in zip(self.chosen, self.widths, strict=True)
        )
        yield columns[0]
        yield from (_INDENT + line for line in shown[: heads + 2])
        at = heads + 2
        for row, narrow in zip(cells, wrapped, strict=True):
            yield row[0]
            height = 1 + max(cell.count("\n") for cell in narrow)
            yield from (_INDENT + line for line in shown[at : at + height])
            at += height


def blocks(
    columns: Sequence[str], cells: Sequence[Sequence[str]], width: int, *, whole: Sequence[str] = ()
) -> list[Block]:
    """The columns of a table, divided so that each block fits the width as far as its words allow.

    Example:
        >>> [block.chosen for block in blocks(["name", "a", "b"], [["x" * 10, "1" * 9, "2" * 9]], 24)]
        [(0, 1), (0, 2)]
    """
    texts = [[name, *(row[number] for row in cells)] for number, name in enumerate(columns)]
    natural = [
        max(cell_len(line) for text in column for line in text.splitlines() or [""]) for column in texts
    ]
    least = [max((cell_len(word) for text in column for word in text.split()), default=0) for column in texts]
    least = [
        max(1, most if name in whole else one)
        for name, most, one in zip(columns, natural, least, strict=True)
    ]
    every = list(range(len(columns)))
    if _total(least) <= width or len(columns) == 1:
        return [Block(every, _shared(natural, least, width), key=True)]
    key = least[0] <= width // 2
    room = width - (least[0] + _BETWEEN if key else len(_INDENT))
    found: list[list[int]] = []
    for number in every[1:]:
        if found and _total([least[n] for n in [*found[-1], number]]) <= room:
            found[-1].append(number)
        else:
            found.append([number])
    chosen = [[0, *part] if key else part for part in found]
    inside = width if key else room
    return [
        Block(part, _shared([natural[n] for n in part], [least[n] for n in part], inside), key=key)
        for part in chosen
    ]


def _shared(natural: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Widths of columns: the natural ones, of which the widest give way until all fit."""
    widths = [max(one, 1) for one in natural]
    while _total(widths) > width:
        wide = [n for n in range(len(widths)) if widths[n] > least[n]]
        if not wide:
            break
        widths[max(wide, key=lambda n: widths[n])] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _text(cell: Any) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def _wrapped(text: str, width: int) -> str:
    """Text with line ends between words, so that lines have at most this number of terminal columns."""
    if all(cell_len(line) <= width for line in text.splitlines()):
        return text
    if text.isascii():
        return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
    lines = [""]  # characters may be two columns wide, which textwrap does not know
    for word in text.split():
        if lines[-1] and cell_len(f"{lines[-1]} {word}") > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _plain_lines(console: Console, table: Table, width: int) -> list[str]:
    """A table as lines; wider than the console, if it is, and never cut."""
    options = console.options.update(width=width)
    lines = console.render_lines(table, options, pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]
