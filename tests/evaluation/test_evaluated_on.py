"""An evaluation reports its data, and how many samples the network was trained on."""

import json
import shutil

import pytest

import affekt
from affekt.core.errors import AffektError, DataError, FolderError, UsageError
from affekt.core.files.sealed import read_sealed, write_sealed
from affekt.core.sample import Sample
from affekt.deploy.trained_on import (
    KEYS_FILE,
    TrainedOn,
    bundle_keys,
    id_key,
    trained_on_bundle,
    trained_on_run,
)
from affekt.engine.runs.run import Run
from affekt.engine.store.detach import detach
from affekt.engine.train import train
from affekt.studies.compare import compare_networks
from affekt.studies.outcome.documents import summary_document

pytestmark = pytest.mark.xdist_group("faces")


@pytest.fixture
def run(picture_runs, tmp_path):
    """A copy of the finished run, without evaluations."""
    source = next(picture_runs.rglob("recipe.toml")).parent
    detach(source, tmp_path / "run")
    return Run(tmp_path / "run")


@pytest.fixture(scope="module")
def fold_run(picture_recipe, draw_folder, tmp_path_factory):
    """A run on one fold of pictures without stated parts, and their folder. Tests must not change them."""
    root = draw_folder(tmp_path_factory.mktemp("folds"), {".": 8})
    recipe = picture_recipe(
        split={"scheme": "k_fold", "folds": 4}, train={"epochs": 1, "batch_size": 8, "threads": 1}
    )
    return train(recipe, data_root=root, runs=tmp_path_factory.mktemp("runs"), progress=False), root


def ids(result):
    return {row["id"] for row in result.predictions}


def test_the_test_part_of_a_run_has_no_training_sample(run, pictures):
    on = affekt.evaluate(run.path, data_root=pictures).evaluated_on
    assert (on.samples, on.trained_on, on.validated_on, on.warnings) == (9, 0, 0, [])


def test_scores_of_the_whole_training_folder_report_the_number_of_training_samples(run, pictures):
    result = affekt.evaluate(run.path, data_root=pictures, split="all")
    assert (result.evaluated_on.trained_on, result.evaluated_on.validated_on) == (15, 3)
    warnings = json.loads((result.folder / "scores.json").read_text())["evaluated_on"]["warnings"]
    assert warnings[0].startswith("15 of 27 samples were trained on: these scores do not hold for new data")
    record = json.loads((run.path / "evaluation/record.jsonl").read_text())
    assert record["root"] == str(pictures.resolve()) and record["fingerprint"] == run.identity.sha256
    assert (record["data"], record["split"], record["trained_on"]) == ("images", "all", 15)


def test_training_samples_are_recognised_in_another_folder_under_other_names(run, pictures, tmp_path):
    root = tmp_path / "gathered"
    for number, path in enumerate(sorted(pictures.rglob("*.png"))):
        place = root / path.parent.name / f"copy-{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    with pytest.raises(DataError, match="test"):
        affekt.evaluate(run.path, data_root=root, split="nothing")
    on = affekt.evaluate(run.path, data_root=root, split="all").evaluated_on
    assert (on.samples, on.trained_on, on.validated_on) == (27, 15, 3)
    # Known samples keep their part there as well.
    assert affekt.evaluate(run.path, data_root=root).evaluated_on.trained_on == 0


def test_equal_names_of_other_pictures_were_not_trained_on(run, draw_folder, tmp_path):
    other = draw_folder(tmp_path / "other", {"train": 6, "test": 3}, first=5000)
    on = affekt.evaluate(run.path, data_root=other, split="all").evaluated_on
    assert (on.samples, on.trained_on) == (27, 0)


