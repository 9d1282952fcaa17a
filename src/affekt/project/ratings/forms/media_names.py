"""Names of items from names of media files in exports of annotation tools."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote

_HASHED = re.compile(r"(.+)\.[0-9a-f]{12}")  # as media are named in a project
_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")  # as Label Studio names an upload


def item_names(address: str) -> tuple[str, ...]:
    """What an item may be called whose file has this path or address, the most literal first.

    Example:
        >>> item_names("/data/local-files/?d=media/video/7301.0123456789ab.mp4")
        ('7301.0123456789ab', '7301')
        >>> item_names("/data/upload/3/1a2b3c4d-7301.mp4")
        ('1a2b3c4d-7301', '7301')
        >>> item_names("https://example.org/a%20b.mp4?signature=0.5")
        ('a b',)
    """
    before, _, query = address.partition("?")
    local = parse_qs(query).get("d")  # local files of Label Studio
    stem = PurePosixPath((local[0] if local else unquote(before)).replace("\\", "/")).stem
    found = [stem]
    for form in (_UPLOADED, _HASHED):
        found += [match[1] for name in found if (match := form.fullmatch(name))]
    return tuple(dict.fromkeys(name for name in found if name))
