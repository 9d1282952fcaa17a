"""Whether a network was trained on invented data, which its answers must say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core import catalog

INVENTED = "invented"  # key of a manifest
NOTE = (
    "the network was trained on invented data, not on recordings of people: its answers and their confidence "
    "show that it runs, and say nothing about this input"
)


def is_invented(document: Mapping[str, Any]) -> bool:
    """Whether the manifest of a checkpoint or bundle states it, or its data set is known to be invented.

    Manifests of earlier versions state the data set only.

    Example:
        >>> is_invented({"data": {"name": "walkers"}}), is_invented({"data": {"name": "images"}})
        (True, False)
    """
    if isinstance(document.get(INVENTED), bool):
        return document[INVENTED]
    data = document.get("data")
    name = data.get("name") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or catalog.canonical(name) not in catalog.list_datasets():
        return False
    return catalog.dataset(name).invented
