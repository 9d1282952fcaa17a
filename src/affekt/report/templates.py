"""Pages as Jinja templates: what a page is given is escaped, and a name that it is not given is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from affekt.report.wording import printable


def render_page(folder: Path, filters: Mapping[str, Callable[..., Any]], **values: Any) -> str:
    """`page.html.jinja` of a folder, with `page.css` and `page.js` beside it, as one HTML text.

    Args:
        filters: Functions that templates apply to values, by name.
        values: What templates show, by name.
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
    # Style and script are files of this package, not data of a caller: they are not escaped.
    style, script = (Markup((folder / name).read_text()) for name in ("page.css", "page.js"))
    return environment.get_template("page.html.jinja").render(style=style, script=script, **values)


def _finalize(value: Any) -> str:
    return value if isinstance(value, Markup) else printable(value)
