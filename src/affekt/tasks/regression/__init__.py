"""Continuous ratings, such as valence and arousal: one output for each name of the label set."""

from affekt.tasks.regression.task import TASK as TASK
