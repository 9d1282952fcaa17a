"""Two reports are compared by what both hold; reports of different networks are refused."""

import json

import pytest

from affekt.core.errors import UsageError
from affekt.deploy.bench.compare import compare
from affekt.deploy.bench.report import read_report


def test_a_report_is_read_as_it_was_written(make_report, tmp_path):
    report = make_report()
    report.save(tmp_path / "a.json")
    assert read_report(tmp_path / "a.json") == report


def test_a_ratio_above_one_says_that_the_second_is_faster(make_report):
    slow, fast = make_report(), make_report(first_answer__total_s=0.2)
    rows = {row.what: row for row in compare(slow, fast).rows}
    assert rows["first answer, total"].ratio == pytest.approx(2)
    assert rows["1 row, 2 threads, median"] == ("1 row, 2 threads, median", "ms", 2, 2, 1)
    assert rows["1 row, memory"].first == 100


def test_other_machines_engines_and_weights_are_noted(make_report):
    other = make_report(
        machine__processor="Other",
        machine__instruction_sets=("avx2", "amx_int8"),
        bundle__weights_sha256="cc",
        settings__engine="openvino f32",
    )
    assert compare(make_report(), other).notes == [
        "machine, processor: One and Other",
        "machine, instruction sets: avx2 and avx2 amx_int8",
        "bundle, weights sha256: aa and cc",
        "settings, engine: onnxruntime f32 and openvino f32",
    ]


def test_a_pair_of_threads_and_size_that_one_report_lacks_is_noted(make_report):
    report = make_report()
    less = report.model_copy(update={"latency": report.latency[:1]})
    found = compare(report, less)
    assert "only the first report has 1 row, 2 threads" in found.notes
    assert "1 row, 2 threads, median" not in {row.what for row in found.rows}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"bundle__method": "vaanet"}, "method differ: compact_face and vaanet"),
        ({"input__rows": {"image": (1, 48, 48)}}, "inputs of the network differ"),
        ({"settings__unit": "cells"}, "unit of sizes differ"),
    ],
)
def test_reports_of_different_networks_are_refused(make_report, change, what):
    with pytest.raises(UsageError, match=what):
        compare(make_report(), make_report(**change))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "it is not JSON"),
        ("[]", "is not a report of affekt bench"),
        ('{"kind": "affekt bench", "format": 9}', "has format 9"),
        ('{"kind": "affekt bench", "format": 1, "seconds": "long"}', "seconds = 'long'"),
    ],
)
def test_a_file_that_is_no_report_is_one_clear_error(content, what, tmp_path):
    file = tmp_path / "a.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=what):
        read_report(file)


def test_a_report_of_a_newer_format_is_not_read_by_half(make_report, tmp_path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**make_report().model_dump(mode="json"), "new": 1}))
    with pytest.raises(UsageError, match="new = 1: unknown key"):
        read_report(file)
