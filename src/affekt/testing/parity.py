"""`python -m affekt.testing.parity METHOD CASE`: run a parity case and print one line for each output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from affekt.core.errors import AffektError
from affekt.parity.compare import compare


def main(
    method: Annotated[str, typer.Argument(help="Name of a method, as in bpm-gcn.")],
    case: Annotated[Path, typer.Argument(help="A case file.")],
    keys: Annotated[
        Path | None, typer.Option(help="Key list; by default keys.json in the folder of the case.")
    ] = None,
) -> None:
    """Run one parity case; exit code 1 if any output differs."""
    try:
        results = compare(method, case, keys)
    except AffektError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    for result in results:
        shape = "x".join(str(size) for size in result.expected.shape) or "scalar"
        verdict = "ok" if result.ok else "FAIL"
        if result.ok and result.for_information:
            verdict = "for information"
        differences = f"max abs {result.max_abs:.3e}  max rel {result.max_rel:.3e}"
        typer.echo(f"{result.name:28} {shape:>14}  {differences}  {verdict}")
    failed = sum(not result.ok for result in results)
    if failed or not results:
        typer.echo(f"{failed} of {len(results)} outputs differ", err=True)
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
