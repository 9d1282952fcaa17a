"""Variation of bpm_gcn scores on Emotion-Gait with the seed, for several kinds of weights; inner folds only.

    python benchmarks/gait_stability.py --data-root DIR [--runs FOLDER] [--variants NAME ...] [--folds 0 ...]

The test split of each outer fold of `gait_table.py` is removed first. One fifth of the remaining subjects is
held out for scores, a validation split is taken from the rest as in the recipe, and the network is trained.
Several kinds of weights of one training are scored: of the epoch selected by validation loss or of the last
one, with and without averaging. A variant of the recipe is a separate training. The outer test splits are not
used. Results of finished trainings are kept in FOLDER.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from timing import as_table, write_report
from torch import Tensor, nn
from torch.utils.data import DataLoader

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.recipe import Recipe, SplitSettings
from affekt.data.open import open_dataset
from affekt.engine.experiment import Experiment
from affekt.engine.loading import EpochSampler, train_loader
from affekt.engine.loop.averaging import averaging_decay
from affekt.engine.loop.optimization import make_optimizer, rate_factor
from affekt.engine.objectives.criterion import WeightedLoss, class_weights
from affekt.engine.randomness import STEP, seed_torch
from affekt.engine.splits import Parts, part
from affekt.metrics.classification import confusion_matrix, scores_of

OUTPUT = Path(__file__).parent / "results"
RECIPE = catalog.method("bpm_gcn").folder / "recipes" / "emotion_gait.toml"
OUTER = SplitSettings(scheme="k_fold", folds=5)
INNER = SplitSettings(scheme="k_fold", folds=5, fold=0, seed=1)
# The recipe that was measured, independent of later changes.
MEASURED = ["optimizer.lr=3e-3", "train.epochs=30"]
VARIANTS = {
    "base": [],
    "lr1e-3": ["optimizer.lr=1e-3", "schedule.warmup_epochs=3"],
}
TITLES = {
    "base": "lr 3e-3",
    "lr1e-3": "lr 1e-3, 3 epochs of warm-up",
}
WAYS = {
    "best_old95": "epoch by validation loss, average with constant decay .95 (former method)",
    "best_c95": "epoch by validation loss, average with growing decay .95",
    "raw": "last epoch, no averaging",
    "old95": "last epoch, average with constant decay .95",
    "c95": "last epoch, average with growing decay .95",
    "bn": "last epoch, growing decay .95, batch statistics recomputed",
    "swa": "mean of the weights of the last third",
}
AVERAGES = {"old95": (0.95, False), "c95": (0.95, True)}
FIRST_CHOICE, VIEWS, CHOICE_VIEWS = 3, 4, 2


def main() -> None:
    """Train what is missing, write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True, help="folder with gaits.npz")
    parser.add_argument("--runs", type=Path, default=Path("runs/gait-stability"))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--folds", nargs="+", type=int, default=[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--note", default="", help="a sentence for the report, such as how old the runs are")
    given = parser.parse_args()
    corpus = open_dataset("emotion_gait", given.data_root)
    parts = {fold: inner_parts(corpus, fold) for fold in given.folds}
    rows: list[tuple[str, ...]] = []
    for name in given.variants:
        found: dict[int, list[dict[str, np.ndarray]]] = {seed: [] for seed in given.seeds}
        for seed in given.seeds:
            for fold in given.folds:
                file = given.runs / name / f"{fold}-{seed}.npz"
                if not file.is_file():
                    recipe = Recipe.load([RECIPE], [*MEASURED, f"seed={seed}", *VARIANTS[name]])
                    file.parent.mkdir(parents=True, exist_ok=True)
                    np.savez(file, allow_pickle=False, **trained(recipe, corpus, parts[fold]))
                with np.load(file) as stored:
                    found[seed].append(dict(stored))
        rows += rows_of(TITLES[name], found)
    walks = sum(len(some.test) for some in parts.values())
    write_report(
        OUTPUT / "gait_stability.md",
        [
            "bpm_gcn on inner folds of Emotion-Gait, cut from the training part of outer fold "
            f"{', '.join(map(str, given.folds))}: {walks} held-out walks of subjects that were in no "
            f"training, {len(given.seeds)} seeds. Mean over seeds (lowest to highest seed), and the standard "
            "deviation over seeds within a fold, mean over folds. The outer test parts were not used. "
            + given.note,
            "",
            *as_table(("recipe", "weights", "accuracy", "UAR", "deviation in a fold: accuracy", "UAR"), rows),
        ],
    )


def inner_parts(corpus: Corpus, fold: int) -> Parts:
    """Training, validation and scored walks; none is in the test split of the outer fold."""
    outer = part(corpus.samples, OUTER.model_copy(update={"fold": fold}))
    return part([*outer.train, *outer.validation], INNER)


