"""Recipes: checked as a whole before training starts."""

import hashlib
import json

import pytest

from affekt.core import catalog
from affekt.core.errors import ConfigError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe, check_classes, with_classes
from affekt.core.task import find_task
from affekt.engine.runs.digest_v1 import digest_v1

LEAST = {"method": "bpm_gcn", "data": {"name": "walkers"}}
MUCH = {
    "method": "compact_face",
    "data": {"name": "images", "options": {"merge_spellings": True}},
    "config": {"num_classes": 3, "size": 16},
    "split": {"scheme": "k_fold", "folds": 4, "fold": 1},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "rates": {"head": 10}, "sam": {"rho": 0.1}},
    "schedule": {"name": "step", "milestones": [3, 6]},
    "loss": {"label_smoothing": 0.1, "class_weights": {"a": 1.0}},
    "selection": {"metric": "accuracy", "last_epoch": True},
    "train": {"weight_average": 0.9, "cached_views": 2, "threads": 1},
    "initial_weights": ["0123456789abcdef"],
}


def problems_of(values):
    with pytest.raises(ConfigError) as caught:
        Recipe.from_values(values)
    return list(caught.value.problems)


def write(path, text):
    path.write_text(text)
    return path


def test_a_method_and_a_data_set_are_enough():
    recipe = Recipe.from_values(LEAST)
    assert recipe.seed == 0
    assert recipe.split.scheme == "native"


def test_a_method_is_known_by_any_spelling_of_its_name():
    assert Recipe.from_values({**LEAST, "method": "BPM-GCN"}) == Recipe.from_values(LEAST)


def test_all_problems_are_reported_together_each_with_a_suggestion():
    found = problems_of(
        {**LEAST, "seeed": 1, "optimizer": {"learning_rate": 1, "lr": -1}, "data": {"name": "wakers"}}
    )
    text = "\n".join(found)
    assert "seeed = 1: unknown key; did you mean seed?" in text
    assert "optimizer.lr = -1: input should be greater than 0" in text
    assert "optimizer.learning_rate = 1: unknown key; known: betas, decay_all" in text
    assert "did you mean walkers?" in text
    assert len(found) == 4


def test_the_message_counts_the_problems_and_names_the_file(tmp_path):
    file = write(
        tmp_path / "a.toml", 'method = "bpm_gcn"\nseed = -1\nepochs = 3\ndata = {name = "walkers"}\n'
    )
    with pytest.raises(ConfigError, match=r"a\.toml has 2 problems\n  seed(.|\n)*epochs = 3: unknown key"):
        Recipe.load([file])


def test_fields_of_the_method_and_options_of_the_data_set_are_checked_too():
    found = problems_of(
        {
            "method": "bpm_gcn",
            "config": {"fuson": "product"},
            "data": {"name": "walkers", "options": {"walker": 3}},
        }
    )
    assert any(line.startswith("config.fuson") and "did you mean fusion?" in line for line in found)
    assert any(line.startswith("data.options.walker") and "did you mean walkers?" in line for line in found)


@pytest.mark.parametrize("key", ["config", "data", "train", "method"])
@pytest.mark.parametrize("value", [None, 3, "text", [1]])
def test_a_value_of_the_wrong_type_is_reported_as_a_problem(key, value):
    if (key, value) == ("method", "text"):
        value = "no such method"
    assert any(line.startswith(key) for line in problems_of({**LEAST, key: value}))


@pytest.mark.parametrize("options", [None, 3, "text", [1]])
def test_options_that_are_not_a_table_are_a_problem(options):
    assert problems_of({**LEAST, "data": {"name": "walkers", "options": options}})


def test_a_network_with_another_number_of_classes_is_refused():
    found = problems_of({**LEAST, "config": {"num_classes": 7}})
    assert found == [
        "config.num_classes is 7, the data set has 4 classes: set num_classes = 4, or name a 7-class data set"
    ]


def test_a_data_set_whose_labels_come_from_its_files_is_not_compared():
    assert check_classes(Recipe.from_values(LEAST), None) == []


def test_a_missing_method_and_data_set_are_both_reported():
    assert [line.split(":")[0] for line in problems_of({})] == ["method", "data"]


def test_later_files_win_and_tables_are_merged(tmp_path):
    one = write(
        tmp_path / "a.toml",
        'method = "bpm_gcn"\ndata = {name = "walkers"}\ntrain = {epochs = 3, threads = 1}\n',
    )
    two = write(tmp_path / "b.toml", "train = {epochs = 5}\n")
    train = Recipe.load([one, two]).train
    assert (train.epochs, train.threads) == (5, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=7", ("seed", 7)),
        ("seed = 7", ("seed", 7)),
        ("optimizer.name=sgd", ("optimizer.name", "sgd")),
        ('optimizer.name="sgd"', ("optimizer.name", "sgd")),
        ("schedule.factor=0.5", ("schedule.factor", 0.5)),
        ("schedule.milestones=[3, 6]", ("schedule.milestones", (3, 6))),
        ("train.deterministic=false", ("train.deterministic", False)),
    ],
)
def test_a_value_is_set_from_the_command_line(tmp_path, text, expected):
    file = write(tmp_path / "a.toml", 'method = "bpm_gcn"\ndata = {name = "walkers"}\n')
    value = Recipe.load([file], [text])
    for part in expected[0].split("."):
        value = getattr(value, part)
    assert value == expected[1]


