"""Plans: their rows and members, and all mistakes before anything runs."""

import textwrap

import pytest

from affekt.core.errors import ConfigError, UsageError
from affekt.studies.plans.check import check_plan
from affekt.studies.plans.commands import Parsed, read_commands
from affekt.studies.plans.expand import expand, rows_of
from affekt.studies.plans.plan import nested, read_plan
from affekt.studies.plans.roots import Roots

WALK = """
method = "bpm_gcn"
data = {name = "walkers", options = {walkers = 8, walks_per_emotion = 1}}
config = {width = 4, depths = [1, 1, 1], clip_frames = 24, normalise = true}
optimizer = {name = "adamw", lr = 3e-3, rates = {"head.*" = 2.0}}
train = {epochs = 1, batch_size = 16, threads = 1}
"""


@pytest.fixture
def write(tmp_path):
    """A function that writes a plan beside a recipe."""
    (tmp_path / "walk.toml").write_text(WALK)

    def plan(text):
        path = tmp_path / "plan.toml"
        path.write_text('recipe = ["walk.toml"]\n' + textwrap.dedent(text))
        return path

    return plan


def members(path):
    plan, problems = read_plan(path)
    assert not problems
    return check_plan(plan, path.parent, Roots()).members


def problems(path):
    plan, found = read_plan(path)
    with pytest.raises(ConfigError) as raised:
        check_plan(plan, path.parent, Roots(), source="plan.toml", problems=found)
    return raised.value.problems


def test_a_grid_is_the_cross_product_of_its_axes(write):
    found = members(
        write("""
        seeds = [0, 1]
        [grid]
        "optimizer.lr" = [1e-3, 1e-4]
        width = {narrow = {set = {"config.width" = 8}}, wide = {set = {config = {width = 12}}}}
        """)
    )
    assert [(it.row, it.seed) for it in found[:4]] == [
        ("optimizer.lr=0.001, narrow", 0),
        ("optimizer.lr=0.001, narrow", 1),
        ("optimizer.lr=0.001, wide", 0),
        ("optimizer.lr=0.001, wide", 1),
    ]
    assert len(found) == 8
    assert (found[0].recipe.optimizer.lr, found[2].recipe.config["width"]) == (1e-3, 12)
    assert found[0].recipe.optimizer.rates == {"head.*": 2.0}  # a key of a table may have dots


def test_an_ablation_changes_the_base_alone(write):
    base, narrow, slow = members(
        write("""
        [ablations]
        narrow = {set = {"config.width" = 8}}
        slow = {set = {"optimizer.lr" = 1e-5}}
        """)
    )
    assert [it.row for it in (base, narrow, slow)] == ["base", "narrow", "slow"]
    assert narrow.recipe.optimizer == base.recipe.optimizer and slow.recipe.config == base.recipe.config


def test_each_fold_is_a_member(write):
    found = members(write("folds = 3"))
    assert [it.recipe.split.fold for it in found] == [0, 1, 2]
    assert found[1].id == "base, seed 0, fold 1"


def test_rows_are_repeated_on_each_data_set(write):
    found = members(
        write("""
        [data]
        few = {}
        many = {set = {data = {options = {walkers = 12}}}}
        """)
    )
    assert [(it.data, it.recipe.data.options["walkers"]) for it in found] == [("few", 8), ("many", 12)]


def test_a_row_refers_to_the_run_of_its_own_seed_or_to_the_only_one(write):
    found = members(
        write("""
        seeds = [0, 1]
        [members.last]
        weights = ["middle"]
        set = {train = {epochs = 4}}
        [members.middle]
        weights = ["first"]
        set = {train = {epochs = 3}}
        [members.first]
        seeds = [7]
        shown = false
        set = {train = {epochs = 2}}
        """)
    )
    by_id = {it.id: it for it in found}
    assert by_id["last, seed 1"].needs == (by_id["middle, seed 1"],)
    assert by_id["middle, seed 1"].needs == by_id["middle, seed 0"].needs == (by_id["first, seed 7"],)


def test_all_mistakes_are_reported_at_once(write, monkeypatch, tmp_path):
    monkeypatch.delenv("AFFEKT_DATA", raising=False)
    (tmp_path / "faces.toml").write_text('method = "compact_face"\ndata = {name = "raf_db"}\n')
    found = problems(
        write("""
        seedz = [0, 1]
        seeds = [0, 1, 1]
        against = "slo"
        metrics = ["uarr"]
        [ablations]
        typo = {set = {"config.widht" = 2}}
        unread = {recipe = ["losses/sclp.toml"]}
        same = {set = {"optimizer.lr" = 3e-3}}
        slow = {set = {"optimizer.lr" = 1e-5}, teecher = "base"}
        [members]
        student = {weights = ["teachr"], set = {"train.epochs" = 2}}
        teacher = {teacher = "slow", set = {"train.epochs" = 3}}
        elsewhere = {recipe = ["faces.toml"], from_base = false}
        """)
    )
    expected = [
        "seedz = [0, 1]: unknown key; did you mean seeds?",
        "ablations.slow.teecher = 'base': unknown key; did you mean teacher?",
        "seeds: 1 is given more than once",
        "against = 'slo': no row of the table is called so; did you mean slow?",
        "typo: config.widht = 2: unknown key; did you mean width?",
        "losses/sclp.toml does not exist",
        "'base' and 'same' are the same recipe",
        "student: weights = 'teachr': no row is called so, nor a folder; did you mean teacher?",
        "teacher: the objective of bpm_gcn takes no teacher",
        "elsewhere: ",
        "metrics: 'uarr' is not a score of single_label; did you mean uar?",
    ]
    for text in expected:
        assert [line for line in found if text in line], (text, found)
    assert [line for line in found if "elsewhere" in line and "data raf_db" in line]


