"""`affekt doctor jittor`."""

from __future__ import annotations

import time

import typer

from affekt.cli.show import as_json, say
from affekt.deploy.backends.jittor.home import jittor_home
from affekt.deploy.backends.jittor.problems import is_compiled, problems


def show_jittor(*, prepare: bool, json: bool) -> None:
    """Show what is missing and the commands that change it; exit code 1 if something is.

    Args:
        prepare: Compile Jittor if nothing is missing.
    """
    home = jittor_home()
    found = problems(home)
    seconds = 0.0
    if prepare and not found:
        seconds = _compile(quiet=json)
    facts = {
        "environment": str(home.environment),
        "kernels": str(home.kernels),
        "ready": not found,
        "compiled": is_compiled(home),
        "seconds": round(seconds, 1),
    }
    if json:
        as_json({**facts, "problems": [{"what": one.what, "fix": list(one.fix)} for one in found]})
    else:
        typer.echo(f"environment of Jittor: {home.environment} (AFFEKT_JITTOR)")
        typer.echo(f"compiled kernels: {home.kernels} (AFFEKT_JITTOR_CACHE)")
        for number, one in enumerate(found, 1):
            typer.echo(f"{number}. {one.what}")
            for line in one.fix:
                typer.echo(f"   {line}")
        if not found:
            typer.echo(_state(compiled=facts["compiled"], seconds=seconds))
    if found:
        raise typer.Exit(1)


def _compile(*, quiet: bool) -> float:
    """Start Jittor once, which compiles it; returns the seconds."""
    from affekt.deploy.backends.jittor.process import JittorProcess

    begin = time.perf_counter()
    if not quiet:
        say("starting Jittor, which compiles itself once: 3 to 5 minutes of two idle cores")
    JittorProcess(jittor_home()).end()
    return time.perf_counter() - begin


def _state(*, compiled: object, seconds: float) -> str:
    if seconds:
        return f"nothing is missing; started in {seconds:.0f} s"
    if compiled:
        return "nothing is missing"
    return "nothing is missing; compile it now with: affekt doctor jittor --prepare"
