"""The path of a run folder states what the run is, and a run is found by its recipe."""

import json
import shutil

import pytest

from affekt.core import catalog
from affekt.core.errors import AffektError
from affekt.core.labels import LabelSet, label_set
from affekt.core.recipe import Recipe
from affekt.engine.runs.digest_v1 import digest_v1
from affekt.engine.runs.folder import folder_of, letters_of
from affekt.engine.runs.run import Run
from affekt.engine.train import train

EMOTIONS, SENTIMENTS = label_set("ekman-6"), label_set("sentiment-3")
TSL = "video+point+background+foreground+contrast"


def labels_of(recipe):
    return catalog.dataset(recipe.data.name).labels or EMOTIONS


def path_of(name, *changes):
    recipe = Recipe.load([name], changes)
    return "/".join(folder_of(recipe, labels_of(recipe)).parts[:-1])


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("bpm_gcn/emotion_gait", "emotion_gait--E/trainable--32--cross_entropy+affective-smooth0.1/1xE--G"),
        ("compact_face/fer2013", "fer2013--E/trainable--128--cross_entropy/1xE--I"),
        ("compact_voice/ravdess", "ravdess--E/trainable--32--cross_entropy-smooth0.1/1xE--A"),
        ("cten/caer", "caer--E/frozen--32--cross_entropy+context+keyframes/2xE--AV"),
        ("cten/moving_shapes", "moving_shapes--E/trainable--16--cross_entropy+context+keyframes/2xE--AV"),
        ("poster_v2/raf_db", "raf_db--E/frozen--144--cross_entropy/1xE--I"),
        ("poster_v2/fer2013", "fer2013--E/trainable--144--cross_entropy/1xE--I"),
        ("compact_text/goemotions", "goemotions--E/trainable--128--cross_entropy/1xE--T"),
        ("mdn_makd/cmu_mosi", "cmu_mosi--S/frozen--32--cross_entropy/3xE--TAV"),
        ("telme/student_audio", "meld--E/frozen--4--cross_entropy+kd/1xE--A"),
        ("spcl/meld", "meld--E/trainable--32--cross_entropy+spcl0.05-256-64+curriculum/1xE--T"),
        ("chfen/short_news", "short_news--E/trainable--32--cross_entropy/4xE--TAVH"),
        ("tsl_net/tsl300", f"tsl300--S/trainable--1--{TSL}/2xE--AV"),
        ("tsl_net/tsl300_video", f"tsl300--S/frozen--1--{TSL}/2xE--AV"),
        ("tsl_net/long_shapes_audio", f"long_shapes--S/trainable--1--{TSL}/1xE--A"),
        ("tsl_net/long_shapes_video", f"long_shapes--S/frozen--1--{TSL}/1xE--V"),
        ("vaanet/caer", "caer--E/frozen--32--cross_entropy+polarity/2xE--AV"),
        ("vaanet/moving_shapes", "moving_shapes--E/trainable--16--cross_entropy+polarity/2xE--AV"),
    ],
)
def test_the_path_of_a_run_states_task_mode_loss_and_modalities(recipe, expected):
    assert path_of(recipe) == f"training/{expected}"


@pytest.mark.parametrize("method", catalog.list_methods())
def test_each_method_has_a_tested_recipe(method):
    marks = test_the_path_of_a_run_states_task_mode_loss_and_modalities.pytestmark
    assert method in {name.partition("/")[0] for mark in marks for name, _ in mark.args[1]}


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        (["config.streams=visual"], "frozen--32--cross_entropy+polarity/1xE--V"),
        (["config.streams=audio"], "trainable--32--cross_entropy+polarity/1xE--A"),
        (["config.polarity_penalty=0.0"], "frozen--32--cross_entropy/2xE--AV"),
        (["config.freeze_backbone=false"], "trainable--32--cross_entropy+polarity/2xE--AV"),
    ],
)
def test_the_path_follows_the_config(changes, end):
    assert path_of("vaanet/caer", "train.cached_views=0", *changes) == f"training/caer--E/{end}"


def test_terms_without_weight_are_not_in_the_path():
    path = path_of("tsl_net/tsl300", "config.loss.contrast=0.0", "config.loss.seeds=0.0")
    assert path.endswith("--video+point/2xE--AV")


