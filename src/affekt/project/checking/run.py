"""The whole check: each item, then copies over all items."""

from __future__ import annotations

from collections.abc import Callable

from affekt.project.checking.duplicates import find_duplicates
from affekt.project.checking.step import CheckStep
from affekt.project.folder import Project
from affekt.project.steps import Ran, run_step


def check_project(project: Project, on_item: Callable[[int, int], None] = lambda done, total: None) -> Ran:
    """Check what is new or has changed, and find the clusters of duplicates anew."""
    ran = run_step(project, CheckStep(), on_item)
    find_duplicates(project)
    return ran
