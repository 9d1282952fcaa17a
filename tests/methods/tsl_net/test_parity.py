"""The published network: forward, losses, gradients, seeds, segments and metrics of every shared case."""

import json
from pathlib import Path

import pytest

from affekt.core.errors import UsageError
from affekt.methods.tsl_net.parity import run_case
from affekt.methods.tsl_net.weights import BARE_WEIGHTS, TRAINING_WEIGHTS, WEIGHTS
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
FOLDER = Path(__file__).parents[3].parent / "shared" / "parity" / "tsl-net"
CASES = sorted(
    path for path in FOLDER.glob("*.*") if path.suffix in (".npz", ".json") and path.stem != "keys"
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("tsl-net", path)
    assert results and [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []
    if path.suffix == ".npz" and path.stem != "case_post":
        assert {result.name for result in results} == set(Case.open(path).expected)


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "tsl-net").glob("*.*"))) - 2 == len(CASES) >= 13


def test_each_of_the_47_published_names_is_known(shared):
    keys = list(json.loads((shared / "parity" / "tsl-net" / "keys.json").read_text()))
    ours, training = WEIGHTS.to_ours(keys), TRAINING_WEIGHTS.to_ours(key for key in keys if ".rev_" in key)
    assert len(keys) == 47 == len(ours) + len(training)
    assert WEIGHTS.to_theirs(ours.values()) == {name: key for key, name in ours.items()}
    assert TRAINING_WEIGHTS.to_theirs(training.values()) == {name: key for key, name in training.items()}
    bare = BARE_WEIGHTS.to_ours(key.removeprefix("cls_module.") for key in keys)
    assert list(bare.values()) == list(ours.values())


def test_a_wrong_salt_is_detected(altered_case):
    results = {r.name: r for r in run_case(altered_case("tsl-net", "case_eval_b2_t40.npz", salt=1))}
    assert not any(results[name].ok for name in ("cas_logits", "dis_logits", "audio_rows", "visual_rows"))


def test_scores_differ_in_a_case_in_which_a_class_does_not_occur(altered_case):
    case = altered_case("tsl-net", "case_loss_evalbn_t120.npz", video_label=[[1.0, 0.0]])
    (scores,) = (result for result in run_case(case) if result.name == "vid_score")
    right, wrong = (scores.actual - scores.expected)[0]
    assert abs(right) < 1e-5 and wrong < -0.01


def test_another_background_threshold_is_detected(altered_case):
    results = {r.name: r for r in run_case(altered_case("tsl-net", "case_pseudo.npz", bkg_thresh=0.5))}
    assert not results["bkg_seed_1"].ok and results["points_1"].ok


def test_another_margin_around_segments_is_detected(altered_case):
    results = list(run_case(altered_case("tsl-net", "case_post.npz", oic_lambda=0.3)))
    assert not all(result.ok for result in results)


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'vaanet'"):
        list(run_case(altered_case("tsl-net", "case_pseudo.npz", method="vaanet")))


def test_a_metric_case_without_its_annotations_is_refused(shared, tmp_path):
    document = json.loads((shared / "parity" / "tsl-net" / "metric_tsl300_real.json").read_text())
    (tmp_path / "metric.json").write_text(json.dumps(document | {"ground_truth": "shared/data/none/gt.json"}))
    with pytest.raises(UsageError, match=r"needs data/none/gt\.json, which is in none of its parent folders"):
        list(run_case(Case.open(tmp_path / "metric.json")))
