"""Runs the parity cases of this method: the network as published, and its unwired modules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.core.spec import InputSpec
from affekt.parity.case import Case, draw_integers, draw_normal, draw_tensor
from affekt.parity.compare import Comparison
from affekt.parity.inputs import DrawnInputs

from .config import REFERENCE, CHFENConfig, Widths
from .inputs import input_spec
from .layers import GatedFusion, GatedLayer, sinusoid
from .model import CHFEN
from .parity_labels import LABEL_QUALITY, compare_label_quality
from .weights import WEIGHTS

_LABELS_AFTER = 6  # seed of the labels, counted from that of the first input


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") == LABEL_QUALITY:
        yield from compare_label_quality(case)
        return
    if case.meta.get("method") != "chfen":
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of chfen")
    actual = _network(case) if "config" in case.meta else _modules(case)
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which chfen cannot compute")
        if expected.dtype.kind == "U":  # names of parameters without a gradient
            expected = np.array(sorted(filter(None, expected.tolist())))
            same = np.array_equal(expected, np.array(sorted(actual[name])))
            yield Comparison(name, np.array(float(same)), np.array(1.0))
            continue
        value = np.asarray(torch.as_tensor(actual[name]).detach())
        is_gradient = name.startswith("grad_norm/")
        yield Comparison(name, value, expected, *((1e-3, 1e-7) if is_gradient else (1e-4, 5e-5)))


def _network(case: Case) -> dict[str, Any]:
    inputs, sizes = _inputs(case), case.meta["config"]
    d = sizes["dim"]
    config = CHFENConfig(
        num_classes=sizes["classes"],
        dim=d,
        heads=sizes["heads"],
        widths=Widths(title=d, video=d, text=d, audio=d),
        **REFERENCE,
    )
    network = CHFEN(config).eval()
    ours = _load(network, case)
    encoded, output = network.encode(inputs), network(**inputs)
    title, audio = (inputs[name].unsqueeze(1) + network.types[name] for name in ("title", "audio"))
    again = {**inputs, "title": title.squeeze(1), "audio": audio.squeeze(1)}
    turned = {name: value.flip(0) for name, value in inputs.items()}
    steps = inputs["video"].shape[1]
    rows = len(inputs["title"])
    first = case.meta["inputs"][0]["seed"]
    labels = torch.from_numpy(draw_integers(first + _LABELS_AFTER, 0, sizes["classes"], (rows,)))
    loss = F.cross_entropy(output.logits, labels)
    loss.backward()
    named = dict(network.named_parameters())
    return {
        "logits": output.logits,
        "image_fused": encoded.frames,
        # The token of a sequence stands for all of its steps.
        "image_sequence": encoded.tokens["video"].values.expand(-1, steps, -1),
        "text_sequence": encoded.tokens["text"].values.expand(-1, steps, -1),
        "pooled": output.pooled,
        "labels": labels,
        "loss": loss.double(),
        **{
            f"grad_norm/{theirs}": gradient.double().norm()
            for theirs, name in ours.items()
            if (gradient := named[name].grad) is not None
        },
        "no_grad_params": [theirs for theirs, name in ours.items() if named[name].grad is None],
        # The reference adds its type vectors to the title and the sound of the caller.
        "title_after_first_call": title,
        "audio_after_first_call": audio,
        "logits_second_call": network(**again).logits,
        "logits_reversed_batch": network(**turned).logits,
    }


def _load(network: CHFEN, case: Case) -> dict[str, str]:
    """Fill the network with the weights of the case; returns its names by those of the reference.

    The key list gives the names; its shapes are of one size of the network, and a case may be of another.
    """
    ours = WEIGHTS.to_ours(json.loads(case.keys_path.read_text("utf-8")))
    state, salt = network.state_dict(), int(case.meta.get("salt", 0))
    for theirs, name in ours.items():
        state[name] = torch.from_numpy(draw_tensor(theirs, tuple(state[name].shape), "float32", salt))
    unnamed = [key for key in state if key not in ours.values() and not key.startswith("missing.")]
    if unnamed:
        raise UsageError(f"{case.keys_path} does not name {', '.join(unnamed)}")
    network.load_state_dict(state)
    return ours


def _inputs(case: Case) -> dict[str, Tensor]:
    """The inputs of the network, from those of the case."""
    drawn, lengths = DrawnInputs(case), case.meta["lengths"]
    count = drawn["num_faces"]
    limits = re.search(r"low=(-?\d+), high=(\d+)", count["kind"])
    if limits is None:
        raise UsageError(f"{case.path}: num_faces of the kind {count['kind']!r} cannot be drawn")
    numbers = draw_integers(count["seed"], int(limits[1]), int(limits[2]), tuple(count["shape"]))
    real = torch.arange(numbers.shape[1])[None] < torch.tensor(lengths)[:, None]
    scenes, faces, text = (
        drawn.normal(f"{name}_embeddings") * real.unsqueeze(2) for name in ("scene", "face", "text")
    )
    steps = real.float()
    return {
        "title": drawn.normal("title_embedding").squeeze(1),
        "video": scenes,
        "faces": faces,
        "face_count": torch.from_numpy(numbers) * real,
        "video_steps": steps,
        "text": text,
        "text_steps": steps,
        "audio": drawn.normal("audio_embedding").squeeze(1),
        "present": torch.ones(len(lengths), 4),
    }


def _modules(case: Case) -> dict[str, Any]:
    entries = {entry["name"]: entry for entry in case.meta["inputs"]}
    salt, actual = int(case.meta.get("salt", 0)), dict[str, Any]()
    for name in entries:
        key, _, _ = name.partition(" ")
        seeds = [int(seed) for seed in re.findall(r"\d+", str(entries[name]["seed"]))]
        if key == "collate":
            actual |= _collated(case, entries[name])
            continue
        shape = tuple(entries[name]["shape"])
        values = [torch.from_numpy(draw_normal(seed, shape)) for seed in seeds]
        if key == "gated_layer":
            layer = _loaded(GatedLayer(shape[-1]), {"linear": "gate.0"}, key, salt)
            actual["gated_layer.out"] = layer(values[0])
        elif key == "gated_fusion":
            fusion = _loaded(GatedFusion(shape[-1]), {"linear": "gate_fc"}, key, salt)
            actual["gated_fusion.out"], actual["gated_fusion.gate"] = fusion(*values)
        elif key == "projection":
            width = case.expected["projection.out"].shape[-1]
            linear = _loaded(torch.nn.Linear(shape[-1], width), {"": "projection"}, key, salt)
            actual["projection.out"] = linear(values[0])
        elif key == "positional_encoding_module":
            table = sinusoid(shape[0], shape[-1])
            actual["positional_encoding_module.out"] = values[0] + table.unsqueeze(1)
    for name in case.expected:
        if found := re.fullmatch(r"sinusoid_(module|function)_(\d+)x(\d+)", name):
            rows, width = int(found[2]), int(found[3])
            actual[name] = sinusoid(rows, width) if found[1] == "module" else _other_sinusoid(rows, width)
    return actual


def _loaded(module: Any, names: Mapping[str, str], prefix: str, salt: int) -> Any:
    """A module with the weights that the reference's names give."""
    state: dict[str, Tensor] = {}
    for key, value in module.state_dict().items():
        part, _, leaf = key.rpartition(".")
        theirs = f"{prefix}.{names[part]}.{leaf}"
        state[key] = torch.from_numpy(draw_tensor(theirs, tuple(value.shape), "float32", salt))
    module.load_state_dict(state)
    return module.eval()


