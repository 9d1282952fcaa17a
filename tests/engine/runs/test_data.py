"""A run is continued on the data that it began with, or reports what differs."""

import json
import shutil

import pytest

from affekt.core.errors import AffektError, ConfigError, DataError, UsageError
from affekt.core.recipe import SplitSettings
from affekt.core.sample import Sample
from affekt.engine.experiment import open_corpus
from affekt.engine.runs.identity import kept_parts, keys_by_id, read_identity
from affekt.engine.runs.run import Run
from affekt.engine.splits import part, select
from affekt.engine.train import train


@pytest.fixture
def resumed(picture_recipe):
    def resume(runs, root, **options):
        return train(picture_recipe(), data_root=root, runs=runs, resume=True, progress=False, **options)

    return resume


def run_in(runs):
    return Run(next(runs.rglob("recipe.toml")).parent)


def ids_by_part(run):
    found = {}
    for item in run.identity.present:
        found.setdefault(item.part, set()).add(item.id)
    return found


def test_a_run_states_its_data_by_counts_and_hashes(picture_runs, pictures):
    run = run_in(picture_runs)
    stated = json.loads((run.path / "data.json").read_text())
    assert stated["data"] == "images" and stated["root"] == str(pictures.resolve())
    assert {name: part["samples"] for name, part in stated["parts"].items()} == run.result["samples"]
    checkpoint = json.loads((run.best / "affekt.json").read_text())["data_identity"]
    assert checkpoint["sha256"] == stated["sha256"] == run.result["data"]["sha256"]


def test_a_copied_folder_is_the_same_data(begun, changed, resumed):
    assert resumed(begun, changed).result["samples"] == {"train": 15, "validation": 3, "test": 9}


def test_resuming_without_some_files_is_refused_with_their_number_and_names(begun, changed, resumed):
    for name in ("angry", "happy", "sad"):
        (changed / "train" / name / "0.png").unlink()
    with pytest.raises(DataError, match=r"27 samples before, 24 now: 3 gone \(.*0\.png.*--accept-data"):
        resumed(begun, changed)


def test_resuming_with_new_relabelled_and_altered_files_is_refused_with_each_number(
    begun, changed, draw_picture, resumed
):
    draw_picture(changed / "train/sad/new.png", 1234, 2)
    draw_picture(changed / "train/happy/1.png", 4321, 1)
    (changed / "manifest.csv").write_text(
        "path,label,split,id\n"
        + "".join(
            f"{name},{'sad' if name == 'train/happy/2.png' else label},{part},{name}\n"
            for path in sorted(changed.rglob("*.png"))
            for name in [path.relative_to(changed).as_posix()]
            for part, label, _ in [name.split("/")]
        )
    )
    with pytest.raises(DataError) as caught:
        resumed(begun, changed)
    assert "1 new (train/sad/new.png)" in str(caught.value)
    assert "1 with another label (train/happy/2.png)" in str(caught.value)
    assert "1 with other content (train/happy/1.png)" in str(caught.value)


def test_accepted_data_keep_every_known_sample_in_its_part_and_are_recorded(
    begun, changed, draw_picture, resumed
):
    before = ids_by_part(run_in(begun))
    gone = {sorted(before["train"])[0], sorted(before["train"])[1], sorted(before["validation"])[0]}
    for name in gone:
        (changed / name).unlink()
    draw_picture(changed / "train/sad/new.png", 1234, 2)
    run = resumed(begun, changed, accept_data=True)
    after = ids_by_part(run)
    assert after["train"] == before["train"] - gone | {"train/sad/new.png"}
    assert after["validation"] == before["validation"] - gone
    (change,) = run.result["accepted_data"]
    assert (change["gone"], change["new"], change["after_epoch"]) == (3, 1, 2)
    assert {item.id for item in run.identity.items if item.is_gone} == gone
    # The changed data are the run's own now; the first ones are not.
    (run.path / "result.json").unlink()
    assert resumed(begun, changed).result["samples"]["train"] == 14


def test_a_renamed_file_stays_in_its_part(pictures, changed, picture_recipe):
    recipe = picture_recipe()
    identity = identify_of(recipe, pictures)
    name = next(item.id for item in identity.items if item.part == "validation")
    (changed / name).rename(changed / "train" / name.split("/")[1] / "other.png")
    samples = open_corpus(recipe, changed).samples
    parts = kept_parts(identity, samples, keys_by_id(samples), native=True)
    assert any(sample.id.endswith("other.png") for sample in parts.validation)
    assert len(parts.train) == 15 and len(parts.validation) == 3


def identify_of(recipe, root):
    from affekt.engine.runs.identity import identify

    corpus = open_corpus(recipe, root)
    return identify("images", root, corpus, part(corpus.samples, recipe.split))


