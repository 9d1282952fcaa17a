"""The fields of a bundle's manifest."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.core.fields.rows import tables_of
from affekt.deploy.runtime.manifest import BundleManifest
from generate.markdown import fields


def bundle_pages() -> Iterator[tuple[str, str]]:
    """A fragment with the tables of the manifest."""
    yield "fragments/manifest.md", fields(tables_of(BundleManifest), level=3, outermost="Top level")