@pytest.mark.parametrize("text", ["seed", "=3", " = 3", "", 'seed=1\nmethod="x"'])
def test_an_override_without_key_or_value_is_refused_with_the_right_form(tmp_path, text):
    file = write(tmp_path / "a.toml", 'method = "bpm_gcn"\ndata = {name = "walkers"}\n')
    with pytest.raises(ConfigError, match=r"write it as a\.b=value"):
        Recipe.load([file], [text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.lrr=1", r"optimizer\.lrr = 1: unknown key; did you mean lr\?"),
        ("optimizer.lr=fast", r"optimizer\.lr = 'fast'"),
        ("optimizer=sgd", "optimizer = 'sgd'"),
        ("seed.deep=1", "seed: input should be a valid integer"),
        ("optimizer..lr=1", "optimizer"),
        ("split.folds=1", r"split\.folds = 1"),
    ],
)
def test_a_wrong_override_is_a_readable_problem(tmp_path, text, message):
    file = write(tmp_path / "a.toml", 'method = "bpm_gcn"\ndata = {name = "walkers"}\n')
    with pytest.raises(ConfigError, match=message):
        Recipe.load([file], [text])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"method = ", "not valid TOML"),
        (b"\xff\xfe\x00", "it is not a text file"),
        (b"", "method: missing"),
        (b"method = 1\nmethod = 2", "not valid TOML"),
    ],
)
def test_a_file_that_is_not_a_recipe_is_refused(tmp_path, content, message):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        Recipe.load([tmp_path / "a.toml"])


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nothing.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            Recipe.load([path])


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("split", {"scheme": "k_fold", "folds": 3, "fold": 3}, "fold 3 does not exist among 3 folds"),
        ("optimizer", {"momentum": 0.9}, "belong to sgd, not to adamw"),
        ("optimizer", {"name": "sgd", "nesterov": True}, "nesterov needs a momentum"),
        ("schedule", {"name": "step"}, "step needs milestones"),
        ("loss", {"class_weights": {"happy": 0}}, "greater than 0"),
        ("loss", {"label_smoothing": 1}, "less than 1"),
        ("selection", {"patience": 3, "last_epoch": True}, "does not go with last_epoch"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(part, values, message):
    assert any(message in line for line in problems_of({**LEAST, part: values}))


def test_the_seed_is_not_part_of_the_digest():
    one, two = (Recipe.from_values({**LEAST, "seed": seed}) for seed in (0, 1))
    assert one.digest() == two.digest()
    assert one.digest() != Recipe.from_values({**LEAST, "train": {"epochs": 11}}).digest()


def test_defaults_written_out_have_the_same_digest():
    spelled = Recipe.from_values(Recipe.from_values(LEAST).model_dump(mode="json"))
    assert spelled.digest() == Recipe.from_values(LEAST).digest()


def recipes_of_methods():
    return [
        f"{name}/{file.stem}"
        for name in catalog.list_methods()
        for file in sorted((catalog.method(name).folder / "recipes").glob("*.toml"))
    ]


@pytest.mark.parametrize("name", recipes_of_methods())
def test_defaults_of_the_method_and_the_data_set_leave_no_trace_in_the_digest(name):
    recipe = Recipe.load([name])
    config = catalog.method(recipe.method).make_config(recipe.config).model_dump(mode="json")
    options = catalog.dataset(recipe.data.name).options.model_validate(recipe.data.options)
    data = {"name": recipe.data.name.replace("_", "-"), "options": options.model_dump(mode="json")}
    spelled = Recipe.from_values({**recipe.model_dump(mode="json"), "config": config, "data": data})
    assert spelled.digest() == recipe.digest()


def test_a_digest_is_the_hash_of_a_version_and_of_what_differs():
    recipe = Recipe.from_values(
        {**LEAST, "seed": 3, "config": {"width": 8, "clip_frames": 48}, "train": {"epochs": 3}}
    )
    document = {
        "version": 2,
        "method": "bpm_gcn",
        "data": {"name": "walkers", "options": {}},
        "config": {"width": 8},
        "train": {"epochs": 3},
    }
    assert recipe.digest() == hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"width": 8}},
        {"config": {"augment": {"mirror": True}}},
        {"data": {"name": "walkers", "options": {"walkers": 13}}},
        {"optimizer": {"sam": {}}},
        {"optimizer": {"rates": {"head": 2.0}}},
        {"split": {"test_share": 0.2}},
        {"selection": {"last_epoch": True}},
        {"train": {"cached_views": 1}},
        {"train": {"weight_average": 0.9}},
        {"initial_weights": ["0" * 16]},
    ],
)
def test_every_value_that_differs_from_its_default_changes_the_digest(change):
    assert Recipe.from_values({**LEAST, **change}).digest() != Recipe.from_values(LEAST).digest()


