"""The fields of a timeline, as `affekt analyze` writes it."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.core.fields.rows import tables_of
from affekt.core.timeline import Timeline
from generate.markdown import fields


def timeline_pages() -> Iterator[tuple[str, str]]:
    """A fragment with the tables of the document."""
    yield "fragments/timeline.md", fields(tables_of(Timeline), level=3, outermost="Top level")
