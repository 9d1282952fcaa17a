"""The figures on the page of a study."""

from __future__ import annotations

from affekt.core.wording import counted
from affekt.report.study.figures import Curves, SeedScores, as_data, draw_learning, draw_seeds
from affekt.report.study.page import Picture
from affekt.studies.outcome.summary import RowSummary, Summary


def pictures_of(summary: Summary) -> list[Picture]:
    """Scores of seeds by metric and data set, then learning curves."""
    found: list[Picture] = []
    for data in dict.fromkeys(row.runs.data for row in summary.rows):
        rows = [row for row in summary.rows if row.runs.data == data]
        where = f", {data}" if data else ""
        for name in summary.metrics:
            shown = [_seeds(row, name) for row in rows if name in row.scores]
            if shown:
                light, dark = (
                    as_data(draw_seeds(shown, name, rows[0].over, dark=it)) for it in (False, True)
                )
                text = f"{name} of each seed of {counted(len(shown), 'row')}"
                found.append(Picture(f"{name}{where}", light, dark, text))
        selected = rows[0].runs.runs[0].member.recipe.selection.metric
        curves = [_curves(row, selected) for row in rows]
        if any(run for row in curves for run in row.runs):
            light, dark = (as_data(draw_learning(curves, selected, dark=it)) for it in (False, True))
            title = f"Learning curves{where}: mean over runs, shaded from the lowest to the highest"
            found.append(Picture(title, light, dark, f"validation {selected} by epoch"))
    return found


def _seeds(row: RowSummary, name: str) -> SeedScores:
    score = row.scores[name]
    low, high = score.over_items or (None, None)
    return SeedScores(row.name, list(score.values.values()), low, high)


def _curves(row: RowSummary, name: str) -> Curves:
    key = f"validation/{name}"
    return Curves(row.name, [[epoch[key] for epoch in run.epochs if key in epoch] for run in row.runs.runs])
