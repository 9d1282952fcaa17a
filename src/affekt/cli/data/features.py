"""`affekt data prepare --features`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.cli.early import check_data, check_weights
from affekt.cli.show import as_json, progress, say
from affekt.core.errors import check_installed
from affekt.core.wording import counted

SHOWN = 5  # lines about broken videos, and lines about videos with notes


def command(
    dataset: str,
    output: Path,
    recipe: Sequence[Path],
    *,
    data_root: Path | None,
    options: Mapping[str, Any],
    change: Sequence[str],
    weights: Sequence[Path],
    json: bool,
) -> None:
    """Store the features of a data set's videos that the frozen encoder of a recipe computes."""
    from affekt.core.recipe import Recipe

    checked = Recipe.load(recipe, change)
    check_installed("lightning", extra="train", needed_by="affekt data prepare --features")
    check_data(dataset, data_root)
    check_weights(weights)
    from affekt.engine.features.extract import extract

    with progress("videos") as show:
        done = extract(
            checked,
            dataset,
            output,
            data_root=data_root,
            options=options,
            weights=weights,
            on_item=show,
        )
    broken, noted = done.broken, done.noted
    if json:
        as_json(
            {
                "path": str(done.path),
                "videos": len(done.entries) - len(broken),
                "extracted": done.fresh,
                "kept": done.kept,
                "bytes": done.bytes,
                "width": done.width,
                "broken": [{"id": entry.id, "reason": entry.reason} for entry in broken],
                "notes": [{"id": entry.id, "notes": entry.notes} for entry in noted],
            }
        )
        return
    for kind, lines in (
        ("broken", [f"{entry.id}: {entry.reason}" for entry in broken]),
        ("noted", [f"{entry.id}: {'; '.join(entry.notes)}" for entry in noted]),
    ):
        for line in lines[:SHOWN]:
            say(line)
        if len(lines) > SHOWN:
            say(f"and {len(lines) - SHOWN} more are {kind}, see {done.path / 'features.jsonl'}")
    say(
        f"{done.path}: features of {counted(len(done.entries) - len(broken), 'video')}, "
        f"{done.bytes / 1e6:.1f} MB; {done.fresh} new, {len(broken)} broken"
    )
    if done.width:
        say(f"next: train without config.frames and with config.feature_width = {done.width}")
