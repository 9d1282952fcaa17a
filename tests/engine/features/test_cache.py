"""Features of a frozen backbone are computed once, and used only while nothing they depend on has changed."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, FolderError, MediaError
from affekt.core.files.sealed import write_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.engine.features.backbone import FeatureNetwork, FrozenBackbone
from affekt.engine.features.cache import FeatureCache, cache_root
from affekt.engine.features.fill_ahead import fill_ahead
from affekt.engine.features.keys import Views, frozen_tensors, sample_digest
from affekt.engine.loop.module import TrainingModule
from affekt.engine.train import train
from affekt.tasks.single_label import SingleLabelScorer

pytestmark = pytest.mark.xdist_group("warm")

CPU = torch.device("cpu")
CARD = """
title = "A head on a frozen backbone"
summary = "invented"
task = "classification"
modalities = ["image"]
reference = "none"
licence = "none"
parity = "none"
intended_use = "tests"
limits = "all"
paper = {title = "A", authors = "B", venue = "C", year = 2020}
"""
METHOD = """
from affekt.core.method import Method
METHOD = Method(config="method:Config", model="network:Net", objective="network:Objective",
                preprocess="method:Preprocess", weights="method:WEIGHTS")
"""
PARTS_OF_METHOD = """
from affekt.methods.compact_face.config import CompactFaceConfig
from affekt.methods.compact_face.preprocess import CompactFacePreprocess
from affekt.core.spec import InputSpec, TensorSpec
from affekt.core.weights import KeyMap
import numpy as np

WEIGHTS = KeyMap(())

class Config(CompactFaceConfig):
    freeze_backbone: bool = True
    noisy: bool = False
    scale: float = 1.0

class Preprocess(CompactFacePreprocess):
    def __init__(self, config, state=None):
        super().__init__(config, state)
        contrast = TensorSpec(name="contrast", axes="b d", shape=(1,), meaning="largest level")
        self.spec = InputSpec(inputs=(*self.spec.inputs, contrast))

    def __call__(self, sample, *, rng=None):
        image = super().__call__(sample, rng=rng)["image"]
        return {"image": image, "contrast": image.max().astype(np.float32)[None]}

    def views(self, sample):
        return [self(sample)]
"""
NETWORK = """
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from affekt.layers.cross_entropy import CrossEntropyObjective

class Output(NamedTuple):
    logits: Tensor

class Net(nn.Module):
    cached: ClassVar[tuple[str, ...]] = ("image",)

    def __init__(self, config):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2), nn.BatchNorm2d(8, affine=False), nn.ReLU(), nn.AdaptiveAvgPool2d(3),
            nn.Dropout(0.5 if config.noisy else 0.0), nn.Flatten(),
        )
        self.norm = nn.BatchNorm1d(73, affine=False)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(73, config.num_classes)
        self.config = config
        self.backbone.requires_grad_(not config.freeze_backbone)

    def train(self, mode=True):
        super().train(mode)
        if self.config.freeze_backbone:
            self.backbone[0].eval(), self.backbone[1].eval()
            if not self.config.noisy:
                self.backbone.eval()
        return self

    def features(self, entry):
        return self.backbone(entry) * self.config.scale

    def from_features(self, *, image, contrast):
        return Output(self.head(self.dropout(self.norm(torch.cat([image, contrast], dim=1)))))

    def forward(self, *, image, contrast):
        return self.from_features(image=self.features(image), contrast=contrast)

class Objective(CrossEntropyObjective):
    def __init__(self, config, criterion):
        super().__init__(config, criterion, inputs=("image", "contrast"))