def test_a_new_sample_of_a_known_subject_goes_to_the_part_of_the_subject(pictures, picture_recipe):
    recipe = picture_recipe()
    identity = identify_of(recipe, pictures)
    known = [Sample(item.id, {"text": item.media}, item.label) for item in identity.items]
    keys = {item.id: item.media for item in identity.items}
    from dataclasses import replace

    held = next(item for item in identity.items if item.part == "test")
    named = replace(
        identity, items=tuple(replace(it, subject="anna") if it is held else it for it in identity.items)
    )
    new = [
        Sample("new", {}, "sad", subject="anna"),
        Sample("free", {}, "sad"),
        Sample("stated", {}, "sad", split="test"),
    ]
    parts = kept_parts(named, [*known, *new], keys | {"new": "1", "free": "2", "stated": "3"}, native=True)
    assert [sample.id for sample in parts.test[-2:]] == ["new", "stated"] and parts.train[-1].id == "free"


def test_parts_of_unchanged_data_are_restored_in_their_order(pictures, picture_recipe):
    recipe = picture_recipe()
    samples = open_corpus(recipe, pictures).samples
    identity, parts = identify_of(recipe, pictures), part(samples, recipe.split)
    assert kept_parts(identity, samples[::-1], keys_by_id(samples), native=True) == parts


def test_a_run_that_states_no_data_is_continued_with_a_warning(begun, changed, caplog, resumed):
    run = run_in(begun)
    (run.path / "data.json").unlink()
    (changed / "train/sad/0.png").unlink()
    resumed(begun, changed)
    assert "does not state its data" in caplog.text
    assert read_identity(run.path) is not None


def test_accepting_data_without_resuming_is_refused(pictures, tmp_path, picture_recipe):
    with pytest.raises(UsageError, match="needs resume"):
        train(picture_recipe(), data_root=pictures, runs=tmp_path, accept_data=True)


def test_a_training_without_a_test_part_states_before_it_starts_how_to_hold_one_out(
    tmp_path, caplog, monkeypatch, picture_recipe, draw_folder
):
    said = []
    monkeypatch.setattr("affekt.engine.train._fit", lambda *args, **more: said.append(caplog.text))
    root = draw_folder(tmp_path / "own", {".": 6})
    train(picture_recipe(), data_root=root, runs=tmp_path / "runs", progress=False)
    (text,) = said
    assert "nothing is held out" in text and "--hold-out 0.2" in text and "k_fold" in text
    shutil.rmtree(tmp_path / "runs")
    caplog.clear()
    train(picture_recipe(split={"test_share": 0.2}), data_root=root, runs=tmp_path / "runs", progress=False)
    assert "nothing is held out" not in said[1]


@pytest.mark.parametrize(("share", "expected"), [(0.2, 0.2), (0.3, 0.3), (0.5, 0.5), (0.25, 0.25)])
def test_a_test_part_is_cut_by_subject_with_every_class_in_its_share(share, expected):
    samples = [
        Sample(f"{subject}-{label}", {}, label, subject=f"s{subject}")
        for subject in range(40)
        for label in ("happy", "sad")
    ]
    parts = part(samples, SplitSettings(test_share=share))
    assert len(parts.test) / len(samples) == pytest.approx(expected, abs=0.03)
    assert {sample.label for sample in parts.test} == {"happy", "sad"}
    sides = [{sample.subject for sample in side} for side in (parts.train, parts.validation, parts.test)]
    assert not (sides[0] & sides[2] or sides[1] & sides[2] or sides[0] & sides[1])
    assert select(samples, SplitSettings(test_share=share), "test") == parts.test


def test_a_share_beside_a_test_part_or_folds_is_refused(picture_recipe):
    stated = [Sample(f"{n}", {}, "happy", split="test" if n < 3 else "train") for n in range(9)]
    with pytest.raises(ConfigError, match="the data state a test part of 3 samples"):
        part(stated, SplitSettings(test_share=0.2))
    with pytest.raises(ConfigError, match="leave out test_share"):
        picture_recipe(split={"test_share": 0.2, "scheme": "k_fold"})


def test_a_share_of_0_does_not_change_the_digest(picture_recipe):
    assert picture_recipe().digest() == picture_recipe(split={"test_share": 0.0}).digest()
    assert picture_recipe().digest() != picture_recipe(split={"test_share": 0.2}).digest()


def test_resuming_a_finished_run_reports_that_nothing_is_trained(
    picture_runs, pictures, changed, picture_recipe, resumed, caplog
):
    next(changed.rglob("*.png")).unlink()
    with pytest.raises(DataError, match=f"was trained on {pictures}, with .* 1 gone .*--runs DIR keeps runs"):
        resumed(picture_runs, changed)
    assert not caplog.text
    train(picture_recipe(), data_root=pictures, runs=picture_runs, resume=True, progress=False)
    assert "is finished already: nothing is trained" in caplog.text
    with pytest.raises(AffektError, match="is finished: evaluate it, or remove it to start over"):
        train(picture_recipe(), data_root=pictures, runs=picture_runs, progress=False)
