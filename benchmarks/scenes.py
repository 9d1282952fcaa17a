"""A network of words, sound and picture as a bundle against eager PyTorch: `make scene-benchmarks`.

The text encoder is MiniLM; those of sound and picture are small ones of published families with random
weights, on which speed does not depend. Processor time, so that other work on the machine counts little;
only ratios are reported, within rounds of alternating calls.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from timing import as_table, in_turns, machine, repeats_for, write_report

from affekt.core import catalog
from affekt.core.spec import InputSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph
from affekt.engine.network import eager_network
from affekt.methods.mdn_makd.config import MDNConfig

OUTPUT = Path(__file__).parent / "results" / "scenes.md"
BUDGET_S = 20.0  # of processor time for a row
OPEN = {"text": 24, "own": 24, "audio": 48_000, "audio_real": 48_000}  # tokens; samples of 3 s
TRANSFORMER = {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768}
WAV2VEC2 = {
    "model_type": "wav2vec2",
    **TRANSFORMER,
    "num_hidden_layers": 6,
    "conv_dim": [128] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "num_feat_extract_layers": 7,
    "feat_extract_norm": "group",
    "do_stable_layer_norm": False,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
}
VIT = {"model_type": "vit", **TRANSFORMER, "num_hidden_layers": 12, "image_size": 224, "patch_size": 16}
CONFIG = {
    "num_classes": 7,
    "encoders": {
        "T": {"source": "minilm", "mode": "frozen", "projection": 192},
        "A": {"source": "", "architecture": WAV2VEC2, "mode": "frozen", "projection": 192},
        "V": {"source": "", "architecture": VIT, "mode": "frozen", "projection": 192},
    },
    "fusion": {"kind": "self_attention", "width": 192, "inner": 192, "heads": 4},
    "context": {"tokens": 64, "context_tokens": 32, "turns": 2},
}


def batch_of(spec: InputSpec, rows: int, present: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Random clips; what is not present is filled as in `affekt predict`."""
    rng = np.random.default_rng(0)
    there: dict[str, int] = dict(zip(("text", "audio", "video"), present, strict=True))
    full = {one.name: one.example(rng, rows, OPEN.get(one.name, 1)) for one in spec.inputs}
    for one in spec.inputs:
        if one.modality and not there[one.modality]:
            full[one.name] = np.repeat(one.absent()[None], rows, axis=0)
    full[spec.presence] = np.repeat(np.array(present, np.float32)[None], rows, axis=0)
    return full


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    method = catalog.method("mdn_makd")
    settings = MDNConfig.model_validate(CONFIG).resolved()
    preprocess, model = method.load("preprocess")(settings), method.load("model")(settings).eval()
    graph = make_graph(model.for_export(), preprocess.spec)
    eager = eager_network(model)
    engines = {
        "PyTorch eager": eager,
        "ONNX Runtime": graph_network(graph, threads=1),
        "OpenVINO": graph_network(graph, threads=1, backend="openvino"),
    }
    rows: list[tuple[str, ...]] = []
    for title, present in (
        ("words, sound, picture", (1, 1, 1)),
        ("sound, picture", (0, 1, 1)),
        ("words, sound", (1, 1, 0)),
        ("words", (1, 0, 0)),
    ):
        for count in (1, 8):
            batch = batch_of(preprocess.spec, count, present)
            calls = {name: partial(network, batch) for name, network in engines.items()}
            repeats = repeats_for(calls["PyTorch eager"], budget_s=BUDGET_S / len(calls), most=15)
            timed = in_turns(calls, repeats, clock=time.process_time)
            rows.append((title, str(count), *row_of(engines, batch, {k: v.ratio for k, v in timed.items()})))
            print(rows[-1], flush=True)
    write_report(
        options.output,
        [
            "# Clips of words, sound and picture",
            "",
            f"{machine()} onnxruntime {version('onnxruntime')}, openvino {version('openvino')}. One thread, "
            "processor time. How many times as fast as eager PyTorch of the same network: medians within "
            "rounds of alternating calls. MiniLM with 24 tokens; wav2vec 2.0 of 6 layers and width 192 with "
            "3 s of sound; ViT of 12 layers and width 192 with 8 frames; random weights.",
            "",
            *as_table(("given", "clips", "ONNX Runtime", "OpenVINO", "largest change of a logit"), rows),
            "",
            "A picture that is missing costs as much as one that is there: the graph computes each encoder "
            "on a stand-in: one token or sample for words and sound, the whole size for frames.",
        ],
    )


def row_of(
    engines: Mapping[str, object], batch: dict[str, np.ndarray], ratios: Mapping[str, float]
) -> tuple[str, ...]:
    """The ratios as text, and the largest change of a logit in either engine."""
    expected, *others = (network(batch) for network in engines.values())  # pyright: ignore[reportCallIssue]
    drift = max(float(np.abs(one - expected).max()) for one in others)
    return (*(f"{ratios[name]:.1f}x" for name in list(engines)[1:]), f"{drift:.0e}")


if __name__ == "__main__":
    main()
