"""HTML pages from Jinja templates. Values are escaped; an undefined name in a template is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from affekt.core.wording import counted
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import scheme_css
from affekt.report.wording import printable


def render_page(
    folder: Path,
    filters: Mapping[str, Callable[..., Any]],
    *,
    labels: LabelColors | None = None,
    styles: Sequence[Path] = (),
    **values: Any,
) -> str:
    """Render `page.html.jinja` of a folder, with `page.css` and any `page.js` beside it, into one HTML text.

    The style begins with the variables of `affekt.report.colors.scheme`.

    Args:
        folder: Templates are found in it by their names.
        filters: Functions that templates apply to values, by name, besides `counted`.
        labels: Labels whose colours the page uses, as the variables `--l0`, `--l1`, ...
        styles: Style sheets of other pages; they come before `page.css`.
        values: The variables of the templates.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters |= {"counted": counted, **filters}
    # Style and script are files of this package, not data of a caller, and are not escaped.
    sheets = [file.read_text("utf-8") for file in (*styles, folder / "page.css")]
    style = "\n".join([scheme_css(), *([labels.style] if labels else []), *sheets])
    if (folder / "page.js").is_file():
        values["script"] = Markup((folder / "page.js").read_text("utf-8"))
    return environment.get_template("page.html.jinja").render(style=Markup(style), **values)


def _finalize(value: Any) -> str:
    return value if isinstance(value, Markup) else printable(value)
