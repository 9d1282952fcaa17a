"""Every shared case, whole outputs and gradients."""

from pathlib import Path

import pytest

from affekt.core.errors import UsageError
from affekt.methods.chfen.parity import run_case
from affekt.methods.chfen.parity_labels import DATA
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
FOLDER = Path(__file__).parents[3].parent / "shared" / "parity" / "chfen"
CASES = sorted(FOLDER.glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("chfen", path)
    assert {result.name for result in results} | set(DATA) == set(Case.open(path).expected) | set(DATA)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(CASES) >= 5


def test_the_seed_of_an_input_is_read_from_the_case(altered_case):
    case = altered_case("chfen", "case_small.npz")
    inputs = [dict(entry) for entry in case.meta["inputs"]]
    inputs[2]["seed"] += 1
    results = {r.name: r for r in run_case(altered_case("chfen", "case_small.npz", inputs=inputs))}
    assert not results["image_fused"].ok and results["text_sequence"].ok


def test_a_case_of_another_method_is_refused(altered_case):
    with pytest.raises(UsageError, match="is a case of 'cten'"):
        list(run_case(altered_case("chfen", "case_modules.npz", method="cten")))
