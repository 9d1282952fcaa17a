"""Text and dialogues: a method and a data set from outside go through everything that the framework does."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from affekt.core import catalog
from affekt.core.answers.prediction import Prediction
from affekt.core.dialogues import earlier, link_dialogues
from affekt.core.errors import DataError, ExportError, FolderError
from affekt.core.files.sealed import write_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.testing import check_dataset
from affekt.testing.contract import CHECKS

pytestmark = [pytest.mark.usefixtures("plugins"), pytest.mark.xdist_group("tiny_dialogue")]

VALUES = {
    "method": "tiny_dialogue",
    "data": {"name": "tiny_talks"},
    "optimizer": {"name": "adamw", "lr": 0.05, "weight_decay": 0.0},
    "train": {"epochs": 8, "batch_size": 8, "threads": 1},
}


def run_it(folder, *, resume=False, weights=(), **changes):
    values = {**VALUES, **changes, "train": {**VALUES["train"], **changes.get("train", {})}}
    recipe = Recipe.from_values(values)
    return train(recipe, weights=weights, runs=folder, resume=resume, progress=False)


@pytest.fixture(scope="module")
def run(plugins, tmp_path_factory):
    """A finished run. Not to be changed."""
    return run_it(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    """Its bundle. Not to be changed."""
    return export(run.path, tmp_path_factory.mktemp("bundles") / "talks.affekt").bundle


@pytest.fixture(scope="module")
def talks(plugins):
    """Samples of the data set by id."""
    return {sample.id: sample for sample in open_dataset("tiny_talks").samples}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_method_keeps_the_contract(check):
    check("tiny_dialogue")


def test_check_method_and_check_dataset_pass_for_plugins():
    check_dataset("tiny_talks")
    assert "tiny_dialogue" in catalog.list_methods()


def test_a_run_learns_from_text_and_sound(run):
    assert run.metrics()[-1]["validation/accuracy"] > 0.8


def test_a_bundle_answers_rows_of_unequal_length_as_the_run_does(run, bundle, talks):
    samples = list(talks.values())
    assert len({len(sample.media.get("text", "").split()) for sample in samples}) > 3
    eager, light = load(run.path), load(bundle, backend="onnxruntime")
    for one, other in zip(eager.predict(samples), light.predict(samples), strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-5)


def test_a_row_gets_the_same_answer_alone_as_in_a_padded_batch(bundle, talks):
    samples = list(talks.values())
    predictor = load(bundle, backend="onnxruntime")
    together = list(predictor.predict(samples, batch_size=16))
    for sample, answer in zip(samples[:8], together, strict=False):
        assert predictor(sample).scores == pytest.approx(answer.scores, abs=1e-6)


def test_openvino_and_the_automatic_choice_take_ids(bundle, talks):
    pytest.importorskip("openvino")
    samples = list(talks.values())[:12]
    expected = [answer.scores for answer in load(bundle, backend="onnxruntime").predict(samples)]
    for backend in ("openvino", "auto"):
        found = [answer.scores for answer in load(bundle, backend=backend, expected=10**9).predict(samples)]
        assert found == [pytest.approx(scores, abs=1e-4) for scores in expected]


def test_an_answer_states_which_modalities_it_is_based_on(bundle, talks):
    predictor = load(bundle, backend="onnxruntime")
    whole, no_sound, no_text = (predictor(talks[name]) for name in ("talk-0/1", "talk-0/4", "talk-1/4"))
    assert (whole.modality, whole.notes) == ("text+audio", ())
    assert (no_sound.modality, no_text.modality) == ("text", "audio")
    assert no_sound.notes == ("no audio: the answer is based on text alone",)
    assert no_text.notes == ("no text: the answer is based on audio alone",)


def test_a_sample_without_any_modality_is_skipped_with_the_reason(bundle, talks):
    empty = Sample("nothing", {})
    answers = list(load(bundle, backend="onnxruntime").predict([talks["talk-0/1"], empty]))
    assert isinstance(answers[0], Prediction)
    assert answers[1] == Skipped("nothing", "none of text, audio is present")


def test_training_goes_on_without_a_sample_that_has_no_modality(plugins, talks):
    from affekt.core.task import find_task
    from affekt.engine.loading import SampleDataset

    method = catalog.method("tiny_dialogue")
    preprocess = method.fit_preprocess(method.make_config(), list(talks.values())).preprocess
    labels = catalog.dataset("tiny_talks").labels
    empty = Sample("nothing", {}, "happy")
    found = SampleDataset([empty], preprocess, labels, find_task("single_label"), seed=0)[0]
    assert found == Skipped("nothing", "none of text, audio is present")


def test_predict_links_the_turns_of_a_list(bundle):
    """A turn that says nothing by itself is answered by what the same speaker said before."""
    predictor = load(bundle, backend="onnxruntime")

    def last(words):
        said = [("ann", words), ("ben", "well"), ("ann", "as said")]
        turns = [
            Sample(f"turn-{number}", {"text": text}, dialogue="d", turn=number, speaker=speaker)
            for number, (speaker, text) in enumerate(said)
        ]
        return list(predictor.predict(turns))[2]

    assert last("lovely sun").scores["happy"] > last("awful rain").scores["happy"] + 0.1


def test_predict_refuses_two_samples_that_are_the_same_turn(bundle):
    turns = [Sample(name, {"text": "well"}, dialogue="d", turn=1) for name in ("a", "b")]
    with pytest.raises(DataError, match="dialogue 'd' has turns of the same number: a, b"):
        load(bundle, backend="onnxruntime").predict(turns)


def test_evaluation_scores_the_test_part_with_its_context(run, bundle, tmp_path):
    of_run = evaluate(run.path, folder=tmp_path / "run")
    of_bundle = evaluate(bundle, folder=tmp_path / "bundle")
    assert of_run.scores["accuracy"] >= 0.7
    assert of_bundle.scores["accuracy"] == of_run.scores["accuracy"]
    assert of_run.evaluated_on.trained_on == 0  # though the same words are said in training dialogues


def test_int8_is_refused_for_a_graph_without_convolutions(run, tmp_path):
    with pytest.raises(ExportError, match="no convolution"):
        export(run.path, tmp_path / "bundle", int8=True)
    assert not (tmp_path / "bundle").exists()


def test_a_checkpoint_and_a_bundle_hold_the_assets(run, bundle):
    vocabulary = (run.best / "assets" / "vocabulary.txt").read_bytes()
    assert (bundle / "assets" / "vocabulary.txt").read_bytes() == vocabulary
    words = vocabulary.decode().splitlines()
    assert "lovely" in words and "lovely<" in words
    assert load(bundle, backend="onnxruntime").preprocess.ids == load(run.path).preprocess.ids


def test_an_altered_asset_is_refused(bundle, tmp_path):
    import shutil

    copy = shutil.copytree(bundle, tmp_path / "copy")
    (copy / "assets" / "vocabulary.txt").write_text("other\nwords\n")
    with pytest.raises(FolderError, match=r"assets/vocabulary.txt"):
        load(copy)


def test_a_resumed_run_reads_its_assets_from_the_checkpoint(plugins, tmp_path, monkeypatch):
    whole = run_it(tmp_path / "whole", train={"epochs": 2}).metrics()
    state = {"fits": 0}
    preprocess = catalog.method("tiny_dialogue").load("preprocess")
    fit_assets = preprocess.fit_assets

    def counted(self, samples):
        state["fits"] += 1
        return fit_assets(self, samples)

    monkeypatch.setattr(preprocess, "fit_assets", counted)
    with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, SystemExit)):
        from affekt.engine.runs.recording import EpochRecorder

        end = EpochRecorder.on_train_epoch_end

        def stopped(self, trainer, module):
            end(self, trainer, module)
            raise KeyboardInterrupt

        patch.setattr(EpochRecorder, "on_train_epoch_end", stopped)
        run_it(tmp_path / "parts", train={"epochs": 2})
    assert state["fits"] == 1
    resumed = run_it(tmp_path / "parts", train={"epochs": 2}, resume=True)
    assert state["fits"] == 1
    assert resumed.metrics() == whole


def test_turns_without_annotation_stay_in_the_dialogue(plugins, talks, run):
    method = catalog.method("tiny_dialogue")
    tokens = list(method.make_preprocess(method.make_config()).tokens(talks["talk-0/1"]))
    first = talks["talk-0/0"]
    assert first.label is None
    assert tokens[: len(first.media["text"].split())] == [word + ">" for word in first.media["text"].split()]
    assert "talk-0/0" not in {item.id for item in run.identity.items}


def test_the_key_of_cached_features_knows_neighbours_and_assets(plugins, talks):
    from affekt.engine.features.keys import Views, describe_network, sample_digest

    sample = talks["talk-0/2"]
    turns = [
        replace(turn, media={"text": "something else"}) if turn.turn == 5 else turn
        for turn in sample.around.turns
    ]
    changed = link_dialogues(turns)[2]
    assert sample_digest(changed, Views()) != sample_digest(sample, Views())
    relabelled = link_dialogues([replace(turn, label=None) for turn in sample.around.turns])[2]
    assert sample_digest(relabelled, Views()) == sample_digest(sample, Views())

    method = catalog.method("tiny_dialogue")
    config = method.make_config()
    fitted = method.fit_preprocess(config, list(talks.values()))
    described = [
        describe_network(
            method, torch.nn.Linear(1, 1), config, fitted.preprocess, fitted.state, "float16", assets=assets
        )
        for assets in (None, fitted.assets, {"vocabulary.txt": b"other"})
    ]
    assert "assets" not in described[0]
    assert described[1]["assets"] != described[2]["assets"]


def test_ids_beyond_the_vocabulary_are_refused_before_the_network_sees_them(bundle, talks, monkeypatch):
    predictor = load(bundle, backend="onnxruntime")
    monkeypatch.setattr(predictor.preprocess, "ids", {"lovely": 64})
    (answer,) = predictor.predict([Sample("a", {"text": "lovely"})])
    assert isinstance(answer, Skipped)
    assert answer.reason == "text must lie in 0 to 63, found 64 to 64"


def test_cached_features_have_any_length_and_stand_in_for_missing_words(plugins, tmp_path):
    with write_sealed(tmp_path / "words", {"kind": "weights", "method": "tiny_dialogue"}) as work:
        save_file({"words.weight": torch.randn(64, 8)}, work / "model.safetensors")
    options = {"config": {"freeze_words": True}, "weights": [tmp_path / "words"]}
    rows = [
        run_it(tmp_path / str(views), train={"epochs": 1, "cached_views": views}, **options).metrics()[0]
        for views in (0, 1)
    ]
    for name in ("train/loss", "validation/loss"):
        assert rows[0][name] == pytest.approx(rows[1][name], rel=2e-3)


def test_a_text_that_names_a_file_is_words_all_the_same(tmp_path, monkeypatch):
    from affekt.core.files.content import media_key
    from affekt.engine.features.keys import Views, sample_digest

    monkeypatch.chdir(tmp_path)
    sample = Sample("a", {"text": "well"})
    before = media_key(sample), sample_digest(sample, Views())
    (tmp_path / "well").write_text("other words")
    assert (media_key(sample), sample_digest(sample, Views())) == before


def test_a_prepared_store_keeps_speakers_dialogues_and_turns_of_words_alone(plugins, talks, tmp_path):
    from affekt.data.prepare.prepare import prepare

    prepare("tiny_talks", tmp_path / "store", options={"talks": 1}, workers=0)
    stored = {
        sample.id: sample for sample in open_dataset("tiny_talks", tmp_path / "store", {"talks": 1}).samples
    }
    echo, plain = stored["talk-0/3"], talks["talk-0/3"]
    assert echo.media == plain.media == {"text": "as said"}
    assert (echo.speaker, echo.dialogue, echo.turn) == ("ben", "talk-0", 3)
    assert [turn.media["text"] for turn in earlier(echo, 2)] == [
        turn.media["text"] for turn in earlier(plain, 2)
    ]


def test_weights_of_others_are_not_converted_without_the_files_that_they_need(plugins, tmp_path):
    from affekt.engine.weights.convert import convert

    method = catalog.method("tiny_dialogue")
    save_file(method.load("model")(method.make_config()).state_dict(), tmp_path / "theirs.safetensors")
    with pytest.raises(DataError, match="the vocabulary of tiny_dialogue is made from training turns"):
        convert("tiny_dialogue", tmp_path / "theirs.safetensors", labels="happy,sad")
