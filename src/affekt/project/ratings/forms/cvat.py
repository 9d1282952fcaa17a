"""Ratings in an export of CVAT 1.1, for images or for videos: `annotations.xml`, alone or in its ZIP file.

    <annotations>
      <meta><task><name>round 1</name><assignee><username>anna</username></assignee></task></meta>
      <image id="0" name="7301.png" width="640" height="480"><tag label="joy" source="manual"></tag></image>
    </annotations>

An image is an item; a video is an item, whatever the frame. The label is that of a tag, or of a shape or
track, or else the value of an attribute. What a model annotated (`source="auto"`) is not a rating. CVAT does
not state who annotated what: the rater is the assignee of the task, or is named by the caller.

Source: the XML format of CVAT's documentation.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from affekt.core.errors import DataError, UsageError
from affekt.core.sample import Skipped
from affekt.project.ratings.forms.media_names import item_names
from affekt.project.ratings.forms.stated import RatingFile, StatedRating
from affekt.project.settings.project import ProjectSettings

_LARGEST = 1 << 28  # bytes of annotations
_MEMBER = "annotations.xml"
_AUTOMATIC = "annotations of models"


def read_cvat(path: Path, settings: ProjectSettings, *, rater: str = "") -> RatingFile:
    """The ratings of an export.

    Args:
        rater: Who annotated; the assignee of the task if empty.

    Raises:
        DataError: It cannot be read, or is another kind of XML.
        UsageError: It states no assignee, and no rater is named.
    """
    root = _parse(path)
    meta = root.find("meta")
    who = rater or _text(meta, ".//assignee/username")
    if not who:
        raise UsageError(
            f"{path} does not state who annotated: CVAT names only an assignee of a task, and this one has "
            "none. Name the rater with --rater, a file for each rater"
        )
    found = RatingFile()
    labels: dict[tuple[str, ...], dict[str, str]] = {}  # items, then texts with their places
    for place, items, element in _marked(path, root, meta):
        if element.get("source") == "auto":
            found.skipped.append(Skipped(place, "a model annotated it", _AUTOMATIC))
            continue
        texts = labels.setdefault(items, {})
        for text in _texts(element, settings):
            texts.setdefault(text, place)
    for items, texts in labels.items():
        known = [text for text in texts if settings.label_of(text) is not None]
        # Other labels may mark other things, such as a face; two of the set contradict each other.
        stated = known or list(texts)
        found.ratings.append(StatedRating(texts[stated[0]], items, who, "; ".join(stated)))
    return found


def _parse(path: Path) -> Xml.Element:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo(_MEMBER).file_size > _LARGEST:
                    raise DataError(f"{path}: {_MEMBER} is larger than {_LARGEST >> 20} MB")
                content = archive.read(_MEMBER)
        else:
            content = path.read_bytes()
    except KeyError:
        raise DataError(f"{path} has no {_MEMBER}: export it as CVAT 1.1") from None
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if b"<!DOCTYPE" in content[:4096]:
        raise DataError(f"{path} defines entities of its own, which exports of CVAT do not")
    try:
        root = Xml.fromstring(content)
    except Xml.ParseError as error:
        raise DataError(f"{path} is not XML: {error}") from None
    if root.tag != "annotations" or (root.find("image") is None and root.find("track") is None):
        raise DataError(f"{path} holds no annotations of CVAT 1.1: no image and no track in <annotations>")
    return root


def _marked(
    path: Path, root: Xml.Element, meta: Xml.Element | None
) -> Iterator[tuple[str, tuple[str, ...], Xml.Element]]:
    """Each annotation with its place and the names of its item."""
    videos = _videos(meta)
    for image in root.iterfind("image"):
        items = videos.get(image.get("task_id", ""), ()) or item_names(image.get("name", ""))
        place = f"{path.name} image {image.get('name')}"
        for element in [*image.iterfind("tag"), *(one for one in image if one.tag != "tag")]:
            yield place, items, element
    for track in root.iterfind("track"):
        items = videos.get(track.get("task_id", ""), ())
        yield f"{path.name} track {track.get('id')}", items or ("a video without a name",), track


def _videos(meta: Xml.Element | None) -> dict[str, tuple[str, ...]]:
    """Names of the item of each task that is a video, by the id of the task; empty id where there is one."""
    found: dict[str, tuple[str, ...]] = {}
    if meta is None:
        return found
    tasks = list(meta.iterfind(".//task"))
    for task in tasks:
        source = _text(task, "source") or (_text(meta, "source") if len(tasks) == 1 else "")
        if source or _text(task, "mode") == "interpolation":
            names = dict.fromkeys(
                (*item_names(source), *item_names(_text(task, "name")), _text(task, "name"))
            )
            for key in (_text(task, "id"), *([""] if len(tasks) == 1 else [])):
                found[key] = tuple(name for name in names if name)
    return found


def _texts(element: Xml.Element, settings: ProjectSettings) -> list[str]:
    """The label of an annotation, or values of its attributes if these are labels and it is not."""
    label = element.get("label", "")
    if settings.label_of(label) is None:
        values = [(one.text or "").strip() for one in element.iter("attribute")]
        named = [value for value in dict.fromkeys(values) if settings.label_of(value) is not None]
        if named:
            return named
    return [label] if label else []


def _text(element: Xml.Element | None, where: str) -> str:
    return ((element.findtext(where) if element is not None else None) or "").strip()
