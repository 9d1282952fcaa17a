"""Features of the videos of a data set from a frozen encoder, in the layout of the data set."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, DataError, MediaError, UsageError
from affekt.core.files.sealed import write_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.engine.features.extract import extract
from affekt.engine.features.index import INDEX, FeatureHeader, is_whole, places_of, read_entries
from affekt.engine.features.keys import digest_of
from affekt.engine.train import train
from affekt.media.cells import log_mel_rows
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.write import write_clip

RATE_HZ = 12.0
WHOLE, PART, MUTE = "1_Demo_whole", "2_Demo_part", "3_Demo_mute"
FRAMES = {WHOLE: 144, PART: 150, MUTE: 160}  # 16 to a cell: 9, 9.4 and 10 cells
SPLITS = {"train": (WHOLE, MUTE), "test": (PART,)}
SMALL = {"audio_widths": [4, 8], "align": 16, "hidden": 32, "dropout": 0.0}
ENCODER = {"encoder": "resnet_3d", "height": 32, "size": 32, "blocks": [1, 1, 1, 1], "stem": 4}
WIDTH = 128


def picture(frames, seed=0) -> VideoFrames:
    rng = np.random.default_rng(seed)
    spots = np.kron(rng.integers(0, 255, (5, 5, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    pixels = np.stack([np.roll(spots, 2 * step, axis=1)[:32, :36] for step in range(frames)])
    return VideoFrames(pixels, np.arange(frames) / RATE_HZ, frames / RATE_HZ)


def sound(seconds, seed=0) -> Waveform:
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 16000)) / 16000
    tone = 0.2 * np.sin(2 * np.pi * (300 + 40 * t) * t) + 0.02 * rng.standard_normal(len(t))
    return Waveform(tone.astype(np.float32)[None], 16000)


def put_video(home, name, *, seed=0, heard_s: float | None = -1.0):
    """A video of the data set; `heard_s` seconds of sound, the length of the video if negative, or none."""
    frames = FRAMES[name]
    lasts_s = frames / RATE_HZ
    track = None if heard_s is None else sound(lasts_s if heard_s < 0 else heard_s, seed)
    write_clip(home / "videos" / f"{name}.mp4", picture(frames, seed), track)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A data set of three videos, one without sound. Tests do not change it."""
    root = tmp_path_factory.mktemp("filmed")
    home = root / "VideoSenti"
    for seed, name in enumerate(FRAMES):
        put_video(home, name, seed=seed, heard_s=None if name == MUTE else -1.0)
    for split, names in SPLITS.items():
        (home / f"split_{split}.txt").write_text("\n".join(names) + "\n")
    database = {
        name: {
            "annotations": [{"segment": ["1.0", "4.5"], "label": "p"}, {"segment": ["6", "8"], "label": "n"}]
        }
        for name in FRAMES
    }
    (home / "videosenti_gt.json").write_text(json.dumps({"database": database}))
    (home / "fps_dict.json").write_text(json.dumps(dict.fromkeys(FRAMES, RATE_HZ)))
    rows = ["class,class_index,start_frame,stop_frame,video_id,point"]
    for name in SPLITS["train"]:
        rows += [f"p,1,12,54,{name},33", f"n,0,72,96,{name},84"]
    (home / "point_gaussian").mkdir()
    (home / "point_gaussian" / "point_labels.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Folders with weights of two encoders, as `convert` makes them."""
    folder = tmp_path_factory.mktemp("weights")
    for name, seed in (("one", 0), ("other", 1)):
        torch.manual_seed(seed)
        state = network_of(recipe_of()).frames.state_dict(prefix="frames.")
        with write_sealed(folder / name, {"kind": "weights", "method": "tsl_net", "config": {}}) as work:
            save_file(state, work / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def made(filmed, weights, tmp_path_factory):
    """Features of that data set. Tests do not change it."""
    return extract(
        recipe_of(), "tsl300", tmp_path_factory.mktemp("made"), data_root=filmed, weights=[weights / "one"]
    )


@pytest.fixture
def again(filmed, weights, made, tmp_path):
    """A copy of the data set at `again.data` and of its features, and a function that continues them."""
    shutil.copytree(filmed, tmp_path / "data")
    shutil.copytree(made.path, tmp_path / "out")

    def run(**changes):
        values = {"data_root": tmp_path / "data", "weights": [weights / "one"], **changes}
        return extract(values.pop("recipe", recipe_of()), "tsl300", tmp_path / "out", **values)

    run.data, run.out = tmp_path / "data" / "VideoSenti", tmp_path / "out"
    return run


def recipe_of(frames=ENCODER, **config):
    """A recipe whose input is raw frames, or features where `frames` is None."""
    sees = {"feature_width": WIDTH} if frames is None else {"frames": frames}
    return Recipe.from_values(
        {
            "method": "tsl_net",
            "data": {"name": "tsl300"},
            "config": {**SMALL, **sees, **config},
            "selection": {"metric": "map"},
            "split": {"validate_on_test": True},
            "train": {"epochs": 1, "batch_size": 1, "threads": 1, "accelerator": "cpu"},
        }
    )


def network_of(recipe):
    method = catalog.method(recipe.method)
    return method.load("model")(method.make_config(recipe.config))


def arrays_of(recipe, root, name):
    """Preprocessed arrays of a sample of a data set."""
    method = catalog.method(recipe.method)
    samples = {sample.id: sample for sample in open_dataset("tsl300", root).samples}
    return method.load("preprocess")(method.make_config(recipe.config))(samples[name])


def features_of(filmed, weights, name):
    """Features of the network in training: in training mode, from raw frames."""
    from affekt.engine.weights.initial import read_weights, start_from

    recipe = recipe_of()
    model = network_of(recipe).train()
    start_from(model, read_weights([weights / "one"]), catalog.method("tsl_net"))
    clips = torch.from_numpy(arrays_of(recipe, filmed, name)["clips"])
    with torch.no_grad():
        return model.features(clips[None])[0].numpy()


def stored(root, kind, name):
    split = next(split for split, names in SPLITS.items() if name in names)
    return root / "features" / split / kind / f"{name}.npy"


def state_of(root):
    return {path.relative_to(root): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def entries_of(root):
    return {entry["id"]: entry for entry in map(json.loads, (root / INDEX).read_text().splitlines()[1:])}


# What is written


@pytest.mark.parametrize("name", FRAMES)
def test_features_are_those_of_the_network_in_training(filmed, weights, made, name):
    rows = np.load(stored(made.path, "rgb", name))
    assert (rows.dtype, rows.shape) == (np.float32, (-(-FRAMES[name] // 16), WIDTH))
    np.testing.assert_allclose(rows, features_of(filmed, weights, name), rtol=1e-5, atol=1e-6)
    assert np.ptp(rows, axis=0).max() > 1e-3, "cells differ"


@pytest.mark.parametrize("name", [WHOLE, PART])
def test_sound_is_kept_as_rows_in_decibels(filmed, made, name):
    rows = np.load(stored(made.path, "logmfcc", name))
    file = filmed / "VideoSenti" / "videos" / f"{name}.mp4"
    video = open_video(file)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, log_mel_rows(file, len(video) / video.end_s))
    assert -100 <= rows.min() < -20 < rows.max()


@pytest.mark.parametrize("name", [WHOLE, MUTE])
def test_arrays_read_from_features_are_those_of_the_video(filmed, weights, made, name):
    raw, read = arrays_of(recipe_of(), filmed, name), arrays_of(recipe_of(frames=None), made.path, name)
    np.testing.assert_array_equal(read["logmel"], raw["logmel"])
    np.testing.assert_allclose(read["rgb"], features_of(filmed, weights, name), rtol=1e-5, atol=1e-6)


def test_a_cell_that_is_not_full_is_stored_and_skipped_by_the_reader(made):
    assert len(np.load(stored(made.path, "rgb", PART))) == 10
    assert {len(array) for array in arrays_of(recipe_of(frames=None), made.path, PART).values()} == {9}


def test_a_video_without_sound_has_no_file_of_it_and_a_note(made):
    assert not stored(made.path, "logmfcc", MUTE).exists()
    (noted,) = made.noted
    assert noted.id == MUTE and "no sound" in " ".join(noted.notes)


def test_the_data_set_is_read_from_its_features_alone(filmed, made):
    before, after = (open_dataset("tsl300", root) for root in (filmed, made.path))
    for one, other in zip(before.samples, after.samples, strict=True):
        assert replace(one, media={}) == replace(other, media={})
        assert set(other.media) == {"rgb", "logmel"} - ({"logmel"} if one.id == MUTE else set())
    assert not list(made.path.rglob(".*"))


def test_a_network_trains_on_features(made, tmp_path):
    run = train(recipe_of(frames=None), data_root=made.path, runs=tmp_path, progress=False)
    assert np.isfinite(run.metrics()[-1]["train/loss"])


def test_nothing_is_written_into_the_data_set(again):
    before = state_of(again.data.parent)
    shutil.rmtree(again.out)
    again()
    assert state_of(again.data.parent) == before


@pytest.mark.parametrize(("heard_s", "note"), [(6.0, "before its picture"), (18.0, "after its picture")])
def test_sound_of_another_length_is_cut_or_padded_as_in_training(again, heard_s, note):
    put_video(again.data, WHOLE, heard_s=heard_s)
    (entry,) = (entry for entry in again().entries if entry.id == WHOLE)
    assert note in " ".join(entry.notes)
    raw, read = (
        arrays_of(recipe_of(frames=frames), root, WHOLE)
        for frames, root in ((ENCODER, again.data), (None, again.out))
    )
    np.testing.assert_array_equal(read["logmel"], raw["logmel"])


# Continuing


def test_what_is_done_is_kept_and_not_encoded_again(again, monkeypatch):
    model = catalog.method("tsl_net").load("model")
    monkeypatch.setattr(model, "features", lambda self, clips: pytest.fail("encoded again"))
    before = state_of(again.out / "features")
    seen: list[tuple[int, int]] = []
    found = again(on_item=lambda done, total: seen.append((done, total)))
    assert (found.fresh, found.kept, found.broken, found.width) == (0, 3, [], WIDTH)
    assert seen == [(3, 3)]
    assert state_of(again.out / "features") == before


# Written by affekt in November 2026; the third line was cut off by a kill.
OLD_INDEX = """\
{"dataset":"tsl300","digest":"6e5edef8e26e54c820fbfda4e3031b9fda5f161352ad34a262e36f25e5dfd78d",\
"encoder":{"method":"none","config":{"align":16}},"schema":1}
{"id":"7_Demo_1","source":"8d0c","files":{"rgb":{"path":"features/train/rgb/7_Demo_1.npy","bytes":136,\
"sha256":"79831cd4aeac023cbe88c9f7aff63917cd33a4427e3a5856bbd2759f3128842b","shape":[1,2]}},\
"notes":["no sound"],"reason":null}
{"id":"8_Demo_1","source":"8d0d","files":{"rg"""


def test_features_that_were_made_before_are_kept(tmp_path):
    (tmp_path / INDEX).write_text(OLD_INDEX)
    place = "features/train/rgb/7_Demo_1.npy"
    (tmp_path / place).parent.mkdir(parents=True)
    np.save(tmp_path / place, np.array([[1, 2]], np.float32))
    encoder = {"method": "none", "config": {"align": 16}}
    header = FeatureHeader(dataset="tsl300", digest=digest_of(encoder), encoder=encoder)
    (entry,) = read_entries(tmp_path, header).values()
    assert (entry.id, entry.notes, entry.files["rgb"].shape) == ("7_Demo_1", ("no sound",), (1, 2))
    assert is_whole(tmp_path, entry, "8d0c", {"rgb": place})
    assert not is_whole(tmp_path, entry, "8d0d", {"rgb": place}), "of another video"


def test_a_run_that_was_killed_is_continued(again):
    index = (again.out / INDEX).read_bytes().splitlines(keepends=True)
    (again.out / INDEX).write_bytes(b"".join(index[:2]) + index[2][:40])
    (again.out / "features" / "train" / "rgb" / ".x.npy.7.partial").write_bytes(b"left by a kill")
    found = again()
    assert (found.fresh, found.kept) == (2, 1)
    assert [entry["files"] for entry in entries_of(again.out).values()] == [
        json.loads(line)["files"] for line in index[1:]
    ]
    assert not list(again.out.rglob(".*"))


@pytest.mark.parametrize("kind", ["rgb", "logmfcc"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_a_damaged_file_is_made_again(again, made, kind, harm):
    file = stored(again.out, kind, WHOLE)
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.unlink()
    if harm != "remove":
        file.write_bytes(content if harm == "flip" else content[:-100])
    found = again()
    assert (found.fresh, found.kept) == (1, 2)
    assert file.read_bytes() == stored(made.path, kind, WHOLE).read_bytes()


def test_a_video_that_changed_is_encoded_again(again):
    before = np.load(stored(again.out, "rgb", WHOLE))
    put_video(again.data, WHOLE, seed=7, heard_s=None)
    found = again()
    assert (found.fresh, found.kept) == (1, 2)
    assert np.abs(np.load(stored(again.out, "rgb", WHOLE)) - before).max() > 1e-3
    assert not stored(again.out, "logmfcc", WHOLE).exists(), "the sound of the old one"


def test_a_corrected_annotation_is_copied_and_needs_no_encoding(again):
    (again.data / "fps_dict.json").write_text(json.dumps(dict.fromkeys(FRAMES, 12.5)))
    assert again().fresh == 0
    assert {it.facts["rate_hz"] for it in open_dataset("tsl300", again.out).samples} == {12.5}


def test_a_broken_video_is_listed_and_the_rest_is_finished(again):
    file = again.data / "videos" / f"{WHOLE}.mp4"
    whole = file.read_bytes()
    file.write_bytes(whole[:300])
    put_video(again.data, MUTE, seed=5)
    found = again()
    assert (found.fresh, found.kept) == (2, 1)
    (entry,) = found.broken
    assert entry.id == WHOLE and f"{WHOLE}.mp4" in str(entry.reason)
    assert entries_of(again.out)[WHOLE]["reason"] == entry.reason
    assert not stored(again.out, "rgb", WHOLE).exists(), "features of what the file was before"
    assert stored(again.out, "logmfcc", MUTE).exists()
    file.write_bytes(whole)
    found = again()
    assert (found.fresh, found.kept, found.broken) == (1, 2, [])


def test_a_video_that_is_gone_or_too_short_is_listed(again):
    (again.data / "videos" / f"{WHOLE}.mp4").unlink()
    write_clip(again.data / "videos" / f"{MUTE}.mp4", picture(100), None)
    reasons = {entry.id: str(entry.reason) for entry in again().broken}
    assert "has no video" in reasons[WHOLE]
    assert "7 cells" in reasons[MUTE]


# What is refused


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"weights": "other"}, "encoder.tensors"), ({"recipe": recipe_of(align=8)}, "encoder.config.align")],
)
def test_features_of_two_encoders_are_never_written_into_one_folder(again, weights, changes, named):
    if "weights" in changes:
        changes = {"weights": [weights / changes["weights"]]}
    before = state_of(again.out)
    with pytest.raises(UsageError, match=f"was made with .*{named} = "):
        again(**changes)
    assert state_of(again.out) == before


def test_an_index_with_a_damaged_header_is_refused(again):
    (again.out / INDEX).write_text("{\n")
    with pytest.raises(UsageError, match=r"the first line of .* is damaged"):
        again()


def test_a_data_set_that_is_not_read_from_features_is_refused(weights, tmp_path):
    with pytest.raises(UsageError, match="long_shapes is not read from features"):
        extract(recipe_of(), "long_shapes", tmp_path / "out", weights=[weights / "one"])


def test_a_folder_of_features_has_no_videos(made, weights, tmp_path):
    with pytest.raises(UsageError, match="tsl300 has no videos"):
        extract(recipe_of(), "tsl300", tmp_path / "out", data_root=made.path, weights=[weights / "one"])


@pytest.mark.parametrize(
    ("place", "reason"),
    [("data/VideoSenti/out", "lies in the data set"), ("data", "lies in"), ("", "something else than a")],
)
def test_places_that_hold_something_else_are_not_changed(again, weights, place, reason):
    with pytest.raises(UsageError, match=reason):
        extract(
            recipe_of(),
            "tsl300",
            again.out.parent / place,
            data_root=again.out.parent / "data",
            weights=[weights / "one"],
        )


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (recipe_of(frames=None), "no encoder of its own for videos"),
        (
            recipe_of(frames={**ENCODER, "freeze": False}),
            "config: no part of the network of tsl_net is frozen",
        ),
        (recipe_of(), "frames is frozen but was not loaded"),
    ],
)
def test_networks_without_a_frozen_and_loaded_encoder_are_refused(filmed, tmp_path, recipe, reason):
    with pytest.raises(ConfigError, match=reason):
        extract(recipe, "tsl300", tmp_path / "out", data_root=filmed)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc/x", "a\\b", "a\0b", "x" * 300])
def test_ids_that_cannot_be_names_of_files_are_refused(tmp_path, name):
    layout = catalog.dataset("tsl300").features
    assert layout is not None
    with pytest.raises(MediaError, match="cannot be the name of a file"):
        places_of(tmp_path, layout, Sample(name, {}, split="train"))


def test_nothing_is_written_through_a_link_in_the_folder(again, tmp_path):
    shutil.rmtree(again.out / "features" / "test")
    (tmp_path / "elsewhere").mkdir()
    (again.out / "features" / "test").symlink_to(tmp_path / "elsewhere")
    (entry,) = again().broken
    assert entry.id == PART and "leads out of" in str(entry.reason)
    assert not list((tmp_path / "elsewhere").rglob("*"))


def test_a_full_disk_ends_the_run_and_the_next_one_continues_it(again, monkeypatch):
    shutil.rmtree(again.out)
    replace_file, full = os.replace, []

    def refuse(source, target):
        if str(target).endswith(f"{MUTE}.npy"):
            full.append(target)
            raise OSError(28, "No space left on device")
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(AffektError, match="cannot be written: No space left"):
        again()
    monkeypatch.undo()
    with pytest.raises(DataError):  # it is not read as the data set: its annotations are copied last
        open_dataset("tsl300", again.out)
    done = len(entries_of(again.out))
    assert full and again().kept == done > 0


# The command


def test_the_command_reports_what_it_did(filmed, weights, tmp_path):
    recipe = tmp_path / "video.toml"
    frames = ", ".join(f"{key} = {json.dumps(value)}" for key, value in ENCODER.items())
    recipe.write_text(
        f'method = "tsl_net"\ndata = {{name = "tsl300"}}\n[config]\nframes = {{{frames}}}\n'
        "audio_widths = [4, 8]\nalign = 16\n"
    )
    call = ["data", "prepare", "tsl300", "--data-root", str(filmed), "--output", str(tmp_path / "out")]
    wanted = ["--features", str(recipe), "--change", "config.hidden=32", "--weights", str(weights / "one")]
    done = CliRunner().invoke(app, [*call, *wanted, "--set", "points=shipped", "--json"])
    report = json.loads(done.stdout)
    assert {key: report[key] for key in ("videos", "extracted", "kept", "width", "broken")} == {
        "videos": 3, "extracted": 3, "kept": 0, "width": WIDTH, "broken": [],
    }  # fmt: skip
    assert [item["id"] for item in report["notes"]] == [MUTE]
    assert report["bytes"] == sum(path.stat().st_size for path in Path(tmp_path / "out").rglob("*.npy"))
    done = CliRunner().invoke(app, [*call, *wanted])
    assert done.exit_code == 0 and f"config.feature_width = {WIDTH}" in done.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--features", "a.toml", "--height", "120", "--workers", "2"], "--height, --workers has no effect"),
        (["--change", "seed=1"], "--change needs --features"),
    ],
)
def test_options_without_effect_are_refused(tmp_path, options, reason):
    done = CliRunner().invoke(app, ["data", "prepare", "tsl300", "--output", str(tmp_path / "out"), *options])
    assert isinstance(done.exception, UsageError) and reason in str(done.exception)
