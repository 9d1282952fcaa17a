"""The catalogue reads folder names."""

import sys
from importlib.metadata import EntryPoint

import pytest

from affekt.core import catalog, registry
from affekt.core.errors import AffektError, ConfigError, MissingExtra, UsageError

CARD = """
title = "A net"
summary = "invented"
task = "classification"
modalities = ["skeleton"]
reference = "none"
licence = "none"
parity = "none"
intended_use = "tests"
limits = "all"
paper = {title = "A", authors = "B", venue = "C", year = 2020}
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A method of another package, registered by an entry point."""
    package = tmp_path / "their_package"
    (package / "my_net").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "my_net" / "card.toml").write_text(CARD)
    (package / "my_net" / "__init__.py").write_text(
        "from affekt.core.method import Method\n"
        "METHOD = Method(config='config:C', model='m:M', objective='o:O', preprocess='p:P', weights='w:W')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = {"affekt.methods": [EntryPoint("My-Net", "their_package.my_net", "affekt.methods")]}
    monkeypatch.setattr(registry, "entry_points", lambda group: tuple(entries.get(group, ())))
    clear()
    yield package
    clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "their_package"]:
        del sys.modules[name]


def clear():
    for cached in (catalog._methods, catalog._adapters, catalog.method, catalog.dataset):
        cached.cache_clear()


def test_methods_and_data_sets_are_listed_in_order():
    for names in (catalog.list_methods(), catalog.list_datasets()):
        assert names == sorted(set(names))
    assert "bpm_gcn" in catalog.list_methods()
    assert {"bpm_gcn_arrays", "emotion_gait", "skeletons", "step_h5"} <= set(catalog.list_datasets())


@pytest.mark.parametrize("spelling", ["bpm_gcn", "bpm-gcn", "BPM_GCN", " Bpm-Gcn "])
def test_a_name_may_be_spelled_in_several_ways(spelling):
    assert catalog.method(spelling).name == "bpm_gcn"
    assert catalog.card(spelling).paper.year == 2024


@pytest.mark.parametrize("ask", [catalog.method, catalog.card])
def test_an_unknown_method_is_refused_with_a_suggestion(ask):
    with pytest.raises(UsageError, match=r"no method is called 'bpmgcn'; did you mean bpm_gcn\?"):
        ask("bpmgcn")


def test_an_unknown_data_set_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r"did you mean emotion_gait\?"):
        catalog.dataset("emotion gait")


@pytest.mark.parametrize("name", ["", "..", "../bpm_gcn", "__init__", "os"])
def test_a_name_that_is_not_in_the_catalogue_is_refused(name):
    with pytest.raises(UsageError):
        catalog.method(name)
    with pytest.raises(UsageError):
        catalog.dataset(name)


@pytest.mark.parametrize("name", catalog.list_datasets())
def test_a_data_set_knows_its_own_name(name):
    assert catalog.dataset(name).name == name


def test_a_method_of_another_package_is_found(plugin):
    assert "my_net" in catalog.list_methods()
    method = catalog.method("my-net")
    assert (method.name, method.package, method.folder) == (
        "my_net",
        "their_package.my_net",
        plugin / "my_net",
    )
    assert catalog.card("my_net").title == "A net"


def test_a_part_that_another_package_lacks_is_named(plugin):
    with pytest.raises(Exception, match=r"my_net has no config\.py, where its config should be"):
        catalog.method("my_net").load("config")


def test_a_registered_package_that_does_not_exist_is_refused(plugin, monkeypatch):
    entry = EntryPoint("ghost", "their_package.ghost", "affekt.methods")
    monkeypatch.setattr(registry, "entry_points", lambda group: (entry,) if group == "affekt.methods" else ())
    clear()
    with pytest.raises(UsageError, match=r"plug-in their_package\.ghost: there is no such package"):
        catalog.card("ghost")


def test_all_mistakes_of_a_card_are_listed(plugin):
    (plugin / "my_net" / "card.toml").write_text(CARD.replace("licence", "license") + "modalitys = 3\n")
    with pytest.raises(ConfigError, match=r"3 problems(.|\n)*did you mean licence\?"):
        catalog.card("my_net")


