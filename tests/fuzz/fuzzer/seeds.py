"""Valid inputs of each reader, and how they are mutated."""

import hashlib
import io
import json
import os
import random
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affekt.starters.find import FOLDER as STARTERS
from fuzzer.mutate import (
    Mutate,
    mutate_bytes,
    mutate_json,
    mutate_lines,
    mutate_npy,
    mutate_text,
    mutate_zip,
    sealed_again,
    zipped,
)

BUNDLES = STARTERS
_BY_SUFFIX: dict[str, Mutate] = {
    ".json": mutate_json, ".jsonl": mutate_lines, ".toml": mutate_text, ".csv": mutate_text,
    ".tsv": mutate_text, ".txt": mutate_text, ".srt": mutate_text, ".vtt": mutate_text, ".npy": mutate_npy,
}  # fmt: skip


def mutation_of(name: str) -> Mutate:
    """The mutation of a file by its suffix."""
    if name.endswith(".npz"):
        return mutate_zip(mutation_of)
    return _BY_SUFFIX.get(Path(name).suffix, mutate_bytes)


@dataclass(frozen=True)
class Seed:
    """A valid file, or a folder of files.

    Attributes:
        name: Of the file or folder.
        files: Content by path below the folder; a single file has the path "".
        changed: Which of the files are mutated.
        is_sealed: Manifests get digests that fit, in most cases.
        is_zipped: The sealed folder is written as an archive.
    """

    name: str
    files: dict[str, bytes]
    changed: tuple[str, ...] = ()
    is_sealed: bool = False
    is_zipped: bool = False

    def write(self, folder: Path, rng: random.Random | None) -> Path:
        """A mutated copy below a folder; an exact one without random numbers."""
        files = dict(self.files)
        if rng:
            name = rng.choice(self.changed or tuple(files))
            files[name] = mutation_of(name or self.name)(files[name], rng)
        if rng and self.is_sealed and rng.random() < 0.8:
            files = _sealed(files)
        path = folder / self.name
        if self.is_zipped:
            content = zipped(files)
            path.write_bytes(mutate_bytes(content, rng) if rng and rng.random() < 0.4 else content)
        elif list(files) == [""]:
            path.write_bytes(files[""])
        else:
            for inner, content in files.items():
                (path / inner).parent.mkdir(parents=True, exist_ok=True)
                (path / inner).write_bytes(content)
        return path


