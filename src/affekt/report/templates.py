"""HTML pages from Jinja templates. Values are escaped; an undefined name in a template is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from affekt.report.wording import printable


def render_page(
    folder: Path, filters: Mapping[str, Callable[..., Any]], *, colors: Path | None = None, **values: Any
) -> str:
    """Render `page.html.jinja` of a folder, with `page.css` and any `page.js` beside it, into one HTML text.

    Args:
        folder: Templates are found in it by their names.
        filters: Functions that templates apply to values, by name.
        colors: A style sheet that several pages share; it comes before `page.css`.
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
    environment.filters |= filters
    # Style and script are files of this package, not data of a caller, and are not escaped.
    styles = [file.read_text("utf-8") for file in (colors, folder / "page.css") if file is not None]
    if (folder / "page.js").is_file():
        values["script"] = Markup((folder / "page.js").read_text("utf-8"))
    return environment.get_template("page.html.jinja").render(style=Markup("\n".join(styles)), **values)


def _finalize(value: Any) -> str:
    return value if isinstance(value, Markup) else printable(value)
