"""Ratings in a JSON export of Label Studio: an object a task, with the annotations of several people.

    [{"id": 1, "data": {"item": "7301", "video": ".../7301.mp4"},
      "annotations": [{"completed_by": {"email": "anna@example.org"}, "was_cancelled": false,
                       "created_at": "2026-03-09T22:16:08.728353Z", "lead_time": 4.288,
                       "result": [{"type": "choices", "from_name": "label",
                                   "value": {"choices": ["joy"]}}]}]}]

The item is what `data` states as `item`, or else a media file that `data` names. A cancelled annotation is a
skipped item. Predictions of models are not ratings.

Source: the task format of Label Studio's documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.core.errors import DataError
from affekt.core.sample import Skipped
from affekt.data.layouts.text_tables import read_text
from affekt.project.ratings.forms.media_names import item_names
from affekt.project.ratings.forms.stated import RatingFile, StatedRating, round_of, seconds_of, time_of
from affekt.project.settings.project import ProjectSettings

_UNUSABLE = "annotations that cannot be used"


def read_label_studio(path: Path, settings: ProjectSettings) -> RatingFile:
    """The ratings of an export.

    Raises:
        DataError: It cannot be read, or is another kind of export.
    """
    text, notes = read_text(path)
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise DataError(f"{path} is not a list of tasks, as Label Studio exports them as JSON")
    if tasks and not any("annotations" in task for task in tasks):
        raise DataError(
            f"no task of {path} has annotations: export as JSON, not as JSON-MIN; found "
            f"{', '.join(list(tasks[0])[:8])}"
        )
    found = RatingFile(notes=notes)
    for number, task in enumerate(tasks, 1):
        place = f"{path.name} task {task.get('id', number)}"
        items = _items(task, settings.ratings.columns.item)
        annotations = task.get("annotations") or []
        if not items or not isinstance(annotations, list):
            found.skipped.append(Skipped(place, "its data name no item and no media file", _UNUSABLE))
            continue
        for annotation in annotations:
            if not isinstance(annotation, Mapping):
                found.skipped.append(Skipped(place, "an annotation is not an object", _UNUSABLE))
                continue
            _read_one(f"{place} annotation {annotation.get('id', '?')}", items, annotation, settings, found)
    return found


def _items(task: Mapping[str, Any], name: str) -> tuple[str, ...]:
    data = task.get("data")
    if not isinstance(data, Mapping):
        return ()
    stated = [str(data[key]) for key in (name, "id") if isinstance(data.get(key), str | int)]
    files = [value for value in data.values() if isinstance(value, str) and "." in value]
    names = [*stated, *(one for file in files for one in item_names(file))]
    return tuple(dict.fromkeys(names))


def _read_one(
    place: str,
    items: tuple[str, ...],
    annotation: Mapping[str, Any],
    settings: ProjectSettings,
    found: RatingFile,
) -> None:
    rater = _rater(annotation.get("completed_by"))
    if rater is None:
        found.skipped.append(Skipped(place, "it does not state who completed it", _UNUSABLE))
        return
    label: str | None = None
    if not annotation.get("was_cancelled"):
        label = _label(annotation.get("result"), settings)
        if label is None:
            found.skipped.append(Skipped(place, "it holds no choice", _UNUSABLE))
            return
    try:
        seconds = seconds_of(annotation.get("lead_time"))
        round_number = round_of(annotation.get(settings.ratings.columns.round))
    except ValueError as error:
        found.skipped.append(Skipped(place, str(error), _UNUSABLE))
        return
    stated = annotation.get("created_at")
    rated_at = time_of(stated) if isinstance(stated, str) else None
    found.ratings.append(StatedRating(place, items, rater, label, rated_at, seconds, round_number))


def _rater(completed_by: Any) -> str | None:
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return str(completed_by) if isinstance(completed_by, str | int) and completed_by != "" else None


def _label(result: Any, settings: ProjectSettings) -> str | None:
    """The text of an annotation's choice; several texts joined, where it is not one; None without any."""
    controls: dict[str, list[str]] = {}
    for region in result if isinstance(result, list) else ():
        value = region.get("value") if isinstance(region, Mapping) else None
        if not isinstance(value, Mapping):
            continue
        texts = value.get(str(region.get("type")), value.get("choices"))
        if isinstance(texts, list):
            own = controls.setdefault(str(region.get("from_name")), [])
            own += [str(text) for text in texts if str(text) not in own]
    if settings.ratings.control:
        controls = {name: texts for name, texts in controls.items() if name == settings.ratings.control}
    with_labels = {name: texts for name, texts in controls.items() if any(map(settings.label_of, texts))}
    chosen = with_labels if len(controls) > 1 and with_labels else controls
    return "; ".join(text for texts in chosen.values() for text in texts) or None
