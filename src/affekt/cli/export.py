"""`affekt export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from affekt.cli.early import find_network
from affekt.cli.next_step import line
from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.core.errors import check_installed


def command(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run: its folder, its name (see affekt runs) or latest; or a converted checkpoint."
        ),
    ],
    to: Annotated[
        Literal["onnx", "jittor"],
        typer.Option(
            help="onnx; or jittor: the same bundle with the graph files that Jittor's importer reads."
        ),
    ] = "onnx",
    output: Annotated[Path | None, typer.Option(help="Folder of the bundle. Default: RUN/bundle.")] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="Convolutions, or a text encoder, in 8 bits, if the score falls by one point at most; "
            "calibrated on training samples.",
        ),
    ] = False,
    data_root: Annotated[
        Path | None,
        typer.Option(
            envvar="AFFEKT_DATA", help="Folder of the data set, for the checks before export and for int8."
        ),
    ] = None,
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Write the selected epoch of a run as a bundle, if its outputs agree with PyTorch.

    Example: affekt export latest --output walks.affekt
    """
    network = find_network(run, runs, kinds=("checkpoint",))
    check_installed("onnxscript", extra="train", needed_by="affekt export")
    from affekt.deploy.export.export import export

    done = export(network, output, to=to, int8=int8, data_root=data_root)
    if json:
        as_json({**vars(done), "bundle": str(done.bundle)})
        return
    say(f"largest difference from the logits of PyTorch: {done.max_difference:.1e} ({done.gate})")
    if done.int8:
        before, after = done.int8["before"], done.int8["after"]
        for name in before:  # the scores of the task's gate
            say(
                f"{name} in int8: {after[name]:.3f}, {before[name]:.3f} before "
                f"({done.int8['samples']} validation samples)"
            )
    say(f"{done.bundle}: {done.bytes / 1e6:.1f} MB, in {done.seconds:.0f} s")
    say(f"next: {line('affekt', 'predict', done.bundle)} INPUT")