def test_a_card_that_is_not_valid_toml_is_refused(plugin):
    (plugin / "my_net" / "card.toml").write_text("title = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        catalog.card("my_net")


def register(monkeypatch, **groups):
    """Entry points in place of the installed ones: pairs of name and module by group."""
    entries = {
        f"affekt.{group}": tuple(EntryPoint(name, value, f"affekt.{group}") for name, value in pairs)
        for group, pairs in groups.items()
    }
    monkeypatch.setattr(registry, "entry_points", lambda group: entries.get(group, ()))
    clear()


@pytest.mark.parametrize("ask", [catalog.method, catalog.card])
def test_a_plugin_with_the_name_of_an_own_method_does_not_replace_it(plugin, monkeypatch, ask):
    register(monkeypatch, methods=[("BPM-GCN", "their_package.my_net")])
    message = r"'bpm_gcn' is that of more than one method: affekt itself and their_package\.my_net bring it"
    with pytest.raises(UsageError, match=message):
        ask("bpm-gcn")
    assert catalog.card("cten").paper.year == 2023


def test_a_name_that_two_plugins_claim_is_refused(plugin, monkeypatch):
    register(monkeypatch, methods=[("my-net", "their_package.my_net"), ("my_net", "their_package.other")])
    with pytest.raises(UsageError, match=r"their_package\.my_net and their_package\.other bring it"):
        catalog.card("my_net")


def test_the_same_package_announced_twice_is_one_method(plugin, monkeypatch):
    register(monkeypatch, methods=[("my-net", "their_package.my_net"), ("my_net", "their_package.my_net")])
    assert catalog.card("my_net").title == "A net"


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('no GPU')", "import sys; sys.exit(3)", "METHOD = 3", ""]
)
def test_a_method_of_others_whose_code_is_broken_is_refused_with_the_reason(plugin, code):
    (plugin / "my_net" / "__init__.py").write_text(code)
    with pytest.raises(
        UsageError, match=r"plug-in their_package\.my_net: METHOD .*(no GPU|3|not a Method|Attr)"
    ):
        catalog.method("my_net")


def test_a_package_around_a_method_that_cannot_be_imported_is_refused_with_the_reason(plugin):
    (plugin / "__init__.py").write_text("raise OSError('licence server')")
    with pytest.raises(
        UsageError, match=r"their_package\.my_net: it cannot be found \(OSError: licence server\)"
    ):
        catalog.card("my_net")


def test_a_card_that_is_missing_is_refused_by_its_path(plugin):
    (plugin / "my_net" / "card.toml").unlink()
    with pytest.raises(ConfigError, match=r"my_net/card\.toml has 1 problem\n  cannot be read: No such file"):
        catalog.card("my_net")


def test_an_error_in_a_part_of_a_method_of_others_is_told_with_the_file(plugin):
    (plugin / "my_net" / "config.py").write_text("1 / 0")
    with pytest.raises(UsageError, match=r"config\.py cannot be imported \(ZeroDivisionError"):
        catalog.method("my_net").load("config")


def test_what_a_method_of_others_lacks_is_not_asked_of_affekt(plugin):
    (plugin / "my_net" / "config.py").write_text("import no_such_library")
    with pytest.raises(
        MissingExtra, match=r"'no_such_library'.*it is a plug-in of package their_package\.my_net"
    ):
        catalog.method("my_net").load("config")


def test_a_part_without_the_name_that_it_should_define_is_refused(plugin):
    (plugin / "my_net" / "config.py").write_text("Other = 1")
    with pytest.raises(AffektError, match=r"config\.py of my_net has no C, which should be its config"):
        catalog.method("my_net").load("config")


def test_readable_leaves_out_what_is_broken_with_a_line_each(plugin, monkeypatch):
    (plugin / "my_net" / "card.toml").write_text(CARD.replace("licence", "license"))
    (plugin / "set.py").write_text("raise ValueError('old')")
    register(
        monkeypatch,
        methods=[("my_net", "their_package.my_net"), ("ghost", "nobody"), ("cten", "their_package.cten")],
        datasets=[("walks", "their_package.set")],
    )
    cards, problems = catalog.readable(catalog.list_methods(), catalog.card)
    assert "bpm_gcn" in cards and not {"my_net", "ghost", "cten"} & set(cards)
    assert len(problems) == 3 and all("\n" not in line for line in problems)
    found, problems = catalog.readable(catalog.list_datasets(), catalog.dataset)
    assert "walkers" in found and problems == [
        "walks is left out: plug-in their_package.set: DATASET cannot be read (ValueError: old)"
    ]


def test_a_package_with_malformed_entry_points_costs_none_of_the_others(tmp_path, monkeypatch, caplog):
    for name, text in (
        ("odd", "[affekt.methods]\nno value\n"),
        ("fine", "[affekt.methods]\nfine_net = fine\n"),
    ):
        info = tmp_path / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    clear()
    try:
        assert {"bpm_gcn", "fine_net"} <= set(catalog.list_methods())
        assert "odd: its entry_points.txt cannot be read" in caplog.text
    finally:
        clear()
