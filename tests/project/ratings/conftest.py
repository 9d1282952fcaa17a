"""A project with items and no media."""

import json

import pytest

from affekt.project.folder import Project
from affekt.project.records.upsert import import_records


@pytest.fixture
def project(tmp_path):
    """Twelve items, i01 to i12; i01 is labelled by its record."""
    made = Project.init(tmp_path / "news", labels="plutchik-wheel-8")
    rows = "".join(f"i{number:02d},{'joy' if number == 1 else ''}\n" for number in range(1, 13))
    (tmp_path / "records.csv").write_text(f"id,label\n{rows}")
    import_records(made, tmp_path / "records.csv")
    return made


def state(project, **values):
    """Add settings of `[ratings]` to a project."""
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    file = project.path / "project.toml"
    file.write_text(f"{file.read_text()}\n[ratings]\n{lines}\n")
    return Project.open(project.path)


@pytest.fixture
def stated():
    """A function of a project and settings of `[ratings]` that returns the project with these settings."""
    return state


@pytest.fixture
def rated(tmp_path):
    """A function of a project and the text of a CSV that imports it as ratings and returns what changed."""
    from affekt.project.ratings.upsert import import_ratings

    def take(project, text, name="ratings.csv", **options):
        (tmp_path / name).write_text(text)
        return import_ratings(project, tmp_path / name, **options)

    return take
