"""Fixtures of several tests: small trained runs, their bundles, and media files."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

import affekt
from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.testing.quick_exports import remember_graphs

SHARED = Path(__file__).parents[1].parent / "shared"

TINY = {
    "method": "bpm_gcn",
    "data": {"name": "walkers", "options": {"walkers": 12, "walks_per_emotion": 1}},
    "config": {"width": 8, "depths": [1, 1, 1], "clip_frames": 24, "normalise": True},
    "optimizer": {"name": "adamw", "lr": 3e-3},
    "train": {"epochs": 2, "batch_size": 16, "threads": 1},
}
LONG = {
    "method": "tsl_net",
    "data": {
        "name": "long_shapes",
        "options": {"videos": 8, "subjects": 4, "shortest_s": 30.0, "longest_s": 40.0, "pixels": 32},
    },
    "config": {
        "frames": {
            "encoder": "resnet_3d",
            "height": 32,
            "size": 32,
            "blocks": [1, 1, 1, 1],
            "stem": 4,
            "freeze": False,  # so that no weights are needed
        },
        "audio_widths": [4, 8],
        "align": 16,
        "hidden": 32,
    },
    "optimizer": {"name": "adam", "lr": 1e-2},
    "selection": {"metric": "map"},
    "train": {"epochs": 4, "batch_size": 1, "accumulate": 3, "threads": 1},
}
CLIPS = {"clips": 24, "pixels": 32, "frames_per_clip": 24, "sound_rate_hz": 16000}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of parity cases and real data beside the project; tests are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("../shared is missing: its parity cases and real data are not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def jittor():
    """Jittor, set up and compiled; tests are skipped without it, with what is missing."""
    from affekt.deploy.backends.jittor.home import jittor_home
    from affekt.deploy.backends.jittor.problems import is_compiled, problems

    home = jittor_home()
    if found := problems(home):
        pytest.skip(f"Jittor is not set up (make jittor): {found[0].what}")
    if not is_compiled(home):
        pytest.skip("Jittor is not compiled yet (make jittor)")
    return home


@pytest.fixture(scope="session", autouse=True)
def quick_exports():
    """Exports of one process trace equal networks once."""
    with pytest.MonkeyPatch.context() as patch:
        remember_graphs(patch)
        yield


@pytest.fixture(scope="session")
def warm():
    """A function that runs a command of affekt in a folder, in a fork of a process that imports first.

    It takes arguments, a folder and what `warm.forked` takes, and returns what that returns. The command's
    output is appended to the file beside the folder that ends in `.log`.
    """
    if not hasattr(os, "fork"):
        pytest.skip("commands are forked from a warm process")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("warm.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(affekt.__file__).parents[1]), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip

    def run(arguments, folder, **options):
        job = {"arguments": [*map(str, arguments)], "folder": str(folder), "log": f"{folder}.log", **options}
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield run
    process.communicate()


@pytest.fixture(scope="session")
def run_tiny():
    """A function that trains a tiny network in a folder, with changes to its recipe."""
    from affekt.engine.train import train

    def run(folder, *, data_root=None, **changes):
        values = {**TINY, **changes, "train": {**TINY["train"], **changes.get("train", {})}}
        return train(Recipe.from_values(values), data_root=data_root, runs=folder, progress=False)

    return run


@pytest.fixture(scope="session")
def trained_run(run_tiny, tmp_path_factory):
    """Folder of a finished run."""
    return run_tiny(tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="session")
def bundle(trained_run, tmp_path_factory):
    """Folder of the run's bundle. Tests that use it share one process: exporting takes a while."""
    from affekt.deploy.export.export import export

    return export(trained_run, tmp_path_factory.mktemp("bundles") / "walks.affekt").bundle


@pytest.fixture
def walks(tmp_path):
    """A folder with three walks as npz files."""
    folder = tmp_path / "walks"
    folder.mkdir()
    for number, sample in enumerate(open_dataset("walkers").samples[:3]):
        walk = sample.media["skeleton"]
        np.savez(folder / f"walk{number}.npz", positions=walk.positions, joints=np.array(walk.joints))
    return folder


