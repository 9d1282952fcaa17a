"""`affekt data prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.data import features as data_features
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.core.errors import ConfigError, UsageError
from affekt.core.recipe import options_from
from affekt.core.settings import validate
from affekt.core.wording import counted
from affekt.data.store.index import PrepareSettings

SHOWN = 5  # lines about broken clips
HEIGHT, NATIVE, SOUND_RATE_HZ, FORM = 240, "native", 44100, "video"  # defaults


def command(
    dataset: Annotated[str, typer.Argument(help="A data set of clips.")],
    output: Annotated[Path, typer.Option(help="Folder of the store: a new one, or one to continue.")],
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the data set: key=value.")
    ] = None,
    height: Annotated[
        int, typer.Option(help="Height of the stored frames in pixels; smaller frames are kept.")
    ] = HEIGHT,
    frame_rate: Annotated[str, typer.Option(help="Frames per second, or native: all frames.")] = NATIVE,
    sound_rate: Annotated[
        int, typer.Option(help="Samples per second of the stored sound, which is mono.")
    ] = SOUND_RATE_HZ,
    form: Annotated[
        str, typer.Option(help="video (H.264), or jpeg: 3 times the size, faster to read.")
    ] = FORM,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes. Default: one for each core.", min=0)
    ] = None,
    features: Annotated[
        list[Path] | None,
        typer.Option(
            help="Recipe of a network with a frozen encoder: a file or METHOD/NAME; repeatable. Its features "
            "are stored instead of clips, in the layout of the data set."
        ),
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option("--change", help="With --features: override one value, a.b=c.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="With --features: folder of weights that the network starts from; repeatable."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Store what training needs of each clip; training then takes the store as --data-root.

    A stopped preparation is continued. Clips that cannot be read are left out and listed in the index.

    Example: affekt data prepare clips --data-root DIR --output STORE

    Example: affekt data prepare tsl300 --data-root DIR --output OUT --features RECIPE.toml --weights I3D
    """
    of_clips = {
        "--height": height != HEIGHT,
        "--frame-rate": frame_rate != NATIVE,
        "--sound-rate": sound_rate != SOUND_RATE_HZ,
        "--form": form != FORM,
        "--workers": workers is not None,
    }
    of_features = {"--change": bool(change), "--weights": bool(weights)}
    if idle := [name for name, given in (of_clips if features else of_features).items() if given]:
        why = "has no effect with --features" if features else "needs --features"
        raise UsageError(f"{', '.join(idle)} {why}")
    if features:
        data_features.command(
            dataset,
            output,
            features,
            data_root=data_root,
            options=options_from(option or []),
            change=change or [],
            weights=weights or [],
            json=json,
        )
        return
    from affekt.data.prepare.prepare import prepare as make

    wanted = {"height": height, "frame_rate_hz": frame_rate, "sound_rate_hz": sound_rate, "form": form}
    settings, found = validate(
        PrepareSettings, wanted | ({"frame_rate_hz": None} if frame_rate == NATIVE else {})
    )
    if settings is None:
        raise ConfigError("data prepare", found)
    with progress("clips") as show:
        store = make(
            dataset,
            output,
            data_root=data_root,
            options=options_from(option or []),
            settings=settings,
            workers=workers,
            on_item=show,
        )
    broken = store.broken
    if json:
        as_json(
            {
                "path": str(store.path),
                "clips": len(store.entries) - len(broken),
                "prepared": store.fresh,
                "kept": store.kept,
                "bytes": store.bytes,
                "broken": [{"id": entry.id, "reason": entry.reason} for entry in broken],
            }
        )
        return
    for entry in broken[:SHOWN]:
        say(f"{entry.id}: {entry.reason}")
    if len(broken) > SHOWN:
        say(f"and {len(broken) - SHOWN} more, see {store.path / 'prepared.json'}")
    say(
        f"{store.path}: {counted(len(store.entries) - len(broken), 'clip')}, {store.bytes / 1e6:.1f} MB; "
        f"{store.fresh} new, {len(broken)} broken"
    )
