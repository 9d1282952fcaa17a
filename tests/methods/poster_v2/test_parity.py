"""The published network: every shared case, whole outputs, losses, gradients, and its optimizer."""

from pathlib import Path

import pytest

from affekt.methods.poster_v2.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "poster-v2").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("poster-v2", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "poster-v2").glob("*.npz"))) == len(CASES) >= 9


def test_a_wrong_salt_is_detected(altered_case):
    results = list(run_case(altered_case("poster-v2", "case_7_b2.npz", salt=1)))
    assert results and not any(result.ok for result in results)


def test_another_radius_is_detected(altered_case):
    results = {
        r.name: r for r in run_case(altered_case("poster-v2", "case_sam_adam.npz", keys=False, rho=0.06))
    }
    assert not results["perturbed0.fc1.weight"].ok
    assert results["loss_first"].max_abs > 0 and results["lr"].ok
