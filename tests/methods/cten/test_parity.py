"""The published network: every shared case, whole outputs, losses, gradients, and inputs."""

from pathlib import Path

import pytest

from affekt.core.errors import UsageError
from affekt.methods.cten.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "cten").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("cten", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "cten").glob("*.npz"))) == len(CASES) >= 8


def test_a_wrong_salt_is_detected(altered_case):
    results = {r.name: r for r in run_case(altered_case("cten", "case_eval_b1.npz", salt=1))}
    assert not any(results[name].ok for name in ("logits", "gamma", "backbone"))


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'poster-v2'"):
        list(run_case(altered_case("cten", "case_eval_b1.npz", method="poster-v2")))


def test_other_windows_of_sound_are_detected(altered_case):
    results = {r.name: r for r in run_case(altered_case("cten", "case_fbank_long.npz", python_random_seed=6))}
    assert results["raw_fbank"].ok and not results["network_input_rowmean"].ok