"""
VALUES = {
    "method": "frozen_face",
    "data": {"name": "drawn_faces", "options": {"people": 8, "size": 24}},
    "config": {"size": 24},
    "optimizer": {"name": "adamw", "lr": 3e-3},
    "train": {"epochs": 2, "batch_size": 16, "threads": 1, "cached_views": 2},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an installed package that brings a method, and weights for its backbone."""
    folder = tmp_path_factory.mktemp("place")
    method = folder / "their_faces"
    method.mkdir()
    for name, text in (
        ("card.toml", CARD),
        ("__init__.py", METHOD),
        ("method.py", PARTS_OF_METHOD),
        ("network.py", NETWORK),
    ):
        (method / name).write_text(text)
    info = folder / "their_faces-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-faces\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[affekt.methods]\nfrozen_face = their_faces\n")
    sys.path.insert(0, str(folder))
    clear()
    for name, seed in (("weights", 0), ("others", 1)):
        torch.manual_seed(seed)
        state = new_model().backbone.state_dict(prefix="backbone.")
        with write_sealed(folder / name, {"kind": "weights", "method": "frozen_face"}) as work:
            save_file(state, work / "model.safetensors")
    yield folder
    sys.path.remove(str(folder))
    clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "their_faces"]:
        del sys.modules[name]


def clear():
    for found in (catalog._methods, catalog._adapters, catalog.method, catalog.dataset):
        found.cache_clear()


def new_model(**config):
    method = catalog.method("frozen_face")
    return method.load("model")(method.make_config(config))


def recipe_of(**changes):
    train_values = {**VALUES["train"], **changes.pop("train", {})}
    config = {**VALUES["config"], **changes.pop("config", {})}
    return Recipe.from_values({**VALUES, **changes, "config": config, "train": train_values})


@pytest.fixture
def counted(monkeypatch):
    """How many views were drawn and how many entries passed the backbone so far."""
    counts = {"views": 0, "features": 0}
    method = catalog.method("frozen_face")
    preprocess, model = method.load("preprocess"), method.load("model")
    call, features = preprocess.__call__, model.features

    def watched_call(self, sample, *, rng=None):
        counts["views"] += 1
        return call(self, sample, rng=rng)

    def watched_features(self, entry):
        counts["features"] += 1
        return features(self, entry)

    monkeypatch.setattr(preprocess, "__call__", watched_call)
    monkeypatch.setattr(model, "features", watched_features)
    return counts


@pytest.fixture
def fill(place, tmp_path):
    """A function that fills the cache of this test."""

    def run(weights="weights", **changes):
        return fill_ahead(recipe_of(**changes), weights=[place / weights], cache=tmp_path / "cache")

    return run


@pytest.fixture
def run_it(place, tmp_path):
    """A function that trains with the cache of this test."""

    def run(runs="runs", **changes):
        return train(
            recipe_of(**changes),
            weights=[place / "weights"],
            runs=tmp_path / runs,
            cache=tmp_path / "cache",
            progress=False,
        )

    return run


def files_of(filled):
    return sorted(filled.folder.glob("*.safetensors"))


def test_an_epoch_neither_decodes_nor_runs_the_backbone(run_it, fill, counted, monkeypatch):
    filled = fill()
    assert counted["views"] == filled.computed + sum(file_views(file) - 1 for file in files_of(filled))
    monkeypatch.setattr("affekt.engine.train.finish", lambda *_: None)  # calibration runs the whole network
    counted.update(views=0, features=0)
    run = run_it(train={"epochs": 3})
    assert counted == {"views": 0, "features": 0}
    assert run.metrics()[-1]["train/loss"] < run.metrics()[0]["train/loss"]


def file_views(file):
    return len({name.partition(".")[0] for name in load_file(file)})


def test_cached_features_are_those_of_the_network(fill, run_it):
    """Without augmentation, cached and other runs differ by the rounding of float16 only."""
    still = {"mirror": False, "turn_deg": 0.0, "stretch": 0.0, "shift": 0.0, "light": 0.0, "erase": 0.0}
    rows = [run_it(config={"augment": still}, train={"cached_views": views}).metrics() for views in (0, 1)]
    for plain, kept in zip(*rows, strict=True):
        for name in ("train/loss", "validation/loss"):
            assert kept[name] == pytest.approx(plain[name], rel=2e-3)


