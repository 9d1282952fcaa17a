"""`affekt bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, say
from affekt.core.errors import UsageError
from affekt.core.files.output import check_file
from affekt.deploy.backends.names import Backend, Precision


def command(
    bundle: Annotated[
        Path | None, typer.Argument(help="A bundle: the folder or .affekt file that affekt export wrote.")
    ] = None,
    backend: Annotated[
        Backend,
        typer.Option(help="Engine that computes the bundle; auto: the faster one, measured once."),
    ] = "auto",
    precision: Annotated[
        Precision, typer.Option(help="bf16 is faster and less exact; openvino only.")
    ] = "f32",
    file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="A real input, through its real decoder, whose time is shown apart. Default: random arrays "
            "of the bundle's shapes.",
        ),
    ] = None,
    threads: Annotated[
        list[int] | None, typer.Option(min=1, help="Processor cores; repeatable. Default: 1 and all.")
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Rows of a batch, for long video cells of one medium; repeatable. Default: 1, 8 and 32, or "
            "16, 128 and 512 cells.",
        ),
    ] = None,
    limit_s: Annotated[
        float, typer.Option(min=1, help="Seconds for all measurements; what does not fit is skipped.")
    ] = 90,
    save: Annotated[Path | None, typer.Option(help="Write the report as JSON, to be compared later.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Compare two saved reports of machines or versions, in place of measuring."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure the speed and memory of a bundle on this machine.

    Latency, throughput, memory and the time to the first answer, by threads and batch size, within a time
    limit. Nothing else should run meanwhile.

    Example: affekt bench faces.affekt --input face.png --save before.json

    Example: affekt bench --compare before.json after.json
    """
    from affekt.cli.speed.tables import show_comparison, show_report

    if (bundle is None) == (compare is None):
        raise UsageError("give a bundle to measure, or --compare A.json B.json")
    if compare is not None:
        from affekt.deploy.bench.compare import compare as compare_reports
        from affekt.deploy.bench.report import read_report

        given = {"--input": file, "--threads": threads, "--batch": batch, "--save": save}
        if wrong := [name for name, value in given.items() if value]:
            raise UsageError(f"{', '.join(wrong)} measures: leave it out with --compare")
        found = compare_reports(*map(read_report, compare))
        if json:
            as_json({"rows": [row._asdict() for row in found.rows], "notes": found.notes})
        else:
            show_comparison(found, *map(str, compare))
        return
    from affekt.deploy.bench.bench import bench

    assert bundle is not None
    if save is not None:
        check_file(save, makes_folders=False)  # before a minute of work
    report = bench(
        bundle,
        backend=backend,
        precision=precision,
        file=file,
        threads=threads or (),
        sizes=batch or (),
        limit_s=limit_s,
        on_step=lambda text: say(f"measuring: {text}"),
    )
    if save is not None:
        report.save(save)
    if json:
        as_json(report.model_dump(mode="json"))
    else:
        show_report(report)
    if save is not None:
        say(f"report: {save}")