def trained(recipe: Recipe, corpus: Corpus, parts: Parts) -> dict[str, np.ndarray]:
    """Probabilities (walks, k) of validation and scored walks for each of `WAYS`, after one training."""
    experiment = Experiment.of(recipe, corpus, parts)
    datasets, preprocess = experiment.datasets(), experiment.preprocess
    weights = class_weights(recipe.loss, datasets["train"].targets, corpus.labels)
    model = experiment.network()
    criterion = WeightedLoss(recipe.loss, corpus.task, weights, corpus.labels)
    objective = experiment.method.load("objective")(experiment.config, criterion)
    held = [*parts.validation, *parts.test]
    truth = np.array([corpus.labels.index(str(sample.label)) for sample in held])
    views = [preprocess.views(sample)[:VIEWS] for sample in held]
    inputs = {
        name: torch.stack([torch.stack([torch.from_numpy(v[name]) for v in walk]) for walk in views])
        for name in preprocess.spec.names
    }
    count = len(parts.validation)
    choice = {name: values[:count, :CHOICE_VIEWS] for name, values in inputs.items()}
    averages = {name: copy.deepcopy(model) for name in AVERAGES}
    tail, in_tail = copy.deepcopy(model), 0
    best: dict[str, tuple[float, nn.Module]] = {}
    loader = train_loader(datasets["train"], recipe)
    for updates, epoch in enumerate(steps(recipe, model, objective, loader)):
        for name, (decay, growing) in AVERAGES.items():
            kept = averaging_decay(decay, updates) if growing else decay
            mix(averages[name], model, kept if updates else 0.0)
        if epoch >= recipe.train.epochs * 2 // 3:
            mix(tail, model, in_tail / (in_tail + 1))
            in_tail += 1
        if (updates + 1) % len(loader) == 0 and epoch >= FIRST_CHOICE:
            for name in ("old95", "c95"):
                said = probabilities(averages[name], choice)[np.arange(count), truth[:count]]
                loss = float(-np.log(said + 1e-9).mean())
                if name not in best or loss <= best[name][0]:
                    best[name] = (loss, copy.deepcopy(averages[name]))
    networks = {"raw": model, "swa": tail, **averages, **{f"best_{n}": m for n, (_, m) in best.items()}}
    networks["bn"] = recomputed(averages["c95"], loader, preprocess.spec.names, epoch=recipe.train.epochs)
    answers = {f"p_{name}": probabilities(network, inputs) for name, network in networks.items()}
    return {"y": truth, "nval": np.array(count), **answers}


def steps(recipe: Recipe, model: nn.Module, objective: nn.Module, loader: DataLoader) -> Iterator[int]:
    """Train as the engine does; yields the epoch after each step."""
    optimizer = make_optimizer(recipe.optimizer, {f"model.{n}": p for n, p in model.named_parameters()})
    done = 0
    for epoch in range(recipe.train.epochs):
        start_epoch(loader, epoch)
        for number, batch in enumerate(loader):
            passed = (done + 0.5) / len(loader)
            for group in optimizer.param_groups:
                group["lr"] = recipe.optimizer.lr * rate_factor(recipe.schedule, passed, recipe.train.epochs)
            model.train()
            seed_torch(recipe.seed, STEP, epoch, number, 0)
            optimizer.zero_grad()
            torch.stack(list(objective(model, batch).values())).sum().backward()
            if recipe.train.clip_norm:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.train.clip_norm)
            optimizer.step()
            done += 1
            yield epoch


def start_epoch(loader: DataLoader, epoch: int) -> None:
    """The order of this epoch, as the engine's trainer sets it."""
    assert isinstance(loader.sampler, EpochSampler)
    loader.sampler.set_epoch(epoch)


@torch.no_grad()
def mix(average: nn.Module, model: nn.Module, kept: float) -> None:
    """Update a moving average of weights: `kept` is the share of the old average."""
    pairs = zip(
        [*average.parameters(), *average.buffers()], [*model.parameters(), *model.buffers()], strict=True
    )
    for old, new in pairs:
        if old.is_floating_point():
            old.lerp_(new, 1 - kept)
        else:
            old.copy_(new)


@torch.no_grad()
def recomputed(model: nn.Module, loader: DataLoader, names: tuple[str, ...], *, epoch: int) -> nn.Module:
    """A copy whose batch statistics are those of one epoch of training views."""
    model = copy.deepcopy(model).train()
    for norm in (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)):
        norm.reset_running_stats()
        norm.momentum = None
    start_epoch(loader, epoch)
    for batch in loader:
        model(**{name: batch[name] for name in names})
    return model


@torch.no_grad()
def probabilities(model: nn.Module, inputs: dict[str, Tensor]) -> np.ndarray:
    """Mean over the views of each walk: (walks, k) from inputs (walks, views, ...)."""
    model.eval()
    walks, views = next(iter(inputs.values())).shape[:2]
    flat = {name: values.flatten(0, 1).split(64) for name, values in inputs.items()}
    chunks = [dict(zip(flat, values, strict=True)) for values in zip(*flat.values(), strict=True)]
    logits = torch.cat([model(**chunk).logits for chunk in chunks])
    return logits.softmax(1).reshape(walks, views, -1).mean(1).numpy()


def rows_of(title: str, found: dict[int, list[dict[str, np.ndarray]]]) -> list[tuple[str, ...]]:
    """A row for each way of scoring the trainings of one recipe."""
    rows: list[tuple[str, ...]] = []
    for key, way in WAYS.items():
        matrices = np.array([[confusion_of(one, key) for one in folds] for folds in found.values()])
        whole, single = scores_of(matrices.sum(axis=1)), scores_of(matrices)
        means = [
            f"{whole[name].mean():.3f} ({whole[name].min():.3f} to {whole[name].max():.3f})"
            for name in ("accuracy", "uar")
        ]
        spread = [f"{single[name].std(axis=0, ddof=1).mean():.3f}" for name in ("accuracy", "uar")]
        rows.append((title, way, *means, *spread))
    return rows


def confusion_of(one: dict[str, np.ndarray], way: str) -> np.ndarray:
    """(k, k) of the scored walks of one training."""
    first = int(one["nval"])
    said = one[f"p_{way}"].argmax(axis=1)
    return confusion_matrix(one["y"][first:], said[first:], one[f"p_{way}"].shape[1])


if __name__ == "__main__":
    main()