def test_features_are_kept_within_the_error_of_half_precision(place, fill):
    filled = fill(train={"cached_views": 1})
    recipe = recipe_of()
    method, samples = (
        catalog.method("frozen_face"),
        open_dataset("drawn_faces", None, VALUES["data"]["options"]),
    )
    model = new_model(**recipe.config)
    model.load_state_dict(load_file(place / "weights" / "model.safetensors"), strict=False)
    preprocess = method.load("preprocess")(method.make_config(recipe.config))
    cache = FeatureCache(
        filled.folder.parent,
        json.loads((filled.folder / "key.json").read_text()),
        features=model.cached,
        inputs=preprocess.spec.names,
    )
    compared = 0
    for sample in samples.samples:
        if (file := cache.file(sample, Views())).is_file():
            arrays, kept = preprocess(sample), cache.read(file, 0)
            exact = model.eval().features(torch.from_numpy(arrays["image"])[None])[0].detach()
            torch.testing.assert_close(torch.from_numpy(kept["image"]), exact, rtol=2**-11, atol=3e-8)
            assert kept["image"].dtype == np.float32
            assert kept["contrast"] == arrays["contrast"]
            compared += 1
    assert compared > 0


def test_a_second_filling_computes_nothing(fill, counted):
    first = fill()
    counted.update(views=0, features=0)
    again = fill()
    assert (again.computed, again.reused, again.bytes) == (0, first.computed, first.bytes)
    assert counted == {"views": 0, "features": 0}


def test_each_epoch_reads_another_view(fill, run_it, monkeypatch):
    seen = {}

    class Watched(FeatureCache):
        def read(self, file, view):
            seen.setdefault(file, []).append(view)
            return super().read(file, view)

    monkeypatch.setattr("affekt.engine.features.filling.FeatureCache", Watched)
    monkeypatch.setattr("affekt.engine.loading._HELD_BYTES", 0)  # else each view is read once
    run_it(train={"epochs": 4})
    shown = list(seen.values())
    assert [0, 0, 0, 0] in shown  # validation has one view
    assert [0, 1, 0, 1] in shown and [1, 0, 1, 0] in shown
    assert len({tuple(views) for views in shown}) == 3


def test_views_of_a_sample_differ_and_do_not_depend_on_the_process(fill, tmp_path):
    first = fill(train={"workers": 2})
    pair = next(file for file in files_of(first) if file_views(file) == 2)
    held = load_file(pair)
    assert not torch.equal(held["0.image"], held["1.image"])
    before = {file.name: file.read_bytes() for file in files_of(first)}
    shutil.rmtree(tmp_path / "cache")
    assert {file.name: file.read_bytes() for file in files_of(fill())} == before


def test_more_views_begin_with_the_same_ones(fill):
    few = {load_file(file)["0.image"].numpy().tobytes() for file in files_of(fill())}
    filled = fill(train={"cached_views": 3})
    assert few <= {load_file(file)["0.image"].numpy().tobytes() for file in files_of(filled)}


def test_folds_share_their_features(fill):
    first = fill(split={"scheme": "k_fold", "folds": 4, "fold": 0})
    second = fill(split={"scheme": "k_fold", "folds": 4, "fold": 1})
    assert second.folder == first.folder
    assert 0 < second.computed < first.computed


@pytest.mark.parametrize("damage", ["cut off", "a bit flipped", "empty", "of another sample", "other views"])
def test_a_file_that_is_not_what_was_written_is_computed_again(fill, damage, caplog):
    filled = fill()
    pairs = [file for file in files_of(filled) if file_views(file) == 2]
    victim, other = pairs[0], pairs[1]
    right = victim.read_bytes()
    if damage == "cut off":
        victim.write_bytes(right[:-7])
    elif damage == "a bit flipped":
        victim.write_bytes(right[:-3] + bytes([right[-3] ^ 4]) + right[-2:])
    elif damage == "empty":
        victim.write_bytes(b"")
    elif damage == "of another sample":
        victim.write_bytes(other.read_bytes())
    else:
        with safe_open(victim, framework="pt") as content:
            metadata = content.metadata()
        save_file({k: v for k, v in load_file(victim).items() if k.startswith("0.")}, victim, metadata)
    with caplog.at_level(logging.WARNING, "affekt"):
        again = fill()
    assert (again.computed, victim.read_bytes()) == (1, right)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{victim} is computed again" in line


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path, {"method": "none"}, features=("image",), inputs=("image",))


