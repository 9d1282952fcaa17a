"""Any file of ratings, by what its suffix states."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import UsageError
from affekt.project.ratings.forms import sheets, tables
from affekt.project.ratings.forms.cvat import read_cvat
from affekt.project.ratings.forms.label_studio import read_label_studio
from affekt.project.ratings.forms.stated import RatingFile
from affekt.project.ratings.forms.tables import read_table
from affekt.project.settings.project import ProjectSettings


def read_rating_file(path: Path, settings: ProjectSettings, *, rater: str = "") -> RatingFile:
    """All ratings of a file.

    Args:
        rater: Who rated, where the file does not state it.

    Raises:
        DataError: It cannot be read, or is not laid out as its suffix states.
        UsageError: Its form is not known, or needs a package that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in (*tables.TEXT, *sheets.SUFFIXES):
        return read_table(path, settings, rater=rater)
    if suffix == ".json":
        return read_label_studio(path, settings)
    if suffix in (".xml", ".zip"):
        return read_cvat(path, settings, rater=rater)
    raise UsageError(
        f"{path}: ratings are {', '.join((*tables.TEXT, *sheets.SUFFIXES))}, exports of Label Studio (.json) "
        "or of CVAT (.xml, .zip)"
    )