def test_evaluations_of_two_folders_are_stored_apart(run, pictures, draw_folder, tmp_path):
    other = draw_folder(tmp_path / "other", {"train": 6, "test": 3}, first=5000)
    folders = [affekt.evaluate(run.path, data_root=root).folder for root in (pictures, other)]
    assert folders[0] != folders[1] and folders[0] == run.evaluation("test")
    record = [json.loads(line) for line in (run.path / "evaluation/record.jsonl").read_text().splitlines()]
    assert [line["root"] for line in record] == [str(root.resolve()) for root in (pictures, other)]


def test_a_fold_is_that_of_the_training_after_files_were_removed(fold_run, tmp_path):
    run, root = fold_run
    tested = ids(affekt.evaluate(run.path, data_root=root, folder=tmp_path / "whole"))
    less = shutil.copytree(root, tmp_path / "less")
    gone = sorted(tested)[0]
    (less / gone).unlink()
    (less / next(item.id for item in run.identity.items if item.part == "train")).unlink()
    result = affekt.evaluate(run.path, data_root=less, folder=tmp_path / "out")
    assert ids(result) == tested - {gone} and result.evaluated_on.trained_on == 0
    assert (
        f"1 of {len(tested)} samples of the test part is gone since the training" in result.evaluated_on.notes
    )


def test_other_data_are_not_split_into_folds(fold_run, draw_folder, tmp_path):
    run, _ = fold_run
    other = draw_folder(tmp_path / "other", {".": 8}, first=5000)
    with pytest.raises(DataError, match=r"no part stated \(24 samples\).*--split all"):
        affekt.evaluate(run.path, data_root=other, folder=tmp_path / "out")
    parts = draw_folder(tmp_path / "parts", {"train": 2, "test": 4}, first=6000)
    assert affekt.evaluate(run.path, data_root=parts, folder=tmp_path / "out").samples == 12


@pytest.mark.parametrize("name", ["val", "Validation", "dev"])
def test_a_part_has_any_usual_name(run, pictures, name):
    result = affekt.evaluate(run.path, data_root=pictures, split=name)
    assert (result.samples, result.evaluated_on.split, result.evaluated_on.validated_on) == (
        3,
        "validation",
        3,
    )


def test_an_unknown_part_is_refused_with_a_list_of_the_known_ones(run, pictures):
    with pytest.raises(DataError, match=r"train \(18 samples\), test \(9 samples\)"):
        affekt.evaluate(run.path, data_root=pictures, split="holdout")


def test_an_option_of_the_data_and_the_split_can_be_changed(run, pictures):
    result = affekt.evaluate(
        run.path, data_root=pictures, overrides=["split.scheme=k_fold", "split.folds=3", "split.fold=1"]
    )
    assert result.samples == 9 and result.evaluated_on.options[1] == "split.folds=3"
    assert result.folder.parent == run.evaluation("test").parent and result.folder != run.evaluation("test")
    with pytest.raises(UsageError, match=r"an evaluation takes data\.options\.NAME"):
        affekt.evaluate(run.path, data_root=pictures, overrides=["optimizer.lr=1"])
    with pytest.raises(UsageError, match=r"split\.fld"):
        affekt.evaluate(run.path, data_root=pictures, overrides=["split.fld=1"])


def test_an_unfinished_run_is_reported_in_evaluation_and_when_it_is_loaded(run, pictures, caplog):
    (run.path / "result.json").unlink()
    on = affekt.evaluate(run.path, data_root=pictures).evaluated_on
    assert on.unfinished == "epoch 2 of 2" and "the run is unfinished: epoch 2 of 2" in on.warnings
    assert "is an unfinished run: epoch 2 of 2" in caplog.text


def test_training_samples_of_a_run_that_does_not_state_its_data_cannot_be_counted(run, pictures):
    (run.path / "data.json").unlink()
    on = affekt.evaluate(run.path, data_root=pictures, split="all").evaluated_on
    assert on.trained_on is None and "is not stated" in on.warnings[0]