def _sealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Sealed folders among the files with digests that fit; those whose manifest is no JSON object stay."""
    for name in [name for name in files if Path(name).name == "affekt.json"]:
        above = name.removesuffix("affekt.json")
        inner = {key.removeprefix(above): value for key, value in files.items() if key.startswith(above)}
        try:
            fitting = sealed_again(inner)
        except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
            continue
        files = files | {above + key: value for key, value in fitting.items()}
    return files


def one(name: str, content: bytes | str) -> Seed:
    """A seed of a single file."""
    return Seed(name, {"": content.encode() if isinstance(content, str) else content})


def folder_of(path: Path) -> dict[str, bytes]:
    """All files below a folder; links are followed."""
    found = [Path(above, name) for above, _, names in os.walk(path, followlinks=True) for name in names]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(found)}


def _npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _faces(**changes) -> list[Seed]:
    return [Seed("faces.affekt", folder_of(BUNDLES / "compact_face"), is_sealed=True, **changes)]


def _words(given: Path) -> list[Seed]:
    return [Seed("words.affekt", folder_of(BUNDLES / "compact_text"), is_sealed=True)]


def _runs(given: Path) -> list[Seed]:
    (run,) = [path.parent for path in (given / "runs").rglob("recipe.toml")]
    files = {
        name: content
        for name, content in folder_of(run).items()
        if not name.startswith(("events", "figures")) and not name.endswith((".png", ".html"))
    }
    return [Seed("run", files, is_sealed=True)]


_RECIPE = """method = "bpm_gcn"
seed = 3
data = {name = "walkers", options = {walkers = 12, walks_per_emotion = 1}}
config = {width = 8, depths = [1, 1, 1], clip_frames = 24, normalise = true}
optimizer = {name = "adamw", lr = 3e-3, betas = [0.9, 0.999], rates = {"head.*" = 2.0}}
schedule = {name = "step", milestones = [3, 5], factor = 0.5}
[train]
epochs = 2
batch_size = 16
"""
_PLAN = """recipe = ["base.toml"]
seeds = [0, 1]
[grid]
"optimizer.lr" = [1e-3, 1e-4]
width = {narrow = {set = {"config.width" = 8}}, wide = {set = {config = {width = 12}}}}
"""
_PROJECT = """title = "News"
labels = ["angry", "happy", "sad"]
label_names = {furious = "angry"}
"""


def _walks(given: Path) -> list[Seed]:
    with np.load(given / "walk.npz") as walk:
        arrays = dict(walk)
    return [
        one("walk.npz", _npz(**arrays)),
        one("poses.npz", _npz(poses=arrays["positions"][None], joints=arrays["joints"], period=[20])),
    ]


def _text_walks(given: Path) -> list[Seed]:
    with np.load(given / "walk.npz") as walk:
        positions, joints = walk["positions"][:30], walk["joints"].tolist()
    header = ",".join(f"{joint}_{axis}" for joint in joints for axis in "xyz")
    rows = [",".join(f"{number:.4f}" for number in frame.ravel()) for frame in positions]
    document = {"joints": joints, "positions": positions.round(4).tolist(), "up": "y", "rate_hz": 30}
    return [one("walk.csv", "\n".join([header, *rows]) + "\n"), one("walk.json", json.dumps(document))]


def _pictures(given: Path) -> list[Seed]:
    from PIL import Image

    rng = np.random.default_rng(0)
    colour = Image.fromarray(rng.integers(0, 255, (40, 56, 3)).astype(np.uint8))
    deep = Image.fromarray(rng.integers(0, 65535, (40, 56)).astype(np.uint16))
    kinds = [("a.png", colour), ("a.jpg", colour), ("a.gif", colour), ("a.bmp", colour), ("a.tiff", colour)]
    kinds += [("a.webp", colour), ("a.ppm", colour), ("b.png", deep), ("b.tiff", deep)]
    seeds: list[Seed] = []
    for name, picture in kinds:
        stream = io.BytesIO()
        picture.save(stream, {"jpg": "jpeg"}.get(name[2:], name[2:]))
        seeds.append(one(name, stream.getvalue()))
    return seeds


def _tone() -> np.ndarray:
    return (np.sin(np.arange(16000) / 10) * 9000).astype(np.int16)


def _sounds(given: Path) -> list[Seed]:
    import av

    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(_tone().tobytes())
    seeds = [one("a.wav", stream.getvalue())]
    kinds = [("a.flac", "flac", "flac"), ("a.mp3", "mp3", "libmp3lame"), ("a.ogg", "ogg", "libopus")]
    kinds += [("a.m4a", "mp4", "aac"), ("a.aiff", "aiff", "pcm_s16be"), ("a.au", "au", "pcm_s16be")]
    for name, form, codec in [*kinds, ("a.mka", "matroska", "pcm_s16le")]:
        stream = io.BytesIO()
        with av.open(stream, "w", format=form) as out:
            track = out.add_stream(codec, rate=16000, layout="mono")
            frame = av.AudioFrame.from_ndarray(_tone()[None], format="s16", layout="mono")
            frame.sample_rate = 16000
            out.mux(track.encode(frame))
            out.mux(track.encode(None))
        seeds.append(one(name, stream.getvalue()))
    return seeds


def _videos(given: Path) -> list[Seed]:
    import av

    seeds: list[Seed] = []
    kinds = [("a.mp4", "mp4", "mpeg4"), ("a.mkv", "matroska", "mpeg4"), ("a.avi", "avi", "mjpeg")]
    kinds += [("b.mp4", "mp4", "libx264"), ("a.ts", "mpegts", "mpeg2video"), ("a.flv", "flv", "flv1")]
    for name, form, codec in kinds:
        stream = io.BytesIO()
        with av.open(stream, "w", format=form) as out:
            track = out.add_stream(codec, rate=25)
            track.width, track.height = 64, 48
            track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(20):
                pixels = np.full((48, 64, 3), number * 10, np.uint8)
                out.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            out.mux(track.encode(None))
        seeds.append(one(name, stream.getvalue()))
    return [*seeds, *_animations()]


def _animations() -> list[Seed]:
    from PIL import Image

    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)) for _ in range(4)]
    seeds: list[Seed] = []
    for name, form in (("a.gif", "gif"), ("a.webp", "webp"), ("a.apng", "png")):
        stream = io.BytesIO()
        frames[0].save(stream, form, save_all=True, append_images=frames[1:], duration=100)
        seeds.append(one(name, stream.getvalue()))
    return seeds


def _lines(given: Path) -> list[Seed]:
    cues = (
        "1\n00:00:01,000 --> 00:00:02,500\nANN: Well, hello.\n\n2\n00:00:03,000 --> 00:00:04,000\nOh no.\n\n"
    )
    table = 'dialogue,turn,speaker,text,start,end\n7,0,Ann,"Well, hello.",1.5,2\n7,1,Ben,Oh no.,2,3.5\n'
    return [
        one("a.srt", cues * 3),
        one("a.vtt", "WEBVTT\n\n" + cues.replace(",", ".") * 3),
        one("a.csv", table),
        one("a.tsv", table.replace(",", "\t")),
        one(
            "a.jsonl", '{"speaker": "Ann", "text": "Well, hello.", "start": 1.5, "end": 2}\n{"text": "Oh"}\n'
        ),
        one("a.txt", "Ann: Well, hello.\nBen: Oh no.\n\nAnn: Yes.\n"),
    ]


def _manifests(given: Path) -> list[Seed]:
    import pyarrow
    import pyarrow.parquet

    rows = [
        {"path": f"walks/{n:04}.npz", "label": "happy", "subject": "anna", "split": "train", "id": f"a-{n}"}
        for n in range(9)
    ]
    text = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream)
    return [one("manifest.csv", text), one("manifest.parquet", stream.getvalue())]


def _dialogues(given: Path) -> list[Seed]:
    rows = ["dialogue,turn,speaker,text,label,start,end,split"]
    rows += [
        f'{n // 4},{n % 4},Ann,"Well, {n}.",{("joy", "fear")[n % 2]},{n},{n + 1.5},train' for n in range(16)
    ]
    lines = [
        json.dumps(
            {"dialogue": str(n // 4), "speaker": "Ann", "text": "Well", "label": ("joy", "fear")[n % 2]}
        )
        for n in range(8)
    ]
    return [one("talks.csv", "\n".join(rows) + "\n"), one("talks.jsonl", "\n".join(lines) + "\n")]


def _classes(given: Path) -> list[Seed]:
    picture = _pictures(given)[0].files[""]
    files = {f"{label}/{n}.png": picture for label in ("happy", "sad") for n in range(2)}
    table = "path,label,split\n" + "".join(f"{name},{name.split('/')[0]},train\n" for name in files)
    return [Seed("pictures", {**files, "manifest.csv": table.encode()}, changed=("manifest.csv",))]


def _bpm_gcn(given: Path) -> list[Seed]:
    import pickle

    joints = np.random.default_rng(0).normal(size=(4, 3, 48, 16, 1)).astype(np.float32)
    names = pickle.dumps((["g001", "g002", "g003", "g004"], [0, 1, 2, 3]))
    return [
        Seed("arrays", {"train_joint.npy": _npy(joints), "train_label.npy": _npy(np.arange(4))}),
        Seed("arrays", {"train_joint.npy": _npy(joints), "train_label.pkl": names}),
    ]


def _weights(given: Path) -> list[Seed]:
    import torch
    from safetensors.torch import save

    tensors = {"a.weight": torch.zeros(4, 3), "a.bias": torch.ones(4), "n": torch.arange(3)}
    stream = io.BytesIO()
    torch.save({"state_dict": tensors, "epoch": 3}, stream)
    return [one("a.safetensors", save(tensors)), one("a.pth", stream.getvalue())]


def _releases(given: Path) -> list[Seed]:
    from safetensors.numpy import save

    from affekt.data.release.manifest import DOCUMENT, ITEMS

    content = save({"text": np.ones((3, 4), np.float32), "audio": np.ones(4, np.float32)})
    sha256 = hashlib.sha256(content).hexdigest()
    file = {"kind": "features", "path": "features/a.safetensors", "bytes": len(content), "sha256": sha256}
    item = {
        "id": "a",
        "label": "happy",
        "group": "a",
        "part": "train",
        "encoded": ["text", "audio"],
        "features": file,
    }
    items = (json.dumps(item, sort_keys=True) + "\n").encode()
    encoding = {name: {"encoder": "mini", "width": 4, "key": "a" * 64} for name in ("text", "audio")}
    document = {
        "schema": 1, "title": "News", "version": "1.0", "labels": ["happy", "sad"], "split": "main",
        "split_sha256": "a" * 64, "encoding": encoding, "items": 1,
        "items_sha256": hashlib.sha256(items).hexdigest(),
    }  # fmt: skip
    return [
        Seed(
            "release",
            {DOCUMENT: json.dumps(document).encode(), ITEMS: items, "features/a.safetensors": content},
        )
    ]


def _stores(given: Path) -> list[Seed]:
    entry = {
        "id": "a",
        "source": "aa",
        "label": "happy",
        "files": {"video": {"path": "clips/a.mp4", "bytes": 1}},
    }
    document = {
        "header": {"dataset": "clips", "schema": 1, "options": {}, "settings": {}},
        "labels": {"names": ["happy", "sad"], "polarity": ["positive", "negative"]},
        "task": "single_label",
        "entries": [entry],
    }
    return [
        Seed(
            "store",
            {"prepared.json": json.dumps(document).encode(), "clips/a.mp4": b"a"},
            changed=("prepared.json",),
        )
    ]


def _detectors(given: Path) -> list[Seed]:
    from onnx import TensorProto, helper, numpy_helper

    boxes = np.array([[8, 16, 24, 40], [20, 20, 40, 44]], np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "full"], ["share"]),
        helper.make_node("Add", ["zeros", "share"], ["scores"]),
        helper.make_node("Identity", ["fixed"], ["boxes"]),
    ]
    values = {"fixed": boxes, "zeros": np.zeros(2, np.float32), "full": np.array(255, np.float32)}
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, "h", "w"))],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, (2, 4)),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, (2,)),
        ],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return [one("faces.onnx", model.SerializeToString())]


def _encoders(given: Path) -> list[Seed]:
    from affekt.testing.encoders import save_tiny_encoder

    with tempfile.TemporaryDirectory() as folder:
        return [Seed("encoder", folder_of(save_tiny_encoder(Path(folder, "encoder"))))]


def _features(given: Path) -> list[Seed]:
    import pickle

    rng = np.random.default_rng(0)
    part = {
        "id": ["a$_$1", "a$_$2"],
        "raw_text": ["Well, hello.", "Oh no."],
        "text": rng.normal(size=(2, 3, 4)).astype(np.float32),
        "audio": rng.normal(size=(2, 3, 2)),
        "audio_lengths": [3, 2],
        "regression_labels": np.array([1.0, -2.0]),
        "annotations": ["Positive", "Negative"],
    }
    return [one("mosi.pkl", pickle.dumps(dict.fromkeys(("train", "valid", "test"), part), 4))]


def _vectors(given: Path) -> list[Seed]:
    return [one("vectors.npz", _npz(ids=np.array(["a", "b"]), vectors=np.ones((2, 3), np.float32)))]


SEEDS: dict[str, Callable[[Path], list[Seed]]] = {
    "bundle folder": lambda given: _faces(changed=("affekt.json",)),
    "bundle zip": lambda given: _faces(is_zipped=True),
    "bundle of words": _words,
    "graph, ONNX Runtime": lambda given: _faces(changed=("model.onnx",)),
    "graph, OpenVINO": lambda given: _faces(changed=("model.onnx",)),
    "run folder": _runs,
    "recipe": lambda given: [one("recipe.toml", _RECIPE)],
    "plan": lambda given: [Seed("study", {"plan.toml": _PLAN.encode(), "base.toml": _RECIPE.encode()})],
    "project": lambda given: [one("project.toml", _PROJECT)],
    "weights": _weights,
    "walk npz": _walks,
    "walk text": _text_walks,
    "picture": _pictures,
    "sound": _sounds,
    "video": _videos,
    "subtitles and lines": _lines,
    "manifest": _manifests,
    "dialogue table": _dialogues,
    "class folders": _classes,
    "arrays of BPM-GCN": _bpm_gcn,
    "release": _releases,
    "prepared store": _stores,
    "detector": _detectors,
    "encoder folder": _encoders,
    "features of MMSA": _features,
    "vectors": _vectors,
}
