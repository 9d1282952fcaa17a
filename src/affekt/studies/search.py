"""A search of settings by Optuna, on validation samples."""

from __future__ import annotations

from affekt.studies.schedule import OnChange
from affekt.studies.study import Outcome, Study, run_study


def run_search(study: Study, *, at_once: int = 1, on_change: OnChange = lambda state: None) -> Outcome:
    return run_study(study, at_once=at_once, on_change=on_change)