def test_keys_in_a_bundle_recognise_samples_without_their_names(run, tmp_path):
    identity = run.identity
    document = {"kind": "bundle", "data_identity": identity.document()}
    with write_sealed(tmp_path / "bundle", document) as work:
        (work / KEYS_FILE).write_text(bundle_keys(identity))
    sealed = read_sealed(tmp_path / "bundle", kind="bundle")
    found, expected = trained_on_bundle(sealed.path, sealed.document), trained_on_run(run)
    assert (found.media, found.ids, found.document) == (expected.media, expected.ids, expected.document)
    text = sealed.read(KEYS_FILE).decode() + json.dumps(sealed.document)
    assert ".png" not in text and str(identity.root) not in text
    assert len(bundle_keys(identity)) < 30 * len(identity.items) + 200
    with write_sealed(tmp_path / "bundle", document) as work:
        (work / KEYS_FILE).write_text('{"media": {"train": "AAA="}}')
    sealed = read_sealed(tmp_path / "bundle", kind="bundle")
    with pytest.raises(FolderError, match="cannot be read"):
        trained_on_bundle(sealed.path, sealed.document)


def test_samples_of_a_published_data_set_are_recognised_by_their_ids_in_any_form():
    def stated(data, *, prepared):
        document = {"data": data, "prepared": prepared}
        return TrainedOn(document, {"key": "test"}, {id_key(data, "a"): "train"})

    sample = Sample("a", {})
    published, own = stated("ravdess", prepared=False), stated("clips", prepared=False)
    assert published.part_of(sample, "other", "ravdess", prepared=False) == "train"
    assert published.part_of(sample, "key", "ravdess", prepared=False) == "train"  # training comes first
    assert published.part_of(sample, "other", "emodb", prepared=False) is None
    # In own data an id means something only if one of the two is a prepared store of the other.
    assert own.part_of(sample, "other", "clips", prepared=False) is None
    assert own.part_of(sample, "key", "clips", prepared=False) == "test"
    assert own.part_of(sample, "other", "clips", prepared=True) == "train"


def test_a_bundle_counts_the_training_samples_of_its_run(face_bundle, face_run, tmp_path):
    on = affekt.evaluate(face_bundle, split="all", folder=tmp_path / "all").evaluated_on
    samples = Run(face_run).result["samples"]
    assert (on.trained_on, on.validated_on) == (samples["train"], samples["validation"])


def test_networks_of_other_data_are_compared_on_the_part_of_the_one_that_knows_it(run, fold_run, tmp_path):
    detach(fold_run[0].path, tmp_path / "fold")
    rows = [str(run.path), str(tmp_path / "fold")]
    found = compare_networks(rows, data_root=fold_run[1], metrics=["accuracy"])
    assert [row.samples for row in found.rows] == [6, 6] and len(found.comparisons) == 1
    assert f"{rows[0]}: warning: the test part is that of {rows[1]}" in found.notes
    # Each row says how many of its samples were trained on, as affekt evaluate does.
    found = compare_networks(rows, data_root=fold_run[1], split="all", metrics=["accuracy"])
    said = "15 of 24 samples were trained on: these scores do not hold for new data"
    assert f"each row: warning: {said}" in found.notes
    assert all(said in row["warnings"] for row in summary_document(found)["rows"])


def test_a_comparison_that_is_refused_is_no_look_at_the_test_part(run, face_bundle, pictures):
    rows = [str(run.path), str(face_bundle)]
    with pytest.raises(
        UsageError, match=r"run is of images; .*faces.affekt is of drawn_faces.*--data images"
    ):
        compare_networks(rows, data_root=pictures)
    with pytest.raises(AffektError, match=r"can be compared.*only the first has angry.*only the second has"):
        compare_networks(rows, data="images", data_root=pictures)
    with pytest.raises(DataError, match=r"faces.affekt: .*other data are not split.*name a run that does"):
        compare_networks([str(face_bundle), str(run.path)], data="images", data_root=pictures / "train")
    assert not (run.path / "evaluation").exists()
