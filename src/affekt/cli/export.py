"""`affekt export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.next_step import line
from affekt.cli.show import AsJson, as_json, say
from affekt.core.errors import require


def command(
    run: Annotated[Path, typer.Argument(help="A run folder, or a checkpoint that convert made.")],
    to: Annotated[str, typer.Option(help="Target: onnx.")] = "onnx",
    output: Annotated[
        Path | None, typer.Option(help="Folder of the bundle; RUN/bundle if not given.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Convolutions in eight bits, if the score falls a point at most.")
    ] = False,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Data for the gates and for int8.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write the best epoch of a run as a bundle, if its answers agree with PyTorch's.

    Example: affekt export runs/.../0f6cf0c3--0 --output walks.affekt
    """
    require("onnxscript", extra="train", needed_by="affekt export")
    from affekt.deploy.export.export import export

    done = export(run, output, to=to, int8=int8, data_root=data_root)
    if json:
        as_json({**vars(done), "bundle": str(done.bundle)})
        return
    say(f"largest difference of a logit from PyTorch: {done.max_difference:.1e} ({done.gate})")
    if done.int8:
        before, after = (done.int8[when]["accuracy"] for when in ("before", "after"))
        say(f"accuracy in int8: {after:.3f}, {before:.3f} before ({done.int8['samples']} validation samples)")
    say(f"{done.bundle}: {done.bytes / 1e6:.1f} MB, in {done.seconds:.0f} s")
    say(f"next: {line('affekt', 'predict', done.bundle)} INPUT")