def test_a_file_that_holds_too_few_views_or_names_is_not_used(cache):
    file = cache.folder / "a.safetensors"
    again = FeatureCache(cache.folder.parent, {"method": "none"}, features=("image",), inputs=("image",))
    for views in ([{"image": np.ones(2)}], [{"image": np.ones(2)}, {"sound": np.ones(2)}]):
        cache.write(file, views)
        assert not again.has(file, 2)


def test_a_file_that_another_process_writes_again_stays(cache):
    file = cache.folder / "a.safetensors"
    cache.write(file, [{"image": np.ones(2)}])
    right = file.read_bytes()
    file.write_bytes(right[:-1])
    one, other = (
        FeatureCache(cache.folder.parent, {"method": "none"}, features=("image",), inputs=("image",))
        for _ in range(2)
    )
    problem, raced = one._problem, []

    def found_late(place, count):
        found = problem(place, count)
        if not raced:
            raced.append(other.write(file, [{"image": np.ones(2)}]))  # meanwhile
        return found

    one._problem = found_late
    assert not one.has(file, 1)
    assert file.read_bytes() == right and one.has(file, 1) and other.has(file, 1)


def test_a_file_that_changes_during_an_epoch_stops_the_run(cache):
    file = cache.folder / "a.safetensors"
    cache.write(file, [{"image": np.ones(100)}])
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(FolderError, match=r"was changed or removed while it was in use(.|\n)*--resume"):
        cache.read(file, 0)
    file.unlink()
    with pytest.raises(FolderError, match="removed"):
        cache.read(file, 0)
    fresh = FeatureCache(cache.folder.parent, {"method": "none"}, features=("image",), inputs=("image",))
    save_file({"0.image": torch.ones(3)}, file)
    with pytest.raises(FolderError, match="checksum"):
        fresh.read(file, 0)


def test_a_partial_file_is_not_used_and_is_removed_after_a_day(cache):
    partial = cache.folder / ".a.1.partial"
    partial.write_bytes(b"half")
    again = FeatureCache(cache.folder.parent, {"method": "none"}, features=("image",), inputs=("image",))
    assert partial.exists() and not again.has(cache.folder / "a.safetensors", 1)
    os.utime(partial, (0, 0))
    FeatureCache(cache.folder.parent, {"method": "none"}, features=("image",), inputs=("image",))
    assert not partial.exists()


# Written by affekt in November 2026: 1.0 and 2.0 as "0.image" of "0000", in a cache of OLD_KEY.
OLD_KEY = {"method": "none", "dtype": "float16"}
OLD_FOLDER = "none-b54ead3740b83cf6"
OLD_FILE = (
    b"\xa0\0\0\0\0\0\0\0"
    b'{"__metadata__":{"checksum":"c44c61f54551237ff1a4b17ba12a5c4147594b8ab8a4bad6d19d25ffc7720070"},'
    b'"0.image":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}     \x00\x3c\x00\x40'
)


def test_a_cache_that_was_filled_before_is_read(tmp_path):
    file = tmp_path / OLD_FOLDER / "0000.safetensors"
    file.parent.mkdir()
    file.write_bytes(OLD_FILE)
    cache = FeatureCache(tmp_path, OLD_KEY, features=("image",), inputs=("image",))
    assert cache.folder == file.parent
    assert cache.has(file, 1)
    np.testing.assert_array_equal(cache.read(file, 0)["image"], [1.0, 2.0])


def test_a_cache_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot be used as a cache"):
        FeatureCache(tmp_path / "file", {"method": "none"}, features=(), inputs=())


