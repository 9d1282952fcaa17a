"""VAANet and CTEN as published, in all engines, and two ways of CTEN's erasing: `make clip-benchmarks`.

    python benchmarks/clips.py [--methods vaanet cten] [--threads 1 2] [--seconds 600] [--gigabytes 4]

Weights are random: trained ones cannot be published here, and speed does not depend on them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from limits import Doing, Limits
from timing import as_table, in_turns, machine, repeats_for, write_report

from affekt.core import catalog
from affekt.core.sample import Sample
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph, random_batch
from affekt.engine.network import eager_network
from affekt.invented.moving_shapes.corpus import MovingShapesOptions, read
from affekt.media.video import open_video
from affekt.media.video.snippets import as_clips, sample_snippets, snippets_of
from affekt.media.video.views import draw_view
from affekt.media.video.write import write_clip
from affekt.methods.cten.config import CTENConfig
from affekt.methods.cten.erasing import choose_windows, kept_frames
from affekt.methods.cten.objective import gather
from affekt.methods.cten.preprocess import CTENPreprocess
from affekt.parity.case import draw_tensor

OUTPUT = Path(__file__).parent / "results" / "clips.md"
METHODS = ("vaanet", "cten")
BUDGET_S = 60.0
ERASING_SHARE = 0.2  # of the time
SECONDS, RATE_HZ, PIXELS = 30, 25.0, 240  # of the clip that is erased


def engine_rows(method: str, threads: int, end: float) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each engine of one network, one clip at a time.

    Args:
        end: When this has to be done, by `time.monotonic`.
    """
    entry = catalog.method(method)
    config = entry.make_config({})
    spec = entry.load("preprocess")(config).spec
    model = entry.load("model")(config).eval()
    # Random as in the parity cases: with initial weights, activations grow until precision is lost.
    drawn = {
        key: torch.from_numpy(draw_tensor(key, tuple(value.shape), str(value.dtype)[6:], 0))
        for key, value in model.state_dict().items()
    }
    model.load_state_dict(drawn)
    yield Doing("the graph")
    graph = make_graph(model, spec)
    batch = random_batch(spec, 1, seed=1)
    torch.set_num_threads(threads)
    make = partial(graph_network, graph, threads=threads)
    yield Doing("opening the engines")
    ways = {
        "PyTorch eager, f32": eager_network(model),
        "ONNX Runtime, f32": make(),
        "OpenVINO, f32": make(backend="openvino"),
        "OpenVINO, bf16": make(backend="openvino", precision="bf16"),
    }
    yield Doing("calls in turn")
    answers = {name: network(batch) for name, network in ways.items()}
    expected = answers["PyTorch eager, f32"]
    calls = {name: partial(network, batch) for name, network in ways.items()}
    budget_s = min(BUDGET_S, (end - time.monotonic()) / 2)
    repeats = repeats_for(calls["PyTorch eager, f32"], budget_s=budget_s / len(ways), most=20)
    for name, timed in in_turns(calls, repeats).items():
        drift = f"{np.abs(answers[name] - expected).max():.0e}"
        title = f"{entry.card.title}, {threads} thread{'s' * (threads > 1)}"
        yield (title, name, f"{timed.seconds:.2f} s", f"{timed.ratio:.1f}x", drift)


def erasing_rows() -> list[tuple[str, ...]]:
    """Time of the second and third pass over a clip: gathered from decoded windows, or decoded again."""
    torch.set_num_threads(1)
    config = CTENConfig(streams="video")
    visual = config.visual
    options = MovingShapesOptions.model_validate(
        {"pixels": PIXELS, "frames_per_clip": int(SECONDS * RATE_HZ), "rate_hz": RATE_HZ, "clips": 24}
    )
    media = read(Path(), options).samples[0].media
    kept = np.arange(visual.segments) % 4 != 0
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = write_clip(Path(folder) / "clip.mp4", media["video"], None)
        sample = Sample(id="clip", media={"video": path})
        view = CTENPreprocess(config)(sample, rng=rng)
        windows = torch.from_numpy(view["windows"])[None]
        count = int(view["frames"])

        def by_gathering() -> None:
            for erased in (kept, ~kept):
                chosen = choose_windows(
                    erased, view["window_frames"], count, length=visual.snippet_frames, draw=draw
                )
                gather(windows, torch.from_numpy(chosen)[None])

        def by_decoding() -> None:
            for erased in (kept, ~kept):
                frames = kept_frames(erased, count)
                numbers = sample_snippets(
                    frames, segments=visual.segments, length=visual.snippet_frames, draw=draw
                )
                as_clips(snippets_of(open_video(path), visual, numbers, draw_view(visual.augment, rng)))

        def draw(highest: int) -> int:
            return int(rng.integers(highest + 1))

        def first_pass(windows: int) -> None:
            fewer = config.model_copy(update={"visual": visual.model_copy(update={"windows": windows})})
            CTENPreprocess(fewer)(sample, rng=rng)

        timed = in_turns({"decoded again": by_decoding, "gathered": by_gathering}, 7)
        passes = in_turns({"one": partial(first_pass, 1), "three": partial(first_pass, visual.windows)}, 7)
    again, gathered = timed["decoded again"], timed["gathered"]
    one, three = passes["one"], passes["three"]
    before, after = one.seconds + again.seconds, three.seconds + gathered.seconds
    return [
        ("second and third pass, decoded again", again.milliseconds, ""),
        ("second and third pass, gathered", gathered.milliseconds, f"{gathered.ratio:.0f}x"),
        ("first pass, one window per segment", one.milliseconds, ""),
        (f"first pass, {visual.windows} windows per segment", three.milliseconds, ""),
        (
            "all three passes: decoded again / gathered",
            f"{before * 1e3:.0f} ms / {after * 1e3:.0f} ms",
            f"{before / after:.1f}x",
        ),
    ]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    erasing = limits.run("erasing", erasing_rows, end=limits.end(ERASING_SHARE))
    rows: list[tuple[str, ...]] = []
    pairs = [(method, count) for method in options.methods for count in options.threads]
    for place, (method, count) in enumerate(pairs):
        end = limits.end(1 / (len(pairs) - place))
        what = f"{method}, {count} thread{'s' * (count > 1)}"
        rows += limits.run(what, partial(engine_rows, method, count, end), end=end)
    write_report(
        options.output,
        [
            "# Clips: engines, and erasing",
            "",
            f"{machine()} onnxruntime {version('onnxruntime')}, openvino {version('openvino')}. "
            "Medians of alternating calls; ratios are medians within a round. Random weights.",
            "",
            "## One clip of published size",
            "",
            *as_table(("network", "engine", "one clip", "against eager", "largest change of a logit"), rows),
            "",
            f"## CTEN's training step: a clip of {SECONDS} s at {RATE_HZ:.0f} frames/s, {PIXELS} pixels",
            "",
            *as_table(("what", "median", "faster by"), erasing),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
