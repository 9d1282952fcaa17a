"""Files of the authors are converted completely or refused."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import affekt
from affekt.core.errors import AffektError, ConfigError, FolderError, UsageError
from affekt.core.files.sealed import read_sealed
from affekt.engine.weights.checkpoint import model_weights
from affekt.engine.weights.convert import convert
from affekt.methods.poster_v2.config import PosterV2Config
from affekt.methods.poster_v2.image_branch import ImageBranch
from affekt.methods.poster_v2.landmark_branch import LandmarkBranch
from affekt.methods.poster_v2.model import PosterV2
from affekt.methods.poster_v2.weights import (
    IMAGE_BRANCH,
    IMAGE_BRANCH_ONE_LIST,
    LANDMARK_BRANCH,
    PUBLISHED_FILES,
    WEIGHTS,
)

UNITS = (3, 4, 14)  # of the published image branch; a file in one list has no others
SMALL = {"size": 32, "width": 8, "image_units": [1, 2, 1], "landmark_units": [1, 1, 2], "token_blocks": 1}


def stirred(module, seed=0):
    """Random weights that all have an influence: by default some gates are almost 0."""
    generator = torch.Generator().manual_seed(seed)
    for key, value in module.state_dict().items():
        if value.is_floating_point():
            noise = torch.rand(value.shape, generator=generator)
            value.copy_(noise + 0.5 if "running_var" in key else 0.2 * (noise - 0.5))
        else:
            value.fill_(7)
    return module.eval()


def in_their_names(names, ours, prefix=""):
    return {names.to_theirs([prefix + key])[prefix + key]: value for key, value in ours.items()}


@pytest.fixture(scope="module")
def network():
    return stirred(PosterV2(PosterV2Config(num_classes=7, **SMALL)))


@pytest.fixture
def whole_file(tmp_path, network):
    """A function that saves a training file, with changes to its weights."""

    def save(change=lambda state: None):
        state = in_their_names(WEIGHTS, network.state_dict())
        state |= {
            "VIT.CON1.weight": torch.ones(2),
            "ir_back.output_layer.3.weight": torch.ones(3),
            "face_landback.output_layer.linear.weight": torch.ones(4),
            "attn1.relative_position_index": torch.zeros(3, 3, dtype=torch.int64),
        }
        change(state)
        content = {
            "epoch": 42,
            "state_dict": {f"module.{key}": value for key, value in state.items()},
            "best_acc": torch.tensor(92.2),
        }
        torch.save(content, tmp_path / "epoch42.pth")
        return tmp_path / "epoch42.pth"

    return save


@pytest.fixture
def branch_file(tmp_path):
    """A function that saves an image branch in one of two styles, and gives its weights too."""

    def save(names, wrap=lambda state: state, change=lambda state: None, **options):
        branch = stirred(ImageBranch(8, UNITS))
        state = in_their_names(names, branch.state_dict(), "image.")
        state["output_layer.3.weight"] = torch.ones(3)
        change(state)
        torch.save(wrap(state), tmp_path / "ir50.pth", **options)
        return tmp_path / "ir50.pth", {f"image.{key}": value for key, value in branch.state_dict().items()}

    return save


def test_a_training_file_becomes_a_checkpoint_with_bit_equal_outputs(whole_file, network):
    done = convert("poster-v2", whole_file(), labels="raf-7")
    assert (done.part, done.dropped, done.unexpected) == ("", 4, ())
    assert done.matched == len(network.state_dict()) and done.filled == 0
    assert {key: done.config[key] for key in SMALL} == SMALL and done.config["num_classes"] == 7
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    predictor = affekt.load(done.folder)
    with torch.inference_mode():
        assert np.array_equal(
            predictor.network({"image": image.numpy()}), network(image=image).logits.numpy()
        )
    assert predictor.labels.names[0] == "surprise" and predictor.calibration.temperature == 1


def test_a_converted_checkpoint_states_its_source(whole_file):
    sealed = read_sealed(convert("poster_v2", whole_file(), labels="raf-7").folder, kind="checkpoint")
    assert sealed.document["source"]["file"] == "epoch42.pth"
    assert len(sealed.document["source"]["sha256"]) == 64
    assert sealed.document["counts"]["dropped"] == 4


def test_a_converted_checkpoint_is_exported_and_its_bundle_predicts_and_is_evaluated(whole_file, tmp_path):
    folder = convert("poster_v2", whole_file(), tmp_path / "ours", labels="raf-7").folder
    exported = affekt.export(folder)
    assert exported.gate == "random inputs" and exported.bundle == tmp_path / "ours-bundle"
    bundle = affekt.Predictor.open(exported.bundle)
    pixels = np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    answers = [predictor(pixels).scores for predictor in (bundle, affekt.load(folder))]
    assert answers[0] == pytest.approx(answers[1], abs=1e-4)
    assert bundle.document["source"]["file"] == "epoch42.pth" and "metrics" not in bundle.document
    for path in (folder, exported.bundle):
        with pytest.raises(UsageError, match="does not state its data: name a data set with --data NAME"):
            affekt.evaluate(path)
    result = affekt.evaluate(exported.bundle, data="drawn_faces")
    assert len(result.predictions) > 20 and result.folder.name == "test"
    assert result.folder.parents[1] == tmp_path / "ours-bundle-evaluation"


def test_labels_have_to_be_given_and_the_error_lists_those_that_fit(whole_file):
    with pytest.raises(UsageError) as caught:
        convert("poster_v2", whole_file())
    for words in ("give --labels", "raf-7", "affectnet-7", "is not known", "affekt evaluate"):
        assert words in str(caught.value)
    assert "affectnet-8" not in str(caught.value)


def test_labels_of_another_number_are_refused(whole_file):
    with pytest.raises(UsageError, match=r"names 8 classes, .* has 7 outputs"):
        convert("poster_v2", whole_file(), labels="affectnet-8")


def test_labels_may_be_listed(whole_file):
    done = convert("poster_v2", whole_file(), labels="a, b, c, d, e, f, g")
    assert affekt.load(done.folder).labels.names == tuple("abcdefg")
    with pytest.raises(UsageError, match="names are repeated"):
        convert("poster_v2", whole_file(), labels="a,a,c,d,e,f,g")


def test_what_is_wrong_with_a_file_is_named_tensor_by_tensor(whole_file):
    def spoil(state):
        del state["VIT.norm.bias"]
        state["conv1.bias"] = torch.ones(9)
        state["VIT.blocks.0.attn.extra.weight"] = torch.ones(2)

    with pytest.raises(FolderError) as caught:
        convert("poster_v2", whole_file(spoil), labels="raf-7")
    for line in (
        "nothing was written",
        "encoder.norm.bias: is missing",
        "scales.0.shrink.bias: has shape 9, 8 was expected",
        "VIT.blocks.0.attn.extra.weight: unknown name",
    ):
        assert line in str(caught.value)


def test_sizes_that_no_config_allows_are_refused(whole_file):
    def spoil(state):
        state["ir_back.input_layer.0.weight"] = torch.ones(())
        state["face_landback.conv1.conv.weight"] = torch.ones(())

    with pytest.raises(
        ConfigError, match=r"epoch42\.pth, read as a training file of POSTER V2, has 1 problem"
    ):
        convert("poster_v2", whole_file(spoil), labels="raf-7")


@pytest.mark.parametrize("names", [IMAGE_BRANCH, IMAGE_BRANCH_ONE_LIST], ids=["three lists", "one list"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state},
        lambda state: {"state_dict": {f"module.{key}": value for key, value in state.items()}},
    ],
    ids=["flat", "state_dict", "module."],
)
def test_an_image_branch_is_read_in_every_style(branch_file, names, wrap):
    path, ours = branch_file(names, wrap)
    done = convert("poster_v2", path)
    assert (done.part, done.matched, done.dropped) == ("image", len(ours), 1)
    assert done.config == {"width": 8, "image_units": [3, 4, 14]}
    written = load_file(done.folder / "model.safetensors")
    assert written.keys() == ours.keys() and all(torch.equal(written[key], ours[key]) for key in ours)
    assert read_sealed(done.folder, kind="weights").document["counts"]["matched"] == len(ours)


@pytest.mark.parametrize("names", [IMAGE_BRANCH, IMAGE_BRANCH_ONE_LIST], ids=["three lists", "one list"])
def test_the_fourth_stage_is_dropped(branch_file, names):
    fourth = "body4.2.res_layer.1.weight" if names is IMAGE_BRANCH else "body.23.res_layer.1.weight"
    path, ours = branch_file(names, change=lambda state: state.update({fourth: torch.ones(5)}))
    done = convert("poster_v2", path)
    assert (done.matched, done.dropped) == (len(ours), 2)


def test_the_same_file_gives_the_same_digest_however_often(branch_file, tmp_path):
    path, _ = branch_file(IMAGE_BRANCH)
    folders = [convert("poster_v2", path, tmp_path / name).folder for name in ("first", "second")]
    first, second = (read_sealed(folder, kind="weights").sha256 for folder in folders)
    assert first == second


def test_an_old_file_without_counters_is_complete(branch_file):
    def forget(state):
        for key in [key for key in state if key.endswith("num_batches_tracked")]:
            del state[key]

    path, ours = branch_file(IMAGE_BRANCH, change=forget, _use_new_zipfile_serialization=False)
    done = convert("poster_v2", path)
    assert done.matched + done.filled == len(ours) and done.filled > 20
    affekt.create("poster_v2", weights=done.folder, width=8)


def test_an_image_branch_whose_stages_have_other_names_is_refused(branch_file):
    def rename(state):
        for key in [key for key in state if key.startswith("body")]:
            state[key.replace("body1.", "body1.block").replace("body2", "b2")] = state.pop(key)

    path, _ = branch_file(IMAGE_BRANCH, change=rename)
    with pytest.raises(FolderError, match=r"contains \d+ of the \d+ tensors that image needs"):
        convert("poster_v2", path)


def test_an_image_branch_with_something_between_its_layers_is_refused(branch_file):
    gate = {"body1.0.res_layer.5.fc1.weight": torch.ones(4, 8, 1, 1)}
    path, _ = branch_file(IMAGE_BRANCH, change=lambda state: state.update(gate))
    with pytest.raises(FolderError, match=r"branch\.5\.fc1\.weight: has no place in this network"):
        convert("poster_v2", path)


def test_an_unknown_key_is_reported_where_the_part_is_complete(branch_file):
    path, ours = branch_file(IMAGE_BRANCH, change=lambda state: state.update({"margin": torch.ones(1)}))
    done = convert("poster_v2", path)
    assert done.matched == len(ours) and done.unexpected == ("margin",)


def landmark_file(folder, seed=0):
    branch = stirred(LandmarkBranch(8, (1, 1, 2)), seed)
    state = in_their_names(LANDMARK_BRANCH, branch.state_dict(), "landmarks.")
    state["output_layer.linear.weight"] = torch.ones(136, 4)
    torch.save({"state_dict": state}, folder / "mobilefacenet_model_best.pth.tar")
    return folder / "mobilefacenet_model_best.pth.tar", branch.state_dict()


def test_a_landmark_branch_starts_a_network(tmp_path):
    path, ours = landmark_file(tmp_path)
    done = convert("poster_v2", path)
    assert (done.part, done.matched, done.dropped) == ("landmarks", len(ours), 1)
    assert done.folder == tmp_path / "mobilefacenet_model_best-poster_v2"
    model = affekt.create("poster_v2", weights=done.folder, **SMALL)
    started = model.landmarks.state_dict()
    assert all(torch.equal(started[key], ours[key]) for key in ours)


def test_for_a_file_of_no_known_kind_the_known_kinds_are_listed(tmp_path):
    save_file({"fc.weight": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(FolderError) as caught:
        convert("poster_v2", tmp_path / "other.safetensors")
    assert "It contains 1 tensors: fc.weight" in str(caught.value)
    assert all(source.title in str(caught.value) for source in PUBLISHED_FILES)


def test_a_folder_with_other_content_is_not_overwritten(whole_file, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "notes.txt").write_text("years of work")
    with pytest.raises(FolderError, match="exists and was not written by affekt"):
        convert("poster_v2", whole_file(), tmp_path / "precious", labels="raf-7")


def test_a_method_without_published_files_reads_its_references_checkpoint(tmp_path):
    method = affekt.core.catalog.method("bpm_gcn")
    config = {"width": 8, "clip_frames": 24}
    model = stirred(affekt.create("bpm_gcn", **config))
    names = method.load("weights").to_theirs(model.state_dict())
    torch.save({names[key]: value for key, value in model.state_dict().items()}, tmp_path / "gait.pt")
    done = convert("bpm_gcn", tmp_path / "gait.pt", labels="gait-4", config=config)
    assert done.matched == len(names)
    written = load_file(done.folder / "model.safetensors")
    assert all(torch.equal(written[key], value) for key, value in model.state_dict().items())


@pytest.fixture
def recipe():
    return affekt.Recipe.from_values(
        {
            "method": "poster_v2",
            "data": {"name": "drawn_faces", "options": {"people": 8, "faces_per_emotion": 1, "size": 32}},
            "config": SMALL,
            "train": {"epochs": 1, "batch_size": 16, "threads": 1, "accelerator": "cpu"},
        }
    )


def test_a_frozen_branch_without_weights_stops_a_training_before_it_makes_a_folder(recipe, tmp_path):
    with pytest.raises(ConfigError) as caught:
        affekt.train(recipe, runs=tmp_path / "runs", progress=False)
    for words in (
        "landmarks is frozen but was not loaded",
        "affekt convert poster_v2",
        "mobilefacenet_model_best.pth.tar",
        "config.freeze_landmarks = false",
    ):
        assert words in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_a_training_starts_from_weights_and_its_recipe_states_which(recipe, tmp_path):
    path, ours = landmark_file(tmp_path)
    folder = convert("poster_v2", path).folder
    run = affekt.train(recipe, weights=[folder], runs=tmp_path / "runs", progress=False)
    digest = read_sealed(folder, kind="weights").document["files"]["model.safetensors"]["sha256"]
    assert run.recipe.initial_weights == (digest[:16],)
    assert f"start from {folder}" in (run.path / "log.txt").read_text()
    trained = model_weights(read_sealed(run.best, kind="checkpoint"))
    assert all(torch.equal(trained[f"landmarks.{key}"], value) for key, value in ours.items())

    finished = affekt.train(run.recipe, runs=tmp_path / "runs", resume=True, progress=False)
    assert finished.path == run.path
    (run.path / "result.json").unlink()  # not finished: it continues from its checkpoint, without the folder
    assert affekt.train(run.recipe, runs=tmp_path / "runs", resume=True, progress=False).result

    with pytest.raises(ConfigError, match=f"starts from {digest[:16]}, none were given"):
        affekt.train(run.recipe, runs=tmp_path / "elsewhere", progress=False)
    other = convert("poster_v2", landmark_file(tmp_path, seed=1)[0], tmp_path / "other").folder
    with pytest.raises(ConfigError, match="those given are"):
        affekt.train(run.recipe, weights=[other], runs=tmp_path / "elsewhere", progress=False)


def test_the_digest_of_a_recipe_depends_on_its_weights(recipe):
    others = [recipe.model_copy(update={"initial_weights": (digits,)}) for digits in ("0" * 16, "1" * 16)]
    assert len({it.digest() for it in (recipe, *others)}) == 3


def test_a_network_of_other_classes_starts_without_its_head(whole_file, caplog):
    folder = convert("poster_v2", whole_file(), labels="raf-7").folder
    with caplog.at_level("INFO", logger="affekt"):
        affekt.create("poster_v2", weights=folder, num_classes=8, **SMALL)
    assert "left out, for 7 classes: head.weight, head.bias" in caplog.text


def test_weights_of_another_shape_are_listed_and_nothing_is_loaded(whole_file):
    folder = convert("poster_v2", whole_file(), labels="raf-7").folder
    with pytest.raises(ConfigError, match=r"conv\.weight: has shape \(8, 3, 3, 3\), .* \(16, 3, 3, 3\)"):
        affekt.create("poster_v2", weights=folder, **{**SMALL, "width": 16})
    with pytest.raises(ConfigError, match="holds weights of poster_v2, not of bpm_gcn"):
        affekt.create("bpm_gcn", weights=folder)


def test_a_bundle_is_not_a_folder_of_weights(tmp_path):
    with pytest.raises(AffektError, match="does not exist"):
        affekt.create("poster_v2", weights=tmp_path / "nowhere", **SMALL)