@pytest.fixture(scope="session")
def face_run(run_tiny, tmp_path_factory):
    """Folder of a finished run on drawn faces."""
    return run_tiny(
        tmp_path_factory.mktemp("runs"),
        method="compact_face",
        data={"name": "drawn_faces", "options": {"people": 12, "faces_per_emotion": 1, "size": 48}},
        config={"size": 24, "width": 8, "units": 1},
    ).path


@pytest.fixture(scope="session")
def face_bundle(face_run, tmp_path_factory):
    """Folder of the bundle of that run."""
    from affekt.deploy.export.export import export

    return export(face_run, tmp_path_factory.mktemp("bundles") / "faces.affekt").bundle


@pytest.fixture(scope="session")
def clip_run(run_tiny, tmp_path_factory):
    """Folder of a finished run of an audiovisual network on moving shapes."""
    return run_tiny(
        tmp_path_factory.mktemp("runs"),
        method="vaanet",
        data={"name": "moving_shapes", "options": CLIPS},
        config=catalog.method("vaanet").card.tiny,
        train={"epochs": 1, "batch_size": 8},
    ).path


@pytest.fixture(scope="session")
def clip_bundle(clip_run, tmp_path_factory):
    """Folder of the bundle of that run. Tests that use it share one process, "clips"."""
    from affekt.deploy.export.export import export

    return export(clip_run, tmp_path_factory.mktemp("bundles") / "clips.affekt").bundle


@pytest.fixture(scope="session")
def clip_files(tmp_path_factory):
    """A folder with three clips with sound, of 16, 24 and 36 frames at 12 fps. Not to be changed."""
    from affekt.media.video.write import write_clip

    folder = tmp_path_factory.mktemp("clips")
    for number, frames in enumerate((16, 24, 36)):
        options = {**CLIPS, "frames_per_clip": frames}
        media = open_dataset("moving_shapes", None, options).samples[number].media
        write_clip(folder / f"clip{number}.mp4", media["video"], media["audio"])
    return folder