@pytest.mark.parametrize("change", ["weights", "config", "preprocessing"])
def test_other_weights_config_or_preprocessing_have_other_features(fill, change, monkeypatch):
    first = fill()
    if change == "weights":
        second = fill("others")
    elif change == "config":
        second = fill(config={"scale": 2.0})
    else:
        preprocess = catalog.method("frozen_face").load("preprocess")
        monkeypatch.setattr(preprocess, "fit", lambda self, samples: {"mean": 1.0})
        second = fill()
    assert second.folder != first.folder
    assert (second.computed, second.reused) == (first.computed, 0)


def test_the_key_of_features_does_not_depend_on_the_head(place):
    model = new_model(size=24)
    frozen = frozen_tensors(model)
    assert {name.partition(".")[0] for name in frozen} == {"backbone"}
    assert "backbone.1.running_mean" in frozen
    unfrozen = new_model(size=24, freeze_backbone=False)
    assert not frozen_tensors(unfrozen)


def test_a_sample_is_identified_by_its_media(tmp_path):
    def digest(media, **more):
        return sample_digest(Sample("a", media, **more), Views())

    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"abc")
    os.utime(clip, ns=(5, 5))
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "1.jpg").write_bytes(b"abc")
    first, pictures = digest({"video": clip}), digest({"video": frames})
    assert (
        first
        == digest({"video": str(clip)})
        == digest({"video": clip}, label="joy", split="train", subject="x")
    )
    assert first != digest({"video": clip}, span_s=(0.0, 1.0))
    assert first != digest({"audio": clip})
    clip.write_bytes(b"abcd")
    os.utime(clip, ns=(5, 5))
    longer = digest({"video": clip})
    os.utime(clip, ns=(6, 6))
    assert len({first, longer, digest({"video": clip})}) == 3
    (frames / "2.jpg").write_bytes(b"abc")
    assert digest({"video": frames}) != pictures
    clip.unlink()
    assert digest({"video": clip}) not in (first, longer)


def test_decoded_media_are_identified_by_their_arrays():
    def digest(pixels, text="x" * 5000):
        return sample_digest(Sample("a", {"image": pixels, "text": text}), Views())

    walk = open_dataset("walkers").samples[0]
    pixels = np.zeros((4, 4), np.uint8)
    other = pixels.copy()
    other[0, 0] = 1
    assert digest(pixels) == digest(pixels.copy())
    assert len({digest(pixels), digest(other), digest(pixels.reshape(2, 8)), digest(pixels, "y")}) == 4
    assert sample_digest(walk, Views()) == sample_digest(walk, Views())
    assert sample_digest(walk, Views()) != sample_digest(walk, Views(2, seed=0))


def test_a_network_without_a_frozen_backbone_is_refused(place, run_it, fill):
    with pytest.raises(
        ConfigError, match=r"bpm_gcn cannot be split: it lacks cached, features, from_features"
    ):
        train(
            Recipe.from_values(
                {"method": "bpm_gcn", "data": {"name": "walkers"}, "train": {"cached_views": 1}}
            ),
            runs=place / "refused",
            progress=False,
        )
    with pytest.raises(ConfigError, match=r"no part .* is frozen: set config\.freeze_backbone = true"):
        fill(config={"freeze_backbone": False})


def test_a_backbone_that_is_trained_in_part_is_refused(place):
    model = new_model(size=24)
    model.backbone[0].bias.requires_grad_(True)
    config = catalog.method("frozen_face").make_config({"size": 24})
    backbone = FrozenBackbone(model, "frozen_face", config, CPU)
    with pytest.raises(ConfigError, match=r"changes in training \(backbone\.0\.bias\)"):
        backbone({"image": np.ones((1, 24, 24), np.float32)})


