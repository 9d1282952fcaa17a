"""`affekt evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affekt.cli.early import check_data_of, find_network
from affekt.cli.groups import show_groups
from affekt.cli.next_step import line, repeated
from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, progress, say
from affekt.cli.study.row import show_row
from affekt.cli.tables import as_table
from affekt.core.answers.skip_reasons import skip_lines
from affekt.core.errors import UsageError, check_installed
from affekt.core.wording import counted
from affekt.deploy.backends.names import Backend, Precision
from affekt.engine.runs.names import find_runs

if TYPE_CHECKING:
    from affekt.evaluation.result import Evaluation


def command(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run: its folder, its name (see affekt runs) or latest; or a bundle. A name without its "
            "seed stands for all seeds and folds of a recipe."
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Another data set. Default: the data set of the run.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Part of the data: train, validation, test, another that the data state, or all."),
    ] = "test",
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Override an option of the data or of the split: data.options.NAME=VALUE."
        ),
    ] = None,
    groups: Annotated[
        str,
        typer.Option(
            help="Show scores by facts of the samples, separated by commas: subject, speaker, dialogue, or "
            "another that the data state, such as gender."
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the results. Default: inside the run, or beside the bundle."),
    ] = None,
    backend: Annotated[
        Backend | None,
        typer.Option(help="Engine that computes a bundle. Default: onnxruntime."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="bf16 is faster and less exact; openvino only.")
    ] = "f32",
    subsets: Annotated[
        bool, typer.Option("--subsets", help="Score every subset of the network's modalities.")
    ] = False,
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Score a run or a bundle: scores with intervals, figures, and a file of predictions.

    Example: affekt evaluate latest --data-root DIR
    """
    several = find_runs(run, runs)
    network = find_network(several[0], runs)
    check_installed("sklearn", extra="train", needed_by="affekt evaluate")
    check_data_of(network, data, data_root)
    if len(several) > 1:
        alone = {
            "--set": change,
            "--groups": groups,
            "--output": output,
            "--backend": backend,
            "--subsets": subsets,
        }
        if asked := [name for name, value in alone.items() if value]:
            names = ", ".join(map(str, several))
            raise UsageError(f"{asked[0]} is for one run; {run} stands for {len(several)}: {names}")
        show_row(str(run), several, runs=runs, data=data, data_root=data_root, split=split, json=json)
        return
    from affekt.evaluation.evaluate import evaluate
    from affekt.evaluation.result import renamed_labels
    from affekt.evaluation.subsets import evaluate_subsets

    options: dict[str, Any] = {
        "data": data,
        "data_root": data_root,
        "split": split,
        "overrides": change or [],
        "folder": output,
        "backend": backend,
        "precision": precision,
        "command": "affekt evaluate",
    }
    with progress("evaluating") as step:
        if subsets:
            _show_subsets(evaluate_subsets(network, on_batch=step, **options), json=json)
            return
        result = evaluate(
            network,
            groups=[name.strip() for name in groups.split(",") if name.strip()],
            on_batch=step,
            **options,
        )
    if json:
        as_json(result.to_dict())
        return
    rows = []
    for name, value in result.scores.items():
        low, high = result.intervals.get(name, (None, None))
        rows.append((name, value, f"{low:.3f} to {high:.3f}" if low is not None else ""))
    on = result.evaluated_on
    where = f" of {on.data}, {'all parts' if on.split == 'all' else on.split}" if on else ""
    as_table(
        ("score", "value", f"95 % interval over {result.interval_over or 'items'}"),
        rows,
        title=f"{counted(result.samples, 'sample')}{where}",
    )
    if result.decision:
        say(f"decision: {result.decision}")
    if result.interval_note:
        say(result.interval_note)
    columns = result.columns
    as_table(
        ("class", *columns.values()),
        [
            (one["class"], *("" if one[name] is None else one[name] for name in columns))
            for one in result.per_class
        ],
    )
    for grouping in result.groups:
        show_groups(grouping)
    if result.localization:
        as_table(
            ("temporal IoU or label", "average precision"),
            list(result.localization.items()),
            title="segments with high attention against annotated events",
        )
    if renamed := renamed_labels(result.label_map):
        say(renamed)
    for note in result.notes:
        say(note)
    if result.label_hint:
        say(result.label_hint)
    for text in skip_lines(result.skipped):
        say(text)
    for text in on.warnings if on else ():
        say(f"warning: {text}")
    say(f"figures and predictions: {result.folder}")
    if (network / "recipe.toml").is_file():
        root = repeated("--data-root", data_root, variable="AFFEKT_DATA") if data is None else []
        say(f"next: {line('affekt', 'export', network, *root)}")


def _show_subsets(results: dict[str, Evaluation], *, json: bool) -> None:
    """A row for each subset, a column for each score."""
    from affekt.evaluation.result import renamed_labels

    if json:
        as_json({name: one.to_dict() for name, one in results.items()})
        return
    scores = list(next(iter(results.values())).scores)
    rows = [
        (name, one.samples, *(one.scores.get(score) for score in scores)) for name, one in results.items()
    ]
    as_table(("modalities", "samples", *scores), rows, title="every subset of the modalities")
    for name, one in results.items():
        for text in skip_lines(one.skipped):
            say(f"{name}: {text}")
    if renamed := renamed_labels(next(iter(results.values())).label_map):
        say(renamed)
    say(f"figures and predictions: {next(iter(results.values())).folder.parent}")