@pytest.fixture(scope="session")
def talks(tmp_path_factory):
    """A folder with twelve dialogues, whose words show their labels. Not to be changed."""
    words = {
        "happy": ("lovely", "great", "sun"),
        "sad": ("awful", "alas", "rain"),
        "neutral": ("well", "day"),
    }
    rng = np.random.default_rng(0)
    rows = ["dialogue,turn,speaker,text,label,split"]
    for talk in range(12):
        for turn in range(6):
            label = str(rng.choice(list(words)))
            text = " ".join(rng.choice(words[label], rng.integers(1, 4)))
            part = "train" if talk < 8 else "validation"
            rows.append(f"{talk},{turn},{'Ann' if turn % 2 else 'Ben'},{text},{label},{part}")
    root = tmp_path_factory.mktemp("talks")
    (root / "talks.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="session")
def line_run(run_tiny, talks, tmp_path_factory):
    """Folder of a finished run of a network that reads lines with two turns before them."""
    return run_tiny(
        tmp_path_factory.mktemp("runs"),
        method="spcl",
        data={"name": "dialogues"},
        config={**catalog.method("spcl").card.tiny, "context": {"tokens": 24, "turns": 2}},
        optimizer={"name": "adamw", "lr": 1e-2},
        data_root=talks,
    ).path


@pytest.fixture(scope="session")
def line_bundle(line_run, tmp_path_factory):
    """Folder of the bundle of that run. Tests that use it share one process, "words"."""
    from affekt.deploy.export.export import export

    return export(line_run, tmp_path_factory.mktemp("bundles") / "lines.affekt").bundle


@pytest.fixture(scope="session")
def run_long():
    """A function that trains a tiny network for long video in a folder, with changes to its recipe."""
    from affekt.engine.train import train

    def run(folder, *, resume=False, **changes):
        merged = {
            name: {**LONG.get(name, {}), **value} if isinstance(value, dict) else value
            for name, value in changes.items()
        }
        recipe = Recipe.from_values({**LONG, **merged})
        return train(recipe, runs=folder, resume=resume, progress=False)

    return run


@pytest.fixture(scope="session")
def long_run(run_long, tmp_path_factory):
    """Folder of a finished run of a localization network on long shapes."""
    return run_long(tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="session")
def long_bundle(long_run, tmp_path_factory):
    """Folder of the bundle of that run. Tests that use it share one process, "long"."""
    from affekt.deploy.export.export import export

    return export(long_run, tmp_path_factory.mktemp("bundles") / "long.affekt").bundle


@pytest.fixture(scope="session")
def bundle_without_threshold(long_bundle, tmp_path_factory):
    """The same without a score threshold: it reports all detections, since a tiny network scores low."""
    from affekt.core.files.sealed import read_sealed, write_sealed

    sealed = read_sealed(long_bundle, kind="bundle")
    calibration = {**sealed.document["calibration"], "segment_threshold": None}
    folder = tmp_path_factory.mktemp("bundles") / "no-threshold.affekt"
    with write_sealed(folder, {**sealed.document, "calibration": calibration}) as work:
        for name in sealed.files:
            (work / name).write_bytes(sealed.read(name))
    return folder


@pytest.fixture(scope="session")
def long_file(tmp_path_factory):
    """A function that makes an MP4 with sound of a number of laps of 64 s, 20 cells each. Not to be changed.

    A lap is a video of long shapes; its packets are copied with later times, which is fast.
    """
    import av

    from affekt.media.video import VideoFrames
    from affekt.media.video.write import write_clip

    lap_s = 64.0  # as long as 1000 packets of sound
    folder = tmp_path_factory.mktemp("long")
    options = {**LONG["data"]["options"], "shortest_s": lap_s, "longest_s": lap_s, "rate_hz": 5.0}
    media = open_dataset("long_shapes", None, options).samples[0].media
    video = media["video"]
    frames = VideoFrames(video.read(range(len(video))), video.times_s, video.end_s)
    source = write_clip(folder / "lap.mp4", frames, media["audio"])

    def make(laps):
        path = folder / f"{laps}.mp4"
        if path.exists():
            return path
        with av.open(str(source)) as file, av.open(str(path), "w") as out:
            packets = []
            for stream in file.streams:
                copy = out.add_stream_from_template(stream)
                packets += [(packet, copy) for packet in file.demux(stream) if packet.size]
                file.seek(0)
            packets.sort(key=lambda item: item[0].dts * item[0].time_base)
            lap = [(packet, copy, packet.pts, packet.dts, packet.time_base) for packet, copy in packets]
            for turn in range(laps):
                for packet, copy, pts, dts, base in lap:
                    later = round(turn * lap_s / base)
                    packet.pts, packet.dts, packet.time_base = pts + later, dts + later, base
                    packet.stream = copy
                    out.mux(packet)
        return path

    return make


@pytest.fixture(scope="session")
def broken_sound_clip(clip_files, tmp_path_factory):
    """One of the clips with its compressed sound overwritten: it has a track that cannot be decoded."""
    import av

    source, path = clip_files / "clip1.mp4", tmp_path_factory.mktemp("broken-sound") / "clip.mp4"
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as file:
        places = [(packet.pos, packet.size) for packet in file.demux(audio=0) if packet.size]
    for start, size in places:
        content[start : start + size] = b"\xff" * size
    path.write_bytes(content)
    return path


@pytest.fixture(scope="session")
def huge_png():
    """A function that makes a PNG that is small on disk and states a large size in its header."""

    def make(width, height):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b""))
            + chunk(b"IEND", b"")
        )

    return make


@pytest.fixture
def listening():
    """An open local port, and the connections that it has accepted."""
    arrived, stop = [], threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)

        def accept():
            while not stop.is_set():
                try:
                    arrived.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], arrived
        stop.set()
        thread.join()


@pytest.fixture(scope="session")
def draw_picture():
    """A function that draws a small picture of noise with the brightness of a class; `number` is the seed."""
    from PIL import Image

    def draw(path, number, shade):
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([number, shade])
        pixels = rng.integers(0, 60, (16, 16, 3)) + 60 * shade
        Image.fromarray(pixels.astype(np.uint8)).save(path)

    return draw


@pytest.fixture(scope="session")
def draw_folder(draw_picture):
    """A function that draws class folders below folders of parts; `first` is the seed of the first one."""

    def draw(root, parts, *, first=0):
        for place, (part, count) in enumerate(parts.items()):
            for shade, name in enumerate(("angry", "happy", "sad")):
                for number in range(count):
                    path = root / part / name / f"{number}.png"
                    draw_picture(path, first + 100 * place + number, shade)
        return root

    return draw


