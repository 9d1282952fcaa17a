"""`affekt compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.early import check_data_of, find_network
from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, progress, say
from affekt.cli.study.shown import show_tables
from affekt.core.errors import check_installed
from affekt.studies.networks import check_apart, check_rows, networks_of


def command(
    networks: Annotated[
        list[str],
        typer.Argument(
            help="Two or more runs or bundles. A name without its seed stands for all seeds and folds of a "
            "recipe, which are one row; so are several joined by commas."
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Another data set. Default: the data set of each network.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    split: Annotated[str, typer.Option(help="Part of the data, as in affekt evaluate.")] = "test",
    metric: Annotated[list[str] | None, typer.Option(help="A score to compare; repeatable.")] = None,
    against: Annotated[
        str,
        typer.Option(
            help="The network that others are tested against; all tests each pair. Default: the first."
        ),
    ] = "",
    common: Annotated[
        bool, typer.Option("--common", help="Compare on common items where test items differ.")
    ] = False,
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Score networks on the same items, and test their differences.

    Paired bootstrap intervals; McNemar's test for accuracy, a permutation for other scores and for items of
    one subject; Holm's correction. Each comparison is a look at the part, which the runs record.

    Example: affekt compare compact_face-images-3fa2 poster_v2-images-91c0 --data-root DIR
    """
    check_rows(networks, against)
    found = {row: networks_of(row, runs) for row in networks}
    check_apart(found)
    for path in (path for paths in found.values() for path in paths):
        check_data_of(find_network(path, runs), data, data_root)
    check_installed("sklearn", extra="train", needed_by="affekt compare")
    from affekt.studies.compare import compare_networks
    from affekt.studies.outcome.documents import summary_document
    from affekt.studies.outcome.shown import comparison_table, score_table

    summary = compare_networks(
        networks,
        runs=runs,
        data=data,
        data_root=data_root,
        split=split,
        metrics=metric or [],
        against=against,
        common=common,
        watch=lambda name: progress(f"evaluating {name}"),
    )
    if json:
        as_json(summary_document(summary))
        return
    tests = comparison_table(summary)
    show_tables((score_table(summary, "", link=""), *([tests] if tests.rows else [])))
    for note in summary.notes:
        say(note)