def test_the_classification_loss_of_the_task_is_named():
    recipe = Recipe.load(["bpm_gcn/emotion_gait"])
    path = folder_of(recipe, EMOTIONS, criterion="binary_cross_entropy")
    assert path.parts[2] == "trainable--32--binary_cross_entropy+affective-smooth0.1"


@pytest.mark.parametrize(
    ("labels", "letter"),
    [
        (SENTIMENTS, "S"),
        (LabelSet.of("Negative", "Positive"), "S"),
        (EMOTIONS, "E"),
        (LabelSet.of("neutral", "angry"), "E"),
    ],
)
def test_labels_that_are_polarities_make_a_run_on_sentiment(labels, letter):
    recipe = Recipe.from_values({"method": "compact_face", "data": {"name": "images"}})
    assert folder_of(recipe, labels).parts[1] == f"images--{letter}"


def test_letters_of_modalities_have_a_fixed_order():
    assert letters_of(("video", "text", "audio")) == letters_of(("audio", "video", "text")) == "TAV"
    assert letters_of(("depth", "audio")) == "AD"


def moved_to_the_path_of_version_1(runs):
    """Move the run to the folder in which the first version put it."""
    run = Run(next(runs.rglob("recipe.toml")).parent)
    recipe = run.recipe
    digits = digest_v1(recipe.model_dump(mode="json"))[:8]
    old = runs / "training/images--E/trainable--8--cross_entropy/1xE--I" / f"{digits}--{recipe.seed}"
    assert old != run.path
    run.path.rename(old)
    return old


def test_a_run_of_version_1_is_continued_in_its_folder(begun, pictures, picture_recipe):
    old = moved_to_the_path_of_version_1(begun)
    done = train(picture_recipe(), data_root=pictures, runs=begun, resume=True, progress=False)
    assert done.path == old and done.result["epochs"] == 2
    assert [file.parent for file in begun.rglob("recipe.toml")] == [old]


def test_a_run_of_version_1_is_not_trained_again(picture_runs, tmp_path, pictures, picture_recipe):
    runs = shutil.copytree(picture_runs, tmp_path / "runs", symlinks=True)
    old = moved_to_the_path_of_version_1(runs)
    with pytest.raises(AffektError, match="is finished: evaluate it, or remove it to start over") as caught:
        train(picture_recipe(), data_root=pictures, runs=runs, progress=False)
    assert str(old) in str(caught.value)


def test_another_recipe_in_a_folder_of_the_same_name_is_not_taken_for_the_run(tmp_path, picture_recipe):
    recipe, other = picture_recipe(), picture_recipe(train={"epochs": 9})
    digits = digest_v1(recipe.model_dump(mode="json"))[:8]
    Run(tmp_path / "training/a/b/c" / f"{digits}--0").start(other)
    assert Run.place(tmp_path, recipe, EMOTIONS).path == tmp_path / folder_of(recipe, EMOTIONS)


def test_a_run_is_found_wherever_it_lies_and_another_seed_is_not(tmp_path, picture_recipe):
    recipe = picture_recipe()
    moved = Run(tmp_path / "training/images--E/old/1xE--I" / folder_of(recipe, EMOTIONS).name)
    moved.start(recipe)
    assert Run.place(tmp_path, recipe, EMOTIONS).path == moved.path
    other = recipe.model_copy(update={"seed": 1})
    assert Run.place(tmp_path, other, EMOTIONS).path != moved.path


def test_the_folder_is_computed_without_torch():
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from affekt.core.labels import label_set\n"
        "from affekt.core.recipe import Recipe\n"
        "from affekt.engine.runs.folder import folder_of\n"
        "print(folder_of(Recipe.load(['vaanet/caer']), label_set('caer-7')))\n"
        "sys.exit(len({'torch', 'sklearn', 'lightning', 'tomli_w'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_a_recipe_file_states_the_run(tmp_path, picture_recipe):
    recipe = picture_recipe()
    run = Run.place(tmp_path, recipe, EMOTIONS)
    run.start(recipe)
    assert run.recipe == recipe and json.loads((run.path / "environment.json").read_text())["packages"]
