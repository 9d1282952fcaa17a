"""Every shared case, whole outputs and gradients."""

from pathlib import Path

import pytest

from affekt.core.errors import UsageError
from affekt.methods.mdn_makd.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "mdn-makd").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("mdn-makd", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "mdn-makd").glob("*.npz"))) == len(CASES) >= 13


@pytest.mark.parametrize("layer", ["tensor", "lmf", "sparse_moe", "multihead_moe"])
def test_a_wrong_salt_is_detected(altered_case, layer):
    results = {r.name: r for r in run_case(altered_case("mdn-makd", f"case_{layer}.npz", salt=1))}
    assert not results["fused"].ok


def test_the_modality_that_is_missing_is_read_from_the_case(altered_case):
    results = {
        r.name: r
        for r in run_case(altered_case("mdn-makd", "case_vanilla__missing_audio.npz", missing=["A", "V"]))
    }
    assert not results["fused"].ok


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'cten'"):
        list(run_case(altered_case("mdn-makd", "case_mean.npz", method="cten")))
