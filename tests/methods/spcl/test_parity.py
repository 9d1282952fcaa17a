"""The published losses, curriculum and decision: every shared case, whole outputs and gradients."""

import json
from pathlib import Path

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.methods.spcl.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "spcl").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("spcl", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "spcl").glob("*.npz"))) == len(CASES) >= 6


def test_only_the_raw_qr_is_compared_for_information(shared):
    results = run_case(Case.open(shared / "parity" / "spcl" / "case_apcl.npz"))
    assert {r.name for r in results if r.for_information} == {
        f"{name}_qr_raw" for name in ("losses", "prototypes", "momentums", "last_per_anchor", "last_grad")
    }


def test_a_wrong_salt_is_detected(altered_case):
    results = {r.name: r for r in run_case(altered_case("spcl", "case_loss_cold.npz", salt=1))}
    assert not any(results[name].ok for name in ("feature", "loss_spcl", "grad_input_spdcl"))


@pytest.mark.parametrize(
    ("name", "change", "wrong"),
    [
        ("case_loss_clustered.npz", {"temperature": 0.05}, "per_sample_spcl"),
        ("case_loss_pool.npz", {"pool_size": 5}, "pool_sizes"),
        ("case_loss_pool.npz", {"support_set_size": 3}, "next_centers"),
        ("case_curriculum.npz", {"epochs": 5}, "probability"),
        ("case_apcl.npz", {"temperature": 0.05}, "losses_qr_sign"),
    ],
)
def test_numbers_are_read_from_the_case(altered_case, name, change, wrong):
    assert not {r.name: r for r in run_case(altered_case("spcl", name, **change))}[wrong].ok


def test_rates_of_apcl_are_read_from_the_words_of_the_case(shared, altered_case):
    meta = json.loads(str(np.load(shared / "parity" / "spcl" / "case_apcl.npz")["meta"]))
    variants = {name: text.replace("alpha=0.5", "alpha=0.4") for name, text in meta["variants"].items()}
    results = {r.name: r for r in run_case(altered_case("spcl", "case_apcl.npz", variants=variants))}
    assert results["momentums_ema"].ok and not results["momentums_qr_sign"].ok


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'cten'"):
        list(run_case(altered_case("spcl", "case_inference.npz", method="cten")))


def test_a_case_with_another_constant_is_refused(altered_case):
    with pytest.raises(UsageError, match="eps = 1e-06"):
        list(run_case(altered_case("spcl", "case_loss_cold.npz", eps=1e-6)))
