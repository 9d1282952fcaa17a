"""Runs the parity cases of this method."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from affekt.core.errors import UsageError
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.core.segment import Point
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.media.cells import CELL_ROWS, MELS, log_mel_cells
from affekt.metrics.detection import detection_scores
from affekt.metrics.proposals import ProposalSettings, find_proposals
from affekt.metrics.segments import Segments
from affekt.parity.case import Case, draw_normal
from affekt.parity.compare import Comparison

from .config import LossWeights, TSLNetConfig
from .model import TSLNet
from .objective import TSLNetObjective, fused_scores, point_targets, video_scores, video_shares
from .preprocess import TSLNetPreprocess, video_confidence
from .seeds import find_seeds
from .sound import neighbours, stacked, time_code
from .weights import TRAINING_WEIGHTS, WEIGHTS

_LABELS = label_set("tsl-2")
_POINTS = "data/tsl300/point_gaussian/point_labels.csv"  # in a parent folder of the cases


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") not in ("tsl-net", "tsl_net"):
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of tsl-net")
    kinds: dict[str, Callable[[Case], Iterator[Comparison]]] = {
        "pseudo-label search": _seeds,
        "post-processing": _segments,
        "dataset items": _items,
        "metric": _metric,
    }
    kind = case.meta.get("kind")
    if kind in kinds:
        yield from kinds[kind](case)
    elif "losses" in case.expected:
        yield from _training(case)
    elif "cas_logits" in case.expected:
        yield from _network(case)
    else:
        raise UsageError(f"{case.path} holds {sorted(case.expected)}, which tsl-net cannot compute")


def _compared(
    case: Case, actual: Mapping[str, Any], *, rtol: Mapping[str, float] | None = None
) -> Iterator[Comparison]:
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which tsl-net cannot compute")
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=(rtol or {}).get(name, 1e-4))


# The network


def _network(case: Case) -> Iterator[Comparison]:
    config = _config(case)
    model = _reference(case, config).eval()
    with torch.no_grad():
        output = model(**_inputs(case, config))
    rows = case.meta["row_index"]
    picture, sound = output.aligned.unbind(1)
    logits = output.logits.numpy()
    yield from _compared(
        case,
        {
            "vid_score": _video_scores(case, output.logits, config),
            "cas_fused": fused_scores(output.logits),
            "cas_logits": logits,
            "dis_logits": output.distribution,
            "feature_rows": output.features[:, rows],
            "audio_rows": sound[:, rows],
            "visual_rows": picture[:, rows],
        },
    )


def _training(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    video, cells, seeds, contrast = meta["lambdas"]
    config = _config(
        case,
        loss=LossWeights(video=video, cells=cells, seeds=seeds, contrast=contrast),
        contrast_sign="reference",
    )
    model = _reference(case, config)
    model.train("train" in meta["mode"].split()[0])
    objective = TSLNetObjective(config, PlainCrossEntropy(_LABELS))
    weights = case.reference_weights()
    names = TRAINING_WEIGHTS.to_ours(key for key in weights if ".rev_" in key)
    objective.load_state_dict({ours: torch.from_numpy(weights[key]) for key, ours in names.items()})
    batch = _inputs(case, config)
    points = torch.zeros(*batch["rgb"].shape[:2], config.num_classes)
    one = len(points) == 1 and not any(isinstance(cell, list) for cell in meta["points"])
    for rows, marked, classes in zip(
        points,
        *([meta[name]] if one else meta[name] for name in ("points", "point_classes")),
        strict=True,
    ):
        rows[marked, classes] = 1.0
    output = model(**batch)
    terms = objective.terms(output, points, torch.tensor(meta["label_distribution"]))
    total = torch.stack(list(objective.weighted(terms).values())).sum()
    total.backward()
    foreground, background = objective.seeds(fused_scores(output.logits), point_targets(points))
    parameters = dict(model.named_parameters()) | dict(objective.named_parameters())
    ours = WEIGHTS.to_ours(weights) | names
    losses = [total, *terms[:-1], -terms.contrast]
    # In single precision as in the reference, which is wrong in the fourth digit for millions of values.
    gradients = [parameters[ours[key]].grad for key in meta["grad_names"]]
    norms = [torch.zeros(()) if gradient is None else gradient.norm() for gradient in gradients]
    yield from _compared(
        case,
        {
            "vid_score": _video_scores(case, output.logits.detach(), config),
            "cas_fused": fused_scores(output.logits).detach(),
            "vid_distribution": video_shares(output.distribution, config.top_share).exp().detach(),
            "act_seed": foreground,
            "bkg_seed": background,
            "losses": torch.stack(losses).detach(),
            "seed_counts": [int((foreground > 0).any(dim=2).sum()), int((background > 0).sum())],
            "grad_norms": torch.stack(norms).detach(),
        },
        rtol={"grad_norms": 1e-3},
    )


def _video_scores(case: Case, logits: Tensor, config: TSLNetConfig) -> np.ndarray:
    """Scores (b, k) of the classes: those of training if a case states the classes of its videos."""
    if "video_label" in case.meta:
        occurs = torch.tensor(case.meta["video_label"]).reshape(len(logits), -1) > 0
        return video_scores(logits, occurs, config.top_share).numpy()
    return np.stack([video_confidence(video, config.top_share) for video in logits.numpy()])


def _config(case: Case, **changes: Any) -> TSLNetConfig:
    return TSLNetConfig(
        num_classes=case.meta["num_classes"],
        feature_width=case.meta["len_feature"],
        top_share=case.meta["r_act"],
        dropout=0.0,  # switched off in the cases
        **changes,
    )


def _reference(case: Case, config: TSLNetConfig) -> TSLNet:
    """The network with the weights of the case."""
    weights = case.reference_weights()
    model = TSLNet(config)
    names = WEIGHTS.to_ours(weights)
    model.load_state_dict({ours: torch.from_numpy(weights[theirs]) for theirs, ours in names.items()})
    return model


def _inputs(case: Case, config: TSLNetConfig) -> dict[str, Tensor]:
    """Features and sound as stated in the case; time codes and neighbours are added as in preprocessing."""
    drawn = {
        entry["name"]: draw_normal(entry["seed"], tuple(entry["shape"])) for entry in case.meta["inputs"]
    }
    scaled = np.clip((15 * drawn["logmel"] - 25 + 50) / 80, -1, 2)
    count = scaled.shape[1]
    cells = np.arange(count)
    places = neighbours(cells, count, config.chunk_cells)
    sound = np.stack([stacked(video + time_code(cells)[:, None], places) for video in scaled])
    return {
        "rgb": torch.from_numpy(np.abs(drawn["rgb"]) * np.float32(0.5)),
        "logmel": torch.from_numpy(sound),
    }


# Without a network


def _seeds(case: Case) -> Iterator[Comparison]:
    actual: dict[str, np.ndarray] = {}
    for number, setting in enumerate(case.meta["cases"]):
        (scores,) = case.expected[f"fused_{number}"]
        points = torch.zeros(1, setting["T"], scores.shape[1] - 1)
        for cell, label in setting["points"]:
            points[0, cell, label] = 1.0
        targets = point_targets(points).numpy()
        found = find_seeds(scores, targets[0], threshold=case.meta["bkg_thresh"])
        actual |= {
            f"fused_{number}": scores[None],
            f"points_{number}": targets,
            f"act_seed_{number}": found.foreground[None],
            f"bkg_seed_{number}": found.background[None],
        }
    yield from _compared(case, actual)


def _segments(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    settings = ProposalSettings(
        class_bars=tuple(meta["act_thresh_cas"]),
        agnostic_bars=tuple(meta["act_thresh_agnostic"]),
        score_bar=float(meta["class_thresh"]),
        upsample=meta["scale"],
        margin=float(meta["oic_lambda"]),
        video_weight=float(meta["oic_gamma"]),
        overlap=float(meta["nms"]),
    )
    for number, clip in enumerate(meta["clips"]):
        (fused,), (video,) = case.expected[f"cas_fused_{number}"], case.expected[f"vid_score_{number}"]
        found = find_proposals(
            fused[:, :-1], 1 - fused[:, -1], video, cell_s=16 / clip["fps"], settings=settings
        )
        rows = clip["segments"]
        for name, actual, expected in (
            ("labels", found.labels, [meta["labels"].index(label) for label, *_ in rows]),
            ("scores", found.scores, [score for _, score, *_ in rows]),
            (
                "spans_s",
                found.spans_s,
                np.reshape([span for *_, start, end in rows for span in (start, end)], (-1, 2)),
            ),
        ):
            yield Comparison(f"{clip['clip']} {name}", actual, np.asarray(expected), rtol=0.0, atol=1e-6)


def _items(case: Case) -> Iterator[Comparison]:
    """Targets from annotations, and a sound file; features of the picture are not compared."""
    config = TSLNetConfig()
    preprocess = TSLNetPreprocess(config)
    marked = _marked(_shared_file(case, _POINTS))
    for item in case.meta["items"]:
        rate_hz, count = float(item["fps"]), item["T"]
        rows = marked[item["video"]]
        sample = Sample(
            item["video"],
            {
                "rgb": np.zeros((count, config.feature_width), np.float32),
                "logmel": np.full((count * CELL_ROWS, MELS), -30, np.float32),
            },
            points=tuple(Point((frame + 0.5) / rate_hz, label) for frame, label in rows),
            facts={"rate_hz": rate_hz},
        )
        cells = preprocess.cells_at(sample, np.array([point.time_s for point in sample.points]))
        points = np.zeros((preprocess.count(sample), config.num_classes), np.float32)
        classes = [_LABELS.index(point.label) for point in sample.points]
        np.add.at(points, (cells[cells >= 0], np.array(classes)[cells >= 0]), 1)
        targets = point_targets(torch.from_numpy(points)[None])[0, :, :-1].numpy()
        given = np.flatnonzero(targets.any(axis=1))
        shares = np.bincount(classes, minlength=config.num_classes) / len(classes)
        mel = log_mel_cells(sample.media["logmel"])
        actual: dict[str, Any] = {
            "label": shares > 0,
            "label_distribution": shares,
            "point_rows": np.column_stack([given, targets[given]]),
            "mel_value": mel.flat[0],
            "mel_shape": mel.shape,
        }
        for name, value in actual.items():
            yield Comparison(f"{item['video']} {name}", np.asarray(value), np.asarray(item[name]))


def _marked(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Annotated frames and their labels by video."""
    names = {"n": "negative", "p": "positive"}
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["video_id"]].append((int(row["point"]), names[row["class"]]))
    return found