@pytest.fixture(scope="session")
def picture_recipe():
    """A function that makes the recipe of a tiny network on pictures of three classes, with changes."""

    def recipe(**changes):
        values = {
            "method": "compact_face",
            "data": {"name": "images"},
            "config": {"num_classes": 3, "size": 16, "width": 4, "units": 1},
            "optimizer": {"name": "adamw", "lr": 1e-3},
            "train": {"epochs": 2, "batch_size": 8, "threads": 1},
        }
        return Recipe.from_values(values | changes)

    return recipe


@pytest.fixture(scope="session")
def pictures(draw_folder, tmp_path_factory):
    """A folder of 18 training and 9 test pictures. Not to be changed."""
    return draw_folder(tmp_path_factory.mktemp("pictures"), {"train": 6, "test": 3})


@pytest.fixture(scope="session")
def picture_runs(pictures, picture_recipe, tmp_path_factory):
    """A folder of runs with one finished run on the pictures. Not to be changed."""
    from affekt.engine.train import train

    folder = tmp_path_factory.mktemp("runs")
    train(picture_recipe(), data_root=pictures, runs=folder, progress=False)
    return folder


@pytest.fixture
def begun(picture_runs, tmp_path):
    """A copy of these runs in which the run has all its epochs but no result yet."""
    copy = tmp_path / "runs"
    shutil.copytree(picture_runs, copy, symlinks=True)
    next(copy.rglob("result.json")).unlink()
    return copy


@pytest.fixture
def changed(pictures, tmp_path):
    """A copy of the pictures, to be changed."""
    return Path(shutil.copytree(pictures, tmp_path / "changed"))


@pytest.fixture(scope="session")
def bench_jobs(tmp_path_factory):
    """A function that does the jobs of `affekt bench` in this process: their lines by the job's name."""
    from affekt.deploy.bench import child

    def jobs(bundle, *, file=None, size=2):
        arrays = tmp_path_factory.mktemp("bench") / "inputs.npz"
        job = {"bundle": str(bundle), "backend": "onnxruntime", "precision": "f32", "arrays": str(arrays)}
        job |= {"file": str(file) if file else None, "begun": 0.0, "expected": 1, "size": size}
        job |= {"sizes": [size], "pairs": [(1, size)], "seconds": 0.0, "turns": 1}
        lines = {name: [] for name in child.JOBS}
        for name, do in child.JOBS.items():
            if name != "read" or file:
                do(job | {"by_cells": lines["probe"] and lines["probe"][0]["by_cells"]}, lines[name].append)
        return lines

    return jobs


@pytest.fixture
def make_report():
    """A function that makes a report of `affekt bench`, with changes such as `machine__cores=4`."""

    from affekt.deploy.bench.report import BenchReport

    def make(**changes):
        values = {
            "bundle": {
                "method": "compact_face",
                "task": "single_label",
                "modality": "image",
                "precision": "f32",
                "weights_sha256": "aa",
                "version": "bb",
            },
            "machine": {"processor": "One", "cores": 2, "instruction_sets": ("avx2",)},
            "versions": {"affekt": "1"},
            "settings": {
                "backend": "auto",
                "precision": "f32",
                "engine": "onnxruntime f32",
                "threads": (1, 2),
                "sizes": (1,),
                "unit": "rows",
                "limit_s": 90.0,
                "warm_up": 2,
            },
            "input": {"rows": {"image": (1, 24, 24)}},
            "first_answer": {
                "engine": "onnxruntime f32",
                "import_s": 0.2,
                "load_s": 0.1,
                "run_s": 0.1,
                "total_s": 0.4,
                "peak_bytes": 90_000_000,
                "processes": 3,
            },
            "latency": [
                {
                    "threads": n,
                    "size": 1,
                    "calls": 30,
                    "median_s": 0.004 / n,
                    "p95_s": 0.005,
                    "per_s": 250.0 * n,
                }
                for n in (1, 2)
            ],
            "memory": [{"size": 1, "peak_bytes": 100_000_000}],
            "work": [{"size": 1, "multiply_adds": 1000}],
            "product": [{"threads": 1, "multiply_adds_per_s": 1e9}],
            "busy": 0.1,
            "skipped": [],
            "seconds": 9.0,
        }
        for name, value in changes.items():
            *path, last = name.split("__")
            place = values
            for part in path:
                place = place[part]
            place[last] = value
        return BenchReport.model_validate(values)

    return make
