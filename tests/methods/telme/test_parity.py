"""Every shared case, whole outputs and gradients."""

from pathlib import Path

import pytest

from affekt.core.errors import UsageError
from affekt.methods.telme.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "telme").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("telme", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "telme").glob("*.npz"))) == len(CASES) >= 5


@pytest.mark.parametrize(
    ("name", "change", "wrong"),
    [
        (
            "case_kd.npz",
            {"note": "meld: tau 3, total = CE + logit; iemocap: tau 2, total = 0.1*logit"},
            "meld.inter",
        ),
        (
            "case_kd.npz",
            {"note": "meld: tau 4, total = CE + logit; iemocap: tau 2, 0.2*logit"},
            "iemocap.total",
        ),
    ],
)
def test_numbers_are_read_from_the_case(altered_case, name, change, wrong):
    results = {r.name: r for r in run_case(altered_case("telme", name, **change))}
    assert not results[wrong].ok and results["meld.feature_loss"].ok


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'cten'"):
        list(run_case(altered_case("telme", "case_kd.npz", method="cten")))
