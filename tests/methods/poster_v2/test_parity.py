"""The published network: every shared case, whole outputs, losses, gradients, and its optimizer."""

import json
from pathlib import Path

import numpy as np
import pytest

from affekt.core.parity import Case
from affekt.methods.poster_v2.parity import run_case
from affekt.testing.parity import compare

# Empty where ../shared is absent: pytest then skips the test and says so.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "poster-v2").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("poster-v2", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_shared_cases_are_all_there(shared):
    assert len(list((shared / "parity" / "poster-v2").glob("*.npz"))) == len(CASES) >= 9


def changed(shared, tmp_path, name, **meta):
    """A case whose description was altered."""
    source = shared / "parity" / "poster-v2" / name
    with np.load(source) as file:
        arrays = dict(file)
    document = json.loads(str(arrays["meta"])) | meta
    np.savez(tmp_path / name, **(arrays | {"meta": json.dumps(document)}))
    return Case.open(tmp_path / name, source.with_name("keys.json") if "case_7" in name else None)


def test_a_wrong_salt_is_noticed(shared, tmp_path):
    results = list(run_case(changed(shared, tmp_path, "case_7_b2.npz", salt=1)))
    assert results and not any(result.ok for result in results)


def test_another_radius_is_noticed(shared, tmp_path):
    results = {r.name: r for r in run_case(changed(shared, tmp_path, "case_sam_adam.npz", rho=0.06))}
    assert not results["perturbed0.fc1.weight"].ok
    assert results["loss_first"].max_abs > 0 and results["lr"].ok
