"""The files of an outcome: table.md, table.csv, table.tex, tests.csv, results.json and index.html."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from affekt.core.files.whole import write_text
from affekt.core.wording import counted
from affekt.report.study.page import Number, RunGroup, ShownRun, StudyPage, write_study_page
from affekt.report.study.tables import Table, as_latex, as_markdown
from affekt.studies.outcome.documents import comparisons_csv, relative, scores_csv, summary_document
from affekt.studies.outcome.pictures import pictures_of
from affekt.studies.outcome.shown import METHOD, anchor, comparison_table, score_table, value
from affekt.studies.outcome.summary import RowSummary, Summary
from affekt.studies.plans.plan import Plan

PAGE = "index.html"


def write_outcome(
    folder: Path,
    plan: Plan,
    path: Path,
    summary: Summary,
    failed: Mapping[str, str],
    *,
    further: tuple[Table, ...] = (),
) -> dict[str, Path]:
    """Write all files of an outcome; equal results give equal files.

    Args:
        further: More tables for the page, such as the trials of a search.

    Returns:
        The files by what they are.
    """
    tests = comparison_table(summary)
    title = plan.title or path.stem
    files = {
        "page": folder / PAGE,
        "Markdown": folder / "table.md",
        "CSV": folder / "table.csv",
        "LaTeX": folder / "table.tex",
        "tests": folder / "tests.csv",
        "numbers": folder / "results.json",
    }
    shown = [*tables_of(summary, link=PAGE), *further]
    notes = "\n".join(f"- {note}" for note in summary.notes)
    text = [f"# {title}", *map(as_markdown, shown), *([notes] if notes else [])]
    write_text(files["Markdown"], "\n\n".join(text) + "\n")
    write_text(files["LaTeX"], "\n\n".join(map(as_latex, shown)) + "\n")
    write_text(files["CSV"], scores_csv(summary, folder))
    write_text(files["tests"], comparisons_csv(summary))
    write_text(files["numbers"], json.dumps(summary_document(summary, folder), indent=1) + "\n")
    page = StudyPage(
        title,
        _lead(plan, summary),
        _numbers(summary),
        [score_table(summary, data, link="") for data in _data(summary)],
        tests,
        summary.notes,
        pictures_of(summary),
        [_group(row, summary, folder) for row in summary.rows],
        further,
        failed,
        METHOD,
        path.read_text(encoding="utf-8"),
        f"affekt experiment {path.name}",
    )
    write_study_page(files["page"], page)
    return files


def tables_of(summary: Summary, *, link: str = "") -> list[Table]:
    """A table of scores for each data set, and the comparisons, if there are any.

    Args:
        link: Page that the rows lead to.
    """
    tests = comparison_table(summary)
    scores = [score_table(summary, data, link=link) for data in _data(summary)]
    return [*scores, *([tests] if tests.rows else [])]


def _data(summary: Summary) -> list[str]:
    return list(dict.fromkeys(row.runs.data for row in summary.rows))


def _lead(plan: Plan, summary: Summary) -> str:
    rows, runs = len(summary.rows), sum(len(row.runs.runs) for row in summary.rows)
    far = sum(it.difference.is_distinguishable() for it in summary.comparisons)
    tested = len(summary.comparisons)
    found = (
        f" Of {counted(tested, 'comparison')}, {far} {'is' if far == 1 else 'are'} distinguishable after "
        "Holm's correction."
        if tested
        else ""
    )
    return f"{counted(runs, 'run')} of {counted(rows, 'row')}, scored on the {plan.part} part.{found}"


def _numbers(summary: Summary) -> list[Number]:
    if not summary.rows:
        return []
    looks = [run.looks for row in summary.rows for run in row.runs.runs]
    samples = sorted({row.samples for row in summary.rows})
    items = f"{samples[0]}" if len(samples) == 1 else f"{samples[0]} to {samples[-1]}"
    seeds = sorted({len(row.runs.by_seed) for row in summary.rows})
    return [
        Number(
            "rows",
            str(len(summary.rows)),
            ", ".join(dict.fromkeys(row.over for row in summary.rows)) + " resampled",
        ),
        Number("seeds", " to ".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))), "of each row"),
        Number("items", items, "of each row"),
        Number("looks", str(sum(looks)), f"at this part; at most {max(looks)} by one run"),
    ]


def _group(row: RowSummary, summary: Summary, folder: Path) -> RunGroup:
    columns = [name for name in summary.metrics if name in row.scores]
    selected = row.runs.runs[0].member.recipe.selection.metric
    own = [note for note in row.sentences if note not in summary.notes]
    runs: list[ShownRun] = []
    for run in row.runs.runs:
        fold = "" if run.member.fold is None else f", fold {run.member.fold}"
        scores = [value(run.answers.scores.get(name)) for name in columns]
        link = relative(run.path, folder)
        runs.append(
            ShownRun(run.name, link, f"{run.member.seed}{fold}", [*scores, value(run.validation)], run.looks)
        )
    return RunGroup(anchor(row), _title(row), [*columns, f"validation {selected}"], runs, own)


def _title(row: RowSummary) -> str:
    return f"{row.name} on {row.runs.data}" if row.runs.data else row.name
