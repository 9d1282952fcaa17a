"""VAANet and CTEN as published, in all engines, and two ways of CTEN's erasing: `make clip-benchmarks`.

    python benchmarks/clips.py [--methods vaanet cten] [--threads 1 2] [--graphs DIR]
        [--seconds 600] [--gigabytes 4]

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
from typing import NamedTuple

import numpy as np
import torch
from limits import Doing, Limits
from timing import Call, as_table, in_turns, machine, repeats_for, write_report
from torch import nn

from affekt.core import catalog
from affekt.core.answers.networks import Network
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec
from affekt.deploy.backends.network import GraphNetwork, graph_network
from affekt.deploy.bench.matrix_product import product_graph, product_input, product_multiply_adds
from affekt.deploy.bench.multiply_adds import network_multiply_adds
from affekt.deploy.export.convolutions import with_convolutions_in_8_bits
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
COLUMNS = ("network", "engine", "one clip", "against eager", "rate", "largest change of a logit")
EAGER, PRODUCT = "PyTorch eager, f32", "matrix product"
BUDGET_S = 60.0
ERASING_SHARE = 0.2  # of the time
SECONDS, RATE_HZ, PIXELS = 30, 25.0, 240  # of the clip that is erased


class Made(NamedTuple):
    """Files of one network's graphs."""

    whole: Path
    small: Path


def make_whole(method: str, file: Path) -> Iterator[Path]:
    """The graph of one network as a file, in a process of its own: making it holds GBs of memory."""
    model, spec = network_of(method)
    file.write_bytes(make_graph(model, spec))
    yield file


def make_small(method: str, whole: Path, file: Path) -> Iterator[Path]:
    """The same in int8."""
    entry = catalog.method(method)
    spec = entry.load("preprocess")(entry.make_config({})).spec
    batches = [random_batch(spec, 1, seed=5)]
    file.write_bytes(with_convolutions_in_8_bits(whole.read_bytes(), batches))
    yield file


TRIED = """
## What was tried

Computing time on one thread of a processor with AMX, by hand, not by this script.

- The first convolution of VAANet (3 channels, kernel 7 x 7 x 7, strides 1, 2, 2) has 40 % of the time in f32,
  half of it in bf16 and took 529 of 758 ms in int8. Written over 84 channels with a kernel of 1 x 4 x 4, the
  same answer, it took in OpenVINO 175 ms for 756 in int8, 301 for 527 in bf16, but 1163 for 634 in f32; in
  ONNX Runtime 391 for 2878 in int8 and 1608 for 1580 in f32. Kept for int8. The graph in floats serves
  f32 and bf16, so it stays as it is there.
- The same with blocks of pixels alone (12 channels, 7 x 4 x 4): OpenVINO 149 ms in int8, 889 in bf16, 1053 in
  f32; ONNX Runtime 1201 in int8. With moments alone (21 channels, 1 x 7 x 7): 353, 573, 1010; 648. Not kept.
- Sums of shortcuts and ReLU in 8 bits, without that: VAANet 681 ms for 834 in OpenVINO. Kept.
- Answers of convolutions rounded only where a node in 8 bits reads them: TSL-Net at T = 128 takes 24 ms for
  42, and its largest change of a logit is 0.02 for 0.09. Kept.
- NNCF 3.4 instead of ONNX Runtime's quantization: it left the first convolution in f32, the rest took about
  as long. Not kept.
- f32 of TSL-Net at T = 128: 97 % of the time in OpenVINO is in seven convolutions, which run at 35 of the
  48 G multiply-adds/s of a matrix product. At that rate it would be 1.8x eager PyTorch; layout changes take
  0.6 %. So 2x would need fewer multiply-adds.
- f32 of POSTER V2: convolutions 70 %, linear layers 27 %, at 40 of 48 G/s; layout changes and norms 1 %.
- Not tried: Winograd, 3D convolutions over one or two frames as 2D ones, fusing of heads. CTEN: not profiled.
"""


def network_of(method: str) -> tuple[nn.Module, InputSpec]:
    """A network of published size with random weights, and its inputs."""
    entry = catalog.method(method)
    config = entry.make_config({})
    model = entry.load("model")(config).eval()
    # Random as in the parity cases: with initial weights, activations grow until precision is lost.
    drawn = {
        key: torch.from_numpy(draw_tensor(key, tuple(value.shape), str(value.dtype)[6:], 0))
        for key, value in model.state_dict().items()
    }
    model.load_state_dict(drawn)
    return model, entry.load("preprocess")(config).spec