def test_the_rule_of_weight_averaging_is_part_of_the_digest(monkeypatch):
    plain, averaged = (
        Recipe.from_values({**LEAST, "train": {"weight_average": decay}}) for decay in (0.0, 0.9)
    )
    before = plain.digest(), averaged.digest()
    monkeypatch.setattr("affekt.core.recipe._AVERAGING", "another rule")
    assert plain.digest() == before[0] and averaged.digest() != before[1]


def test_a_recipe_of_a_method_that_is_not_installed_still_has_a_digest():
    recipe = Recipe.model_validate({**LEAST, "method": "not_here", "config": {"width": 8}})
    other = Recipe.model_validate({**LEAST, "method": "not_here", "config": {"width": 9}})
    assert recipe.digest() != other.digest()


@pytest.mark.parametrize(
    ("recipe", "digits"),
    [(LEAST, "421789cb29da3259"), (MUCH, "3fda1be33be06a0b")],
)
def test_the_digest_of_version_1_is_computed_as_it_was(recipe, digits):
    assert digest_v1(Recipe.from_values(recipe).model_dump(mode="json")).startswith(digits)


def test_a_field_that_is_added_does_not_change_the_digest_of_version_1():
    values = Recipe.from_values({**LEAST, "optimizer": {"sam": {}}}).model_dump(mode="json")
    later = {**values, "added": 1, "optimizer": {**values["optimizer"], "added": 1}}
    later["optimizer"]["sam"] = {**values["optimizer"]["sam"], "added": 1}
    assert digest_v1(later) == digest_v1(values)


def test_a_recipe_of_a_method_is_found_by_name():
    recipe = Recipe.load(["bpm-gcn/emotion_gait"], ["seed=4"])
    assert (recipe.method, recipe.data.name, recipe.seed) == ("bpm_gcn", "emotion_gait", 4)


def test_a_recipe_that_a_method_does_not_have_is_refused_with_those_that_it_has():
    with pytest.raises(UsageError, match=r"bpm_gcn/nowhere does not exist.* bpm_gcn/emotion_gait"):
        Recipe.load(["bpm_gcn/nowhere"])


def test_an_unknown_framework_is_a_problem_that_names_the_close_one():
    assert problems_of({**LEAST, "framework": "jitor"}) == [
        "framework = 'jitor': there is no such framework; did you mean jittor?"
    ]


def test_the_framework_is_part_of_what_a_run_is():
    digests = {Recipe.from_values({**LEAST, "framework": name}).digest() for name in ("pytorch", "jittor")}
    assert len(digests) == 2 and Recipe.from_values(LEAST).digest() in digests


@pytest.mark.parametrize(
    ("change", "meant"),
    [({"optimizer": {"name": "adm"}}, "adam"), ({"schedule": {"name": "cosin"}}, "cosine")],
)
def test_a_wrong_value_of_a_few_is_refused_with_the_close_one(change, meant):
    (problem,) = problems_of({**LEAST, **change})
    assert problem.endswith(f"; did you mean {meant}?") and "input should be" in problem


def test_a_wrong_kind_of_a_part_is_refused_with_the_close_one():
    parts = ["features/T+A.toml", "dataset/cmu-mosi.toml", "fusion/mean.toml"]
    with pytest.raises(ConfigError, match=r"did you mean mean\?"):
        Recipe.load(parts, ["config.fusion.kind=meen"])


def test_a_wrong_loss_is_refused_with_the_close_one():
    with pytest.raises(UsageError, match=r"did you mean ccc\?"):
        find_task("regression").loss_of("cc")


def test_the_number_of_classes_is_that_of_the_data_where_a_recipe_leaves_it_open():
    recipe = Recipe.from_values(LEAST)
    same, other = with_classes(recipe, LabelSet.of(*"abcd")), with_classes(recipe, LabelSet.of(*"abc"))
    assert same.config == {"num_classes": 4} and other.config == {"num_classes": 3}
    # The default number leaves no trace: runs that were made before it was filled in are found.
    assert same.digest() == recipe.digest() != other.digest()
    assert with_classes(other, LabelSet.of("a", "b")).config == {"num_classes": 3}
    assert with_classes(recipe, LabelSet.of()) == recipe