def _other_sinusoid(rows: int, width: int) -> np.ndarray:
    """Parity: a table that the reference does not use; each channel has the frequency of its own number."""
    channel = np.arange(width)
    angles = np.arange(rows)[:, None] * 10000.0 ** (-channel / width)
    return np.where(channel % 2, np.cos(angles), np.sin(angles)).astype(np.float32)


def _collated(case: Case, entry: dict[str, Any]) -> dict[str, Any]:
    """A batch of items of different lengths; where the reference pads numbers of faces by -1, a mask is 0."""
    seeds = {name: int(seed) for seed, name in re.findall(r"(\d+)\+i (\w+)", entry["seed"])}
    limits = re.search(r"integers\((\d+), ?(\d+)\)", entry["seed"])
    stated = re.search(r"L=\(([\d, ]+)\)", entry["shape"])
    if limits is None or stated is None:
        raise UsageError(f"{case.path}: the items to collate are not stated")
    lengths = [int(length) for length in stated[1].split(",")]
    width = case.expected["collate.title_embedding"].shape[-1]
    names = {"video": "scene", "faces": "face", "text": "text"}
    rows: list[dict[str, np.ndarray]] = []
    for i, length in enumerate(lengths):
        steps = np.ones(length, np.float32)
        rows.append(
            {
                "title": draw_normal(seeds["title"] + i, (1, width))[0],
                "audio": draw_normal(seeds["audio"] + i, (1, width))[0],
                **{ours: draw_normal(seeds[key] + i, (length, width)) for ours, key in names.items()},
                "face_count": draw_integers(
                    seeds["num_faces"] + i, int(limits[1]), int(limits[2]), (length,)
                ),
                "video_steps": steps,
                "text_steps": steps,
            }
        )
    sizes = Widths(title=width, video=width, text=width, audio=width)
    spec: InputSpec = input_spec(CHFENConfig(dim=width, heads=1, widths=sizes))
    batch = spec.stack([spec.complete(row) for row in rows])
    return {
        "collate.emotion": np.arange(len(rows)),
        "collate.title_embedding": batch["title"][:, None],
        "collate.audio_embedding": batch["audio"][:, None],
        "collate.num_faces": np.where(batch["video_steps"] > 0, batch["face_count"], -1),
        "collate.scene_embeddings": batch["video"],
        "collate.face_embeddings": batch["faces"],
        "collate.text_embeddings": batch["text"],
    }