def test_a_backbone_with_statistics_of_its_own_batches_is_refused(place):
    model = new_model(size=24)
    model.train = lambda mode=True: torch.nn.Module.train(model, mode)
    config = catalog.method("frozen_face").make_config({"size": 24})
    with pytest.raises(ConfigError, match=r"changes in training \(backbone\.1\.running_mean"):
        FrozenBackbone(model, "frozen_face", config, CPU)({"image": np.ones((1, 24, 24), np.float32)})


def test_a_random_backbone_is_refused(fill):
    with pytest.raises(ConfigError, match="differs in training mode"):
        fill(config={"noisy": True})


def test_features_beyond_half_precision_are_refused(fill):
    with pytest.raises(AffektError, match=r"features of image reach .* below 65504"):
        fill(config={"scale": 1e8})


def test_the_wrapped_network_adds_no_parameters(place):
    recipe = recipe_of()
    model = new_model(size=24)
    module = TrainingModule(model, torch.nn.Linear(1, 1), ("image", "contrast"), recipe, SingleLabelScorer())
    names = set(module.state_dict())
    assert isinstance(module.network, FeatureNetwork)
    assert set(module.state_dict()) == names
    assert names == {f"model.{name}" for name in model.state_dict()} | {"objective.weight", "objective.bias"}
    assert module.train().network.training and not module.eval().network.training


def test_a_broken_item_is_skipped(fill, run_it, monkeypatch):
    preprocess = catalog.method("frozen_face").load("preprocess")
    call = preprocess.__call__

    def fragile(self, sample, *, rng=None):
        if sample.id.endswith(("anger-1", "anger-01")):
            raise MediaError("a torn picture")
        return call(self, sample, rng=rng)

    monkeypatch.setattr(preprocess, "__call__", fragile)
    monkeypatch.setattr("affekt.engine.train.finish", lambda *_: None)
    filled = fill()
    assert filled.computed > 0 and len(filled.skipped) > 1
    assert all("anger" in line and "a torn picture" in line for line in map(str, filled.skipped))
    run = run_it()
    assert "a torn picture" in (run.path / "log.txt").read_text()
    assert len(run.metrics()) == 2


def test_the_cache_lies_beside_the_runs_by_default(monkeypatch):
    monkeypatch.delenv("AFFEKT_CACHE", raising=False)
    assert cache_root(None, Path("out/runs")) == Path("out/cache")
    monkeypatch.setenv("AFFEKT_CACHE", "elsewhere")
    assert cache_root(None, Path("out/runs")) == Path("elsewhere")
    assert cache_root("here", Path("out/runs")) == Path("here")


def test_the_digest_of_a_recipe_depends_on_the_number_of_views(place):
    digests = [recipe_of(train={"cached_views": views}).digest() for views in (0, 1, 2)]
    assert len(set(digests)) == 3
    without = {key: value for key, value in VALUES["train"].items() if key != "cached_views"}
    assert Recipe.from_values({**VALUES, "train": without}).digest() == digests[0]


def toml(epochs):
    return (
        'method = "frozen_face"\nconfig = {size = 24}\noptimizer = {name = "adamw", lr = 3e-3}\n'
        'data = {name = "drawn_faces", options = {people = 8, size = 24}}\n'
        f"[train]\nepochs = {epochs}\n"
        "batch_size = 4\nthreads = 1\ncached_views = 2\nweight_average = 0.9\n"
    )


def command(place, folder, *words):
    code = "from affekt.cli.main import run; run()"
    more = ["--weights", str(place / "weights"), "--cache", str(folder / "cache")]
    environment = {**os.environ, "PYTHONPATH": str(place)}
    return {"args": [sys.executable, "-c", code, *words, *more], "env": environment}


