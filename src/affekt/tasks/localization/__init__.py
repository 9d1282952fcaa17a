"""Localization: which segments of an untrimmed medium show which class, learned from annotated points."""

from affekt.tasks.localization.task import TASK as TASK
