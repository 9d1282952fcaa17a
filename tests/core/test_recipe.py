"""Recipes: checked as a whole before anything starts."""

import pytest

from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe, SplitSettings, check_classes

LEAST = {"method": "bpm_gcn", "data": {"name": "walkers"}}


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


def test_three_mistakes_are_reported_together_each_with_a_suggestion():
    found = problems_of(
        {**LEAST, "seeed": 1, "optimizer": {"learning_rate": 1, "lr": -1}, "data": {"name": "wakers"}}
    )
    text = "\n".join(found)
    assert "seeed = 1: unknown key; did you mean seed?" in text
    assert "optimizer.lr = -1: input should be greater than 0" in text
    assert "optimizer.learning_rate = 1: unknown key; known: betas, lr" in text
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
def test_a_value_of_the_wrong_kind_is_a_problem_and_no_crash(key, value):
    if (key, value) == ("method", "text"):
        value = "no such method"
    assert any(line.startswith(key) for line in problems_of({**LEAST, key: value}))


@pytest.mark.parametrize("options", [None, 3, "text", [1]])
def test_options_that_are_no_table_are_a_problem(options):
    assert problems_of({**LEAST, "data": {"name": "walkers", "options": options}})


def test_a_network_with_another_number_of_classes_is_refused():
    found = problems_of({**LEAST, "config": {"num_classes": 7}})
    assert found == [
        "config.num_classes is 7, the data set has 4 classes: set num_classes = 4, or name a 7-class data set"
    ]


def test_a_data_set_that_learns_its_labels_from_files_is_not_compared():
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
def test_a_setting_without_key_or_value_says_how_to_write_it(tmp_path, text):
    file = write(tmp_path / "a.toml", 'method = "bpm_gcn"\ndata = {name = "walkers"}\n')
    with pytest.raises(ConfigError, match=r"write it as a\.b=value"):
        Recipe.load([file], [text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.lrr=1", r"optimizer\.lrr = 1: unknown key; did you mean lr\?"),
        ("optimizer.lr=fast", r"optimizer\.lr = 'fast'"),
        ("optimizer=sgd", "optimizer = 'sgd'"),
        ("seed.deep=1", "seed = "),
        ("optimizer..lr=1", "optimizer"),
        ("split.folds=1", r"split\.folds = 1"),
    ],
)
def test_a_wrong_setting_is_a_readable_problem(tmp_path, text, message):
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
def test_a_file_that_is_no_recipe_is_refused(tmp_path, content, message):
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


def test_the_seed_is_no_part_of_the_digest():
    one, two = (Recipe.from_values({**LEAST, "seed": seed}) for seed in (0, 1))
    assert one.digest() == two.digest()
    assert one.digest() != Recipe.from_values({**LEAST, "train": {"epochs": 11}}).digest()


def test_defaults_written_out_have_the_same_digest():
    spelled = Recipe.from_values(Recipe.from_values(LEAST).model_dump(mode="json"))
    assert spelled.digest() == Recipe.from_values(LEAST).digest()
    assert SplitSettings().fold < SplitSettings().folds


def test_a_recipe_of_a_room_is_found_by_name():
    recipe = Recipe.load(["bpm-gcn/emotion_gait"], ["seed=4"])
    assert (recipe.method, recipe.data.name, recipe.seed) == ("bpm_gcn", "emotion_gait", 4)


def test_a_recipe_that_a_room_does_not_have_is_refused_by_its_path():
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        Recipe.load(["bpm_gcn/nowhere"])
