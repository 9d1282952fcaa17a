"""`affekt project baseline`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.cli.tables import as_table
from affekt.core.wording import counted


def command(
    project: ProjectFolder,
    version: Annotated[str, typer.Argument(help="A released version.")],
    part: Annotated[str, typer.Option(help="The part that is scored: validation or test.")] = "validation",
    figure: Annotated[Path | None, typer.Option(help="Draw scores and learning curve to this PNG.")] = None,
    json: AsJson = False,
) -> None:
    """Score majority, a probe for each modality and their fusion on a release, in seconds to minutes.

    Example: affekt project baseline news 1.0 --figure baseline.png
    """
    from affekt.core.errors import UsageError, check_installed
    from affekt.project.folder import Project
    from affekt.project.versions.release import RELEASES

    if part not in ("validation", "test"):
        raise UsageError(f"part {part!r}: validation or test")
    release = Project.open(project).path / RELEASES / version
    check_installed("sklearn", extra="train", needed_by="affekt project baseline")
    from affekt.project.baseline.figure import draw_baseline
    from affekt.project.baseline.run import run_baseline
    from affekt.report.save import check_figure

    if figure is not None:
        check_figure(figure)
    with progress("features") as show:
        found = run_baseline(release, part=part, on_item=show)
    if figure is not None:
        draw_baseline(found, figure)
    if json:
        as_json(asdict(found))
        return
    as_table(
        ("row", "accuracy", f"95 % interval over {found.over}", "weighted F1", "UAR"),
        [
            (row.name, row.accuracy, f"{row.low:.3f} to {row.high:.3f}", row.weighted_f1, row.uar)
            for row in found.rows
        ],
        title=f"{found.version}: {counted(found.train_items, 'item')} for training, "
        f"{found.items} in {found.part}",
    )
    as_table(
        ("items for training", "accuracy of one probe on all", "range over draws"),
        [(it.items, it.mean, f"{it.least:.3f} to {it.most:.3f}") for it in found.curve],
    )
    lacking = [f"{name} {share:.0%}" for name, share in found.present.items() if share < 1]
    if lacking:
        say(f"items that have a modality: {', '.join(lacking)}")
