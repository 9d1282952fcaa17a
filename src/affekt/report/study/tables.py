"""A table in Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from affekt.core.files.cells import safe_cell

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
}


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        link: Where more is found; empty if nowhere.
        is_number: Whether it is aligned to the right.
    """

    text: str
    link: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a title and a note below it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def as_markdown(table: Table) -> str:
    """A Markdown table; cells with a link are links.

    Example:
        >>> print(as_markdown(Table("", ("a",), [[Cell("1", "x.html", is_number=True)]])))
        | a |
        | ---: |
        | [1](x.html) |
    """

    def cell(one: Cell) -> str:
        text = one.text.replace("|", "\\|").replace("\n", " ")
        return f"[{text}]({one.link.replace(' ', '%20')})" if one.link and text else text

    numeric = [
        bool(table.rows) and all(row[place].is_number for row in table.rows)
        for place in range(len(table.columns))
    ]
    lines = [f"## {table.title}", ""] if table.title else []
    lines += [
        "| " + " | ".join(table.columns) + " |",
        "| " + " | ".join("---:" if it else "---" for it in numeric) + " |",
        *("| " + " | ".join(map(cell, row)) + " |" for row in table.rows),
    ]
    return "\n".join([*lines, *(["", table.note] if table.note else [])])


def as_latex(table: Table) -> str:
    """A LaTeX table with the rules of the package booktabs."""
    numeric = [
        bool(table.rows) and all(row[place].is_number for row in table.rows)
        for place in range(len(table.columns))
    ]
    columns = "".join("r" if it else "l" for it in numeric)
    lines = [
        r"\begin{table}",
        r"\centering",
        *([rf"\caption{{{escape_latex(table.title)}}}"] if table.title else []),
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(escape_latex, table.columns)) + r" \\",
        r"\midrule",
        *(" & ".join(escape_latex(one.text) for one in row) + r" \\" for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *([rf"\par\smallskip\footnotesize {escape_latex(table.note)}"] if table.note else []),
        r"\end{table}",
    ]
    return "\n".join(lines)


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A CSV file with a header; None is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(safe_cell, columns))
    writer.writerows(["" if value is None else safe_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def escape_latex(text: str) -> str:
    r"""Text without the special characters of LaTeX.

    Example:
        >>> print(escape_latex("macro_f1 50 %"))
        macro\_f1 50 \%
    """
    return "".join(_LATEX.get(letter, letter) for letter in text)
