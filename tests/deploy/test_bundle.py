"""A bundle is complete, checked byte for byte, and written behind its gate."""

import json
import shutil
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core.errors import AffektError, ExportError, FolderError
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.deploy.export import export as exporting
from affekt.deploy.export import graphs

pytestmark = pytest.mark.xdist_group("bundle")


def test_the_manifest_states_everything_that_a_user_needs(bundle):
    document = json.loads((bundle / "affekt.json").read_text())
    assert {"model.onnx", "samples.json"} == set(document["files"])
    assert [entry["name"] for entry in document["inputs"]] == ["skeleton", "movement"]
    assert document["labels"]["names"] == ["happy", "sad", "angry", "neutral"]
    assert document["calibration"]["temperature"] > 0
    assert document["metrics"]["split"] == "validation"
    for key in ("preprocessing", "licence", "intended_use", "limits", "weights_sha256", "gate"):
        assert document[key]


def test_calibration_is_in_the_bundle(bundle, trained_run):
    fitted = json.loads((trained_run / "calibration.json").read_text())["temperature"]
    assert (
        affekt.load(bundle).calibration.temperature
        == affekt.load(trained_run).calibration.temperature
        == fitted
    )


@pytest.mark.parametrize("name", ["model.onnx", "affekt.json"])
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_one_flipped_byte_is_refused(bundle, walks, tmp_path, name, place):
    altered = tmp_path / "altered.affekt"
    shutil.copytree(bundle, altered)
    content = bytearray((altered / name).read_bytes())
    content[int(place * len(content))] ^= 1
    (altered / name).write_bytes(content)
    with pytest.raises(FolderError, match="altered"):
        affekt.load(altered)


def test_a_zipped_bundle_answers_like_its_folder(bundle, walks, tmp_path):
    file = tmp_path / "walks-zipped.affekt"
    with zipfile.ZipFile(file, "w") as archive:
        for member in bundle.iterdir():
            archive.write(member, member.name)
    zipped, plain = (affekt.load(path, backend="onnxruntime") for path in (file, bundle))
    assert zipped(walks / "walk0.npz").scores == plain(walks / "walk0.npz").scores


def test_a_missing_graph_is_refused(bundle, tmp_path):
    altered = tmp_path / "altered.affekt"
    shutil.copytree(bundle, altered)
    (altered / "model.onnx").unlink()
    with pytest.raises(FolderError, match=r"has no model\.onnx"):
        affekt.load(altered)


class Shifted:
    """A network whose logits are off by 0.01."""

    def __init__(self, network):
        self.network = network

    def __call__(self, batch):
        return self.outputs(batch)["logits"]

    def outputs(self, batch):
        return {name: value + 0.01 for name, value in self.network.outputs(batch).items()}


def test_export_refuses_a_graph_that_differs_from_pytorch(trained_run, tmp_path, monkeypatch):
    network = graphs.Graphs.network
    monkeypatch.setattr(graphs.Graphs, "network", lambda self: Shifted(network(self)))
    with pytest.raises(ExportError, match=r"up to 1\.0\de-02"):
        exporting.export(trained_run, tmp_path / "never.affekt")
    assert not (tmp_path / "never.affekt").exists()


def test_run_and_bundle_evaluate_to_the_same_scores(bundle, trained_run):
    from_run = affekt.evaluate(trained_run, split="validation").scores
    assert affekt.evaluate(bundle, split="validation").scores == pytest.approx(from_run, abs=1e-4)


def test_predictions_stream_in_the_order_of_the_inputs(bundle, walks):
    predictor = affekt.load(bundle)
    (walks / "walk1.npz").write_bytes(b"")
    answers = list(predictor.predict([walks, walks / "walk0.npz"], batch_size=2))
    assert [answer.id.rpartition("/")[2] for answer in answers] == [
        "walk0.npz",
        "walk1.npz",
        "walk2.npz",
        "walk0.npz",
    ]


def test_a_file_of_several_walks_is_answered_walk_by_walk(bundle, walks):
    with np.load(walks / "walk0.npz") as file:
        np.savez(walks / "many.npz", poses=np.stack([file["positions"]] * 2), joints=file["joints"])
    predictor = affekt.load(bundle)
    with pytest.raises(AffektError, match="holds 2 items"):
        predictor(walks / "many.npz")
    assert [a.id.rpartition("#")[2] for a in predictor.predict([walks / "many.npz"])] == ["0", "1"]


def test_predict_answers_a_run_folder_too(trained_run, walks):
    done = CliRunner().invoke(app, ["predict", str(trained_run), str(walks), "--json"])
    assert done.exit_code == 0 and len(json.loads(done.stdout)["predictions"]) == 3


def test_a_bundle_is_evaluated_on_a_folder_of_the_user(bundle, tmp_path):
    for sample in open_dataset("walkers").samples[:8]:
        walk, name = (
            sample.media["skeleton"],
            {"happy": "joy", "sad": "sadness"}.get(sample.label, sample.label),
        )
        (tmp_path / "own" / name).mkdir(parents=True, exist_ok=True)
        file = tmp_path / "own" / name / f"sub-{sample.subject}_{sample.id}.npz"
        np.savez(file, positions=walk.positions, joints=np.array(walk.joints))
    result = affekt.evaluate(
        bundle, data="skeletons", data_root=tmp_path / "own", split="all", folder=tmp_path / "results"
    )
    assert len(result.predictions) == 8 and result.skipped == []
    assert {row["true"] for row in result.predictions} == {"happy", "sad", "angry", "neutral"}
    assert (tmp_path / "results" / "scores.json").is_file()


def test_two_inputs_with_the_same_name_get_their_own_answers(bundle):
    one, other = open_dataset("walkers").samples[:2]
    twins = [Sample("twin", one.media), Sample("twin", {}), Sample("twin", other.media)]
    predictor = affekt.load(bundle)
    first, broken, last = predictor.predict(twins)
    assert isinstance(broken, Skipped) and "no skeleton" in broken.reason
    for answer, walk in ((first, one), (last, other)):
        assert answer.scores == pytest.approx(predictor(walk).scores, abs=1e-5)
    assert first.scores != pytest.approx(last.scores, abs=1e-4)


def test_an_empty_folder_among_others_is_skipped_and_the_others_are_answered(bundle, walks):
    (walks / "empty").mkdir()
    answers = list(affekt.load(bundle).predict([walks / "empty", walks / "walk0.npz"]))
    assert isinstance(answers[0], Skipped) and answers[1].label
