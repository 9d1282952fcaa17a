"""The published network: every shared case, whole outputs, losses and gradients."""

import json
from pathlib import Path

import numpy as np
import pytest

from affekt.methods.bpm_gcn.model import body_graph
from affekt.methods.bpm_gcn.parity import run_case
from affekt.parity.case import Case
from affekt.parity.compare import compare

# Empty where ../shared is absent: pytest then reports the test as skipped.
CASES = sorted((Path(__file__).parents[3].parent / "shared" / "parity" / "bpm-gcn").glob("*.npz"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    results = compare("bpm-gcn", path)
    assert {result.name for result in results} == set(Case.open(path).expected)
    assert [f"{r.name}: {r.max_abs:.2e}" for r in results if not r.ok] == []


def test_all_shared_cases_are_present(shared):
    assert len(list((shared / "parity" / "bpm-gcn").glob("*.npz"))) == len(CASES) >= 6


def test_body_graph_is_the_published_one(shared):
    published = json.loads((shared / "parity" / "bpm-gcn" / "graph.json").read_text())["A"]
    np.testing.assert_allclose(body_graph().numpy(), np.array(published), rtol=1e-6)


def test_a_wrong_salt_is_detected(shared, tmp_path):
    source = shared / "parity" / "bpm-gcn" / "case_eval_cal_b5.npz"
    with np.load(source) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"])) | {"salt": 1}
    np.savez(tmp_path / "case.npz", **(arrays | {"meta": json.dumps(meta)}))
    results = list(run_case(Case.open(tmp_path / "case.npz", source.with_name("keys.json"))))
    assert not any(result.ok for result in results)
