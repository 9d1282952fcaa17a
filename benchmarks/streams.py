"""An hour of video through VAANet, CTEN and TSL-Net: shares of decoding and computing, and reading ahead.

    python benchmarks/streams.py [--laps 120] [--seconds 600] [--gigabytes 4]

The clip is one lap of 30 s whose packets are copied, with a keyframe each 2 s. VAANet and CTEN read the
middle of each segment of a clip, whatever its length; TSL-Net reads every frame. Its encoder has the size of
the tests, as published features are made elsewhere: its shares hold for that encoder only. Weights are
random.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import av
import numpy as np
import psutil
import torch
from limits import Doing, Limits
from timing import as_table, in_turns, machine, write_report
from video import write_clip

from affekt.core import catalog
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph, make_graphs
from affekt.tasks.localization import cells

OUTPUT = Path(__file__).parent / "results" / "streams.md"
LAP_S, HEIGHT = 30, 240
ROUNDS = 3
POLL_S = 0.05
Row = tuple[str, ...]


def write_long(folder: Path, laps: int) -> Path:
    """A clip of `laps` laps, without encoding them anew."""
    lap, path = folder / "lap.mp4", folder / "long.mp4"
    write_clip(lap, LAP_S, HEIGHT, "keyint=60:scenecut=0:bframes=0")
    with av.open(str(lap)) as file, av.open(str(path), "w") as out:
        stream = file.streams.video[0]
        copy = out.add_stream_from_template(stream)
        packets = [(one, one.pts or 0, one.dts or 0) for one in file.demux(stream) if one.size]
        assert stream.time_base is not None, "a video of MP4 has a time base"
        for turn in range(laps):
            for packet, pts, dts in packets:
                later = round(turn * LAP_S / stream.time_base)
                packet.pts, packet.dts, packet.stream = pts + later, dts + later, copy
                out.mux(packet)
    return path


def clip_rows(method: str, path: Path) -> Iterator[Row | Doing]:
    """Decoding and computing of one clip by a network of published size, on one thread."""
    entry = catalog.method(method)
    config = entry.make_config({"streams": "video"})
    preprocess = entry.load("preprocess")(config)
    yield Doing("the graph")
    torch.manual_seed(0)
    graph = make_graph(entry.load("model")(config).eval(), preprocess.spec)
    sample = Sample("long", {"video": path})
    view = preprocess.views(sample)[0]
    batch = preprocess.spec.stack([view])
    calls = {"decoding": lambda: preprocess.views(sample)}
    for precision in ("f32", "bf16"):
        yield Doing(precision)
        network = graph_network(graph, backend="openvino", precision=precision, threads=1)
        calls[precision] = partial(network.outputs, batch)
    timed = in_turns(calls, ROUNDS, clock=time.process_time)
    decoding = timed.pop("decoding").seconds
    for precision, one in timed.items():
        share = decoding / (decoding + one.seconds)
        title = f"{entry.card.title}, OpenVINO {precision}"
        yield (title, f"{decoding:.2f} s", f"{one.seconds:.2f} s", f"{share:.0%}")


def as_they_come(items: Iterable[dict[str, np.ndarray]]) -> Iterator[dict[str, np.ndarray]]:
    """Without reading ahead, as it was before."""
    yield from items


def long_rows(path: Path) -> Iterator[Row | Doing]:
    """TSL-Net over every frame: decoding alone, and the whole with and without reading ahead."""
    entry = catalog.method("tsl_net")
    config = entry.make_config({**entry.card.tiny, "streams": "video", "num_classes": 2})
    preprocess, task = entry.load("preprocess")(config), find_task("localization")
    torch.manual_seed(0)
    yield Doing("the graph")
    model = entry.load("model")(config).eval()
    network = make_graphs(model, preprocess, task).network()
    sample = Sample("long", {"video": path})
    answers: dict[str, np.ndarray] = {}
    yield Doing("decoding")
    start, spent = time.perf_counter(), time.process_time()
    for _ in preprocess.parts(sample):
        pass
    took = time.perf_counter() - start, time.process_time() - spent
    yield ("decoding alone", f"{took[0]:.1f} s", f"{took[1]:.1f} s", "")
    ways = {"one after the other (before)": as_they_come, "decoding one part ahead": cells.one_ahead}
    for name, way in ways.items():
        yield Doing(name)
        with mock.patch.object(cells, "one_ahead", way), Growth() as growth:
            start, spent = time.perf_counter(), time.process_time()
            answers[name] = cells.cell_logits(sample, preprocess, network)
            took = time.perf_counter() - start, time.process_time() - spent
        yield (name, f"{took[0]:.1f} s", f"{took[1]:.1f} s", f"{growth.megabytes:.0f} MB")
    first, second = answers.values()
    np.testing.assert_array_equal(first, second)
    yield (f"answers of {len(first)} cells", "equal bit for bit", "", "")


class Growth:
    """Resident memory of this process: how much it grows inside, in MB."""

    def __enter__(self) -> Growth:
        self._process, self._done = psutil.Process(), threading.Event()
        self._before = self._most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def megabytes(self) -> float:
        """The largest value over the first."""
        return (self._most - self._before) / 1e6

    def _watch(self) -> None:
        while not self._done.wait(POLL_S):
            self._most = max(self._most, self._process.memory_info().rss)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--laps", type=int, default=120, help=f"of {LAP_S} s each")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        path = write_long(Path(name), options.laps)
        size = path.stat().st_size / 1e6
        long = limits.run("tsl_net", partial(long_rows, path), end=limits.end(0.5))
        for method in ("vaanet", "cten"):
            rows += limits.run(method, partial(clip_rows, method, path))
    minutes = options.laps * LAP_S / 60
    lines = [
        "# Decoding and computing of a long clip",
        "",
        f"Written by `python benchmarks/streams.py --laps {options.laps}`. {machine()} PyAV "
        f"{version('av')}, openvino {version('openvino')}. A clip of {minutes:g} minutes, {HEIGHT} rows, 30 "
        f"frames/s, {size:.0f} MB.",
        "",
        "## Networks of clips, published size: computing time on one thread, medians",
        "",
        *as_table(("network", "decoding", "computing", "share of decoding"), rows),
        "",
        "## Every frame: TSL-Net with a small encoder, ONNX Runtime, all threads",
        "",
        *as_table(("what", "time", "computing time", "growth of memory"), long),
        *limits.lines(),
    ]
    write_report(options.output, lines)
    limits.check()


if __name__ == "__main__":
    main()