def test_data_cache_fills_ahead_and_reports_what_it_did(place, tmp_path):
    (tmp_path / "recipe.toml").write_text(toml(1))
    words = ["data", "cache", str(tmp_path / "recipe.toml"), "--cache", str(tmp_path / "cache"), "--json"]
    words += ["--weights", str(place / "weights")]
    first, second = (json.loads(CliRunner().invoke(app, words).stdout) for _ in range(2))
    assert first["computed"] == second["reused"] > 0
    assert second["computed"] == first["reused"] == 0
    assert (
        first["bytes"] == second["bytes"] == sum(f.stat().st_size for f in Path(first["folder"]).glob("*.s*"))
    )
    refused = CliRunner().invoke(app, [*words, "--set", "train.cached_views=0"])
    assert isinstance(refused.exception, ConfigError) and "set the number of views" in str(refused.exception)
    assert "Example: affekt data cache" in CliRunner().invoke(app, ["data", "cache", "--help"]).output


def test_two_processes_fill_one_cache(place, tmp_path, fill):
    (tmp_path / "recipe.toml").write_text(toml(1))
    call = command(place, tmp_path, "data", "cache", str(tmp_path / "recipe.toml"), "--json")
    both = [
        subprocess.Popen(**call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    folder = Path(json.loads(outputs[0][0])["folder"])
    assert not list(folder.glob(".*"))
    before = {file: file.read_bytes() for file in folder.glob("*.safetensors")}
    again = fill()
    assert (again.folder, again.computed, again.reused) == (folder, 0, len(before))


def test_a_cached_run_that_was_killed_and_resumed_has_the_result_of_one_that_was_not(place, warm, tmp_path):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    for folder in (straight, killed):
        folder.mkdir()
        (folder / "recipe.toml").write_text(toml(6))
    words = ["train", "recipe.toml", "--runs", "runs", "--cache", "cache"]
    start, plugins = ["--weights", place / "weights"], {"paths": [str(place)]}
    done = warm([*words, *start], straight, **plugins)
    assert done["ended"] == 0, Path(f"{straight}.log").read_text()
    ended = warm([*words, *start], killed, change=round(0.6 * done["changes"]), **plugins)["ended"]
    assert ended == -signal.SIGKILL, Path(f"{killed}.log").read_text()
    (victim, *_) = sorted((killed / "cache").rglob("*.safetensors"))
    victim.write_bytes(victim.read_bytes()[:-1])
    runs = [next((folder / "runs").rglob("recipe.toml")).parent for folder in (straight, killed)]
    assert 1 <= len((runs[1] / "metrics.jsonl").read_text().splitlines()) < 6
    # The run's own recipe needs no weights: the backbone is in the checkpoint, and features that
    # were lost are computed from it.
    words[1] = runs[1] / "recipe.toml"
    ended = warm([*words, "--resume"], killed, **plugins)["ended"]
    assert ended == 0, Path(f"{killed}.log").read_text()
    for name in (
        "metrics.jsonl",
        "checkpoints/last/model.safetensors",
        "checkpoints/last/trainer.safetensors",
    ):
        ours, theirs = ((run / name).read_bytes() for run in runs)
        assert ours == theirs, name
    assert len((runs[0] / "metrics.jsonl").read_text().splitlines()) == 6


def test_features_in_another_precision_have_another_key(fill):
    exact, again = fill(), fill(train={"precision": "32"})
    rounded = fill(train={"precision": "bf16-mixed"})
    assert again.folder == exact.folder != rounded.folder
    assert "precision" not in json.loads((exact.folder / "key.json").read_text())
    assert json.loads((rounded.folder / "key.json").read_text())["precision"] == "bf16-mixed"


def test_a_backbone_computes_in_the_precision_of_the_recipe(place):
    config = catalog.method("frozen_face").make_config({"size": 24})
    image = {"image": np.linspace(0, 1, 24 * 24, dtype=np.float32).reshape(1, 24, 24)}
    exact, rounded = (
        FrozenBackbone(
            new_model(size=24), "frozen_face", config, CPU, dtype=np.dtype(np.float32), precision=precision
        )
        for precision in ("32", "bf16-mixed")
    )
    rounded.model.load_state_dict(exact.model.state_dict())
    one, other = exact(image)["image"], rounded(image)["image"]
    assert other.dtype == np.float32 and not np.array_equal(one, other)
    np.testing.assert_allclose(other, one, rtol=0.05, atol=0.02)
