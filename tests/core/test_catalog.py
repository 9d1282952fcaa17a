"""The catalogue reads folder names."""

import sys
from importlib.metadata import EntryPoint

import pytest

from affekt.core import catalog, registry
from affekt.core.errors import ConfigError, UsageError

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
