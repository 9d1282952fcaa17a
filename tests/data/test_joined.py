"""Several data sets as one."""

import pytest

from affekt.core.errors import DataError, UsageError
from affekt.data.open import open_dataset

PARTS = {"ravdess": {"folder": "actors"}, "emodb": {}}


@pytest.fixture
def both(tmp_path):
    """Tables of RAVDESS and EmoDB, with files that are not read."""
    for folder, header, rows in (
        (
            "actors",
            "file,split,class,actor",
            ["a.wav,train,happy,3", "b.wav,train,calm,3", "c.wav,test,neutral,4", "d.wav,val,surprised,5"],
        ),
        (
            "emodb",
            "file,split,class,speaker",
            ["a.wav,train,happiness,03", "b.wav,train,boredom,03", "c.wav,test,anger,08"],
        ),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
        for row in rows:
            (tmp_path / folder / row.partition(",")[0]).write_bytes(b"RIFF")
    return tmp_path


def test_classes_are_mapped_by_emotion_and_parts_are_kept(both):
    corpus = open_dataset("joined", both, {"parts": PARTS, "labels": "fer-7", "merge": {"calm": "neutral"}})
    assert [(sample.id, sample.label, sample.split, sample.subject) for sample in corpus.samples] == [
        ("ravdess/a", "happiness", "train", "ravdess/03"),
        ("ravdess/b", "neutral", "train", "ravdess/03"),
        ("ravdess/c", "neutral", "test", "ravdess/04"),
        ("ravdess/d", "surprise", "validation", "ravdess/05"),
        ("emodb/a", "happiness", "train", "emodb/03"),
        ("emodb/c", "anger", "test", "emodb/08"),
    ]
    assert corpus.samples[0].facts["data"] == "ravdess"
    assert "ravdess: calm counts as neutral" in corpus.notes
    assert "emodb: 1 sample of boredom is left out" in corpus.notes


def test_classes_can_be_stated_one_by_one(both):
    corpus = open_dataset("joined", both, {"parts": PARTS, "labels": ["joy", "anger"]})
    assert [sample.label for sample in corpus.samples] == ["joy", "joy", "anger"]


def test_a_part_can_be_left_out(both):
    from affekt.core import catalog

    options = {"parts": {**PARTS, "ravdess": {"folder": "none", "leave_out": True}}, "labels": "fer-7"}
    corpus = open_dataset("joined", both, options)
    assert {sample.facts["data"] for sample in corpus.samples} == {"emodb"}
    assert [data.name for data in catalog.sources("joined", options)] == ["emodb"]


def test_invented_data_need_no_folder(tmp_path):
    corpus = open_dataset(
        "joined",
        tmp_path,
        {"parts": {"walkers": {"options": {"walkers": 8, "walks_per_emotion": 1}}}, "labels": "gait-4"},
    )
    assert len(corpus.samples) == 32 and all(sample.id.startswith("walkers/") for sample in corpus.samples)


def test_what_is_missing_is_named(both):
    with pytest.raises(DataError, match=r"needs the data sets and their common classes"):
        open_dataset("joined", both, {"labels": "fer-7"})
    with pytest.raises(DataError, match="merge names calmness"):
        open_dataset("joined", both, {"parts": PARTS, "labels": "fer-7", "merge": {"calm": "calmness"}})
    with pytest.raises(UsageError, match=r"emodb/none does not exist"):
        open_dataset("joined", both, {"parts": {"emodb": {"folder": "emodb/none"}}, "labels": "fer-7"})


def test_tasks_without_single_labels_are_refused(tmp_path):
    with pytest.raises(DataError, match="data sets with one label for each sample are joined"):
        open_dataset(
            "joined", tmp_path, {"parts": {"long_shapes": {"options": {"videos": 4}}}, "labels": "tsl-2"}
        )


def test_bundles_state_the_licence_of_each():
    from affekt.core import catalog
    from affekt.core.recipe import Recipe
    from affekt.core.recipe_files import recipe_file
    from affekt.deploy.export.export import data_licence

    recipe = Recipe.load([recipe_file("compact_voice/acted")])
    data = catalog.sources(recipe.data.name, recipe.data.options)
    assert data_licence(data) == ("ravdess: CC BY-NC-SA 4.0; emodb: CC0-1.0, as published by audEERING")
    assert data_licence(data[:1]) == "CC BY-NC-SA 4.0"