def test_a_circle_of_references_is_reported(write):
    found = problems(
        write("""
        [members]
        one = {weights = ["two"], set = {"train.epochs" = 2}}
        two = {weights = ["one"], set = {"train.epochs" = 3}}
        """)
    )
    assert [line for line in found if "refer to each other in a circle: one, two" in line]


def test_a_reference_to_several_other_seeds_is_reported(write):
    found = problems(
        write("""
        seeds = [0, 5]
        [members]
        one = {seeds = [0, 1], set = {"train.epochs" = 2}}
        two = {weights = ["one"], set = {"train.epochs" = 3}}
        """)
    )
    assert [line for line in found if "that row has no run of seed 5" in line]


def test_a_problem_of_all_rows_is_reported_once(write):
    path = write("""
    [ablations]
    narrow = {set = {"config.width" = 8}}
    """)
    (path.parent / "walk.toml").write_text(WALK.replace("epochs", "epoch"))
    assert [line for line in problems(path) if "epoch" in line] == [
        "all rows: train.epoch = 1: unknown key; did you mean epochs?"
    ]


def test_too_many_folds_are_reported(write):
    found = problems(write("folds = 50"))
    assert [line for line in found if "50 folds need 50 subjects or more" in line]


def test_ends_of_a_search_must_be_valid(write):
    found = problems(
        write("""
        [search]
        trials = 2
        space = {"config.widht" = {choices = [2, 4]}, "train.epochs" = {low = 0, high = 3}}
        """)
    )
    assert [line for line in found if "search.space: config.widht" in line]
    assert [line for line in found if "search.space: train.epochs = 0" in line]


def parse(words):
    if words[0] != "train":
        return Parsed(words[0], {"runs": "runs"}, frozenset())
    if "--sett" in words:
        raise UsageError("train: no such option: --sett")
    changes = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    given = {"runs"} if "--runs" in words else set()
    return Parsed("train", {"recipe": [words[1]], "change": changes}, frozenset(given))


def test_trainings_of_a_list_of_commands_are_rows(tmp_path):
    lines = {
        "T": (
            "affekt train walk.toml --set seed=3",
            "affekt train walk.toml --set seed=4",
            "affekt evaluate latest",
            "affekt train walk.toml --set train.epochs=2",
        )
    }
    found = read_commands(lines, parse, runs=tmp_path)
    assert not found.problems
    assert [(row.name, row.seeds, row.after) for row in found.rows] == [
        ("T", (3, 4), ()),
        ("T (2)", (0,), ("T, command 3",)),
    ]
    (step,) = found.steps
    assert step.words == ("affekt", "evaluate", "latest", "--runs", str(tmp_path)) and step.after == ("T",)


def test_wrong_commands_are_reported_with_their_lines(tmp_path):
    lines = {"T": ("affekt train a.toml --sett seed=3", "rm -r x", "affekt train a.toml --runs elsewhere")}
    found = read_commands(lines, parse, runs=tmp_path)
    assert [line.partition(":")[0] for line in found.problems] == [
        "commands.T, line 1",
        "commands.T, line 2",
        "commands.T, line 3",
    ]
    assert "leave out --runs" in found.problems[2]


def test_changes_are_nested_by_the_dots_of_their_own_keys():
    assert nested({"a.b": 1, "a": {"c.d": 2}}) == {"a": {"b": 1, "c.d": 2}}


def test_folders_of_data_sets_are_given_by_name(monkeypatch):
    monkeypatch.setenv("AFFEKT_DATA", "everything")
    roots = Roots.of(["MELD=here"])
    assert str(roots.of_data("meld")) == "here" and str(roots.of_data("emorynlp")) == "everything"
    assert roots.of_data("walkers") is None
    with pytest.raises(UsageError, match="given twice"):
        Roots.of(["meld=a", "meld=b"])


def test_rows_without_a_base_do_not_start_from_it(write):
    path = write("""
    [members]
    own = {recipe = ["other.toml"], from_base = false}
    """)
    (path.parent / "other.toml").write_text(WALK.replace("width = 4", "width = 8"))
    plan, _ = read_plan(path)
    (member,) = expand(plan, rows_of(plan), path.parent).members
    assert member.recipe.config["width"] == 8