def engine_rows(method: str, made: Made, threads: int, end: float) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each engine of one network, one clip at a time.

    Args:
        end: When this has to be done, by `time.monotonic`.
    """
    yield Doing("the network")
    model, spec = network_of(method)
    batch = random_batch(spec, 1, seed=1)
    torch.set_num_threads(threads)
    yield Doing("opening the engines")
    make = partial(graph_network, made.whole.read_bytes(), threads=threads)
    ways: dict[str, Network] = {
        EAGER: eager_network(model),
        "ONNX Runtime, f32": make(),
        "OpenVINO, f32": make(backend="openvino"),
        "OpenVINO, bf16": make(backend="openvino", precision="bf16"),
    }
    if made.small.exists():  # it may have been skipped for its memory
        small = partial(graph_network, made.small.read_bytes(), threads=threads)
        ways |= {
            "ONNX Runtime, int8": small(),
            "OpenVINO, int8, rest f32": small(backend="openvino"),
            "OpenVINO, int8, rest bf16": small(backend="openvino", precision="bf16"),
        }
    yield Doing("counting multiply-adds")
    whole = ways["ONNX Runtime, f32"]
    assert isinstance(whole, GraphNetwork)
    counted = network_multiply_adds(whole, batch).total
    product = graph_network(product_graph(), threads=threads, backend="openvino")
    yield Doing("calls in turn")
    answers = {name: network(batch) for name, network in ways.items()}
    expected = answers[EAGER]
    calls: dict[str, Call] = {name: partial(network, batch) for name, network in ways.items()}
    calls[PRODUCT] = partial(product.outputs, product_input())
    budget_s = min(BUDGET_S, (end - time.monotonic()) / 2)
    repeats = repeats_for(calls[EAGER], budget_s=budget_s / len(ways), most=20)
    # On one thread, computing time: that of other programs on the machine does not count.
    clock = time.process_time if threads == 1 else time.perf_counter
    timed = in_turns(calls, repeats, clock=clock)
    peak = product_multiply_adds() / timed.pop(PRODUCT).seconds
    title = f"{catalog.method(method).card.title}, {threads} thread{'s' * (threads > 1)}"
    for name, one in timed.items():
        drift = f"{np.abs(answers[name] - expected).max():.0e}"
        rate = counted / one.seconds
        share = f"{rate / 1e9:.0f} G/s, {rate / peak:.0%}"
        yield (title, name, f"{one.seconds:.2f} s", f"{one.ratio:.1f}x", share, drift)


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
    parser.add_argument("--graphs", type=Path, help="folder of graphs that are made if they are not there")
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        made: dict[str, Made] = {}
        for method in options.methods:
            folder = options.graphs or Path(name)
            one = Made(folder / f"{method}.onnx", folder / f"{method}-int8.onnx")
            if not one.whole.exists():
                limits.run(f"{method}, graph", partial(make_whole, method, one.whole))
            if not one.whole.exists():
                continue
            made[method] = one
            if not one.small.exists():
                limits.run(f"{method}, graph in int8", partial(make_small, method, *one))
        pairs = [(method, count) for count in options.threads for method in made]
        for place, (method, count) in enumerate(pairs):
            end = limits.end((1 - ERASING_SHARE) / (len(pairs) - place))
            what = f"{method}, {count} thread{'s' * (count > 1)}"
            rows += limits.run(what, partial(engine_rows, method, made[method], count, end), end=end)
    erasing = limits.run("erasing", erasing_rows)
    write_report(
        options.output,
        [
            "# Clips: engines, and erasing",
            "",
            f"{machine()} onnxruntime {version('onnxruntime')}, openvino {version('openvino')}. "
            "Medians of alternating calls; ratios are medians within a round. Times on one thread are those "
            "of computing, without waiting for other programs. Random weights; int8 is calibrated on one "
            "random clip.",
            "",
            "## One clip of published size",
            "",
            *as_table(COLUMNS, rows),
            "",
            "Rate: multiply-adds of the network in f32, and their share of the rate of a large f32 matrix "
            "product in OpenVINO in the same rounds. bf16 and int8 have a higher limit than that: they can "
            "exceed it.",
            "",
            f"## CTEN's training step: a clip of {SECONDS} s at {RATE_HZ:.0f} frames/s, {PIXELS} pixels",
            "",
            *as_table(("what", "median", "faster by"), erasing),
            TRIED.rstrip(),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