def _metric(case: Case) -> Iterator[Comparison]:
    meta, expected = case.meta, case.meta["expected"]
    truth = meta["ground_truth"]
    if isinstance(truth, str):
        truth = json.loads(_shared_file(case, truth.removeprefix("shared/")).read_text("utf-8"))
    truths = {
        video: _stretches([(each["label"], 1.0, *each["segment"]) for each in entry["annotations"]])
        for video, entry in truth["database"].items()
        if entry["subset"] == "test"
    }
    rows = meta.get("predictions_compact") or {
        video: [(each["label"], each["score"], *each["segment"]) for each in found]
        for video, found in meta["predictions"]["results"].items()
    }
    labels = expected["class_order"]
    scores = detection_scores(
        {video: _stretches(found) for video, found in rows.items()},
        truths,
        labels=labels,
        thresholds=expected["tiou"],
    )
    by_label = dict(zip(labels, scores.average_precision.mean(axis=0).tolist(), strict=True))
    recall, precision = (np.mean(each, axis=1) for each in (scores.rank_recall, scores.rank_precision))
    actual: dict[str, Any] = {
        "tiou": scores.thresholds,
        "ap": scores.average_precision,
        "map_per_tiou": scores.map_at,
        "map_avg": scores.map_at.mean(),
        "mean_cum_precision": precision,
        "mean_cum_recall": recall,
        "recall_avg": recall.mean(),
        "f2": scores.f2_at,
        "f2_avg": scores.f2_at.mean(),
        **{f"class_ap {label}": value for label, value in by_label.items()},
        # The reference always calls the first class of the truth negative.
        **dict(zip(("upstream_average_nAP", "upstream_average_pAP"), by_label.values(), strict=True)),
    }
    wanted = {name: value for name, value in expected.items() if name not in ("class_order", "class_ap")}
    wanted |= {f"class_ap {label}": value for label, value in expected["class_ap"].items()}
    for name, value in wanted.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which tsl-net cannot compute")
        yield Comparison(name, np.asarray(actual[name]), np.asarray(value), rtol=0.0, atol=1e-9)


def _stretches(rows: Sequence[Sequence[Any]]) -> Segments:
    """Rows of label, score, start and end."""
    spans = np.array([(float(start), float(end)) for *_, start, end in rows]).reshape(-1, 2)
    return Segments(
        spans, np.array([float(row[1]) for row in rows]), np.array([str(row[0]) for row in rows], str)
    )


def _shared_file(case: Case, name: str) -> Path:
    """An annotation file that a case needs, in a parent folder of the case or of the working directory."""
    here, there = Path.cwd(), case.path.resolve()
    for folder in (*there.parents, here, *here.parents):
        for root in (folder, folder / "shared"):
            if (root / name).is_file():
                return root / name
    raise UsageError(f"{case.path} needs {name}, which is in none of its parent folders")
