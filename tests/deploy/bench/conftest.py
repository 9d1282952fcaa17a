"""A report to be changed."""

import pytest

from affekt.deploy.bench.report import BenchReport


@pytest.fixture
def make_report():
    """A function that makes a report of two pairs of threads and size, with changes by dotted name."""

    def make(**changes):
        values = {
            "bundle": {
                "method": "compact_face",
                "task": "single_label",
                "modality": "image",
                "precision": "f32",
                "weights_sha256": "aa",
                "version": "bb",
            },
            "machine": {"processor": "One", "cores": 2, "instruction_sets": ("avx2",)},
            "versions": {"affekt": "1"},
            "settings": {
                "backend": "auto",
                "precision": "f32",
                "engine": "onnxruntime f32",
                "threads": (1, 2),
                "sizes": (1,),
                "unit": "rows",
                "limit_s": 90.0,
                "warm_up": 2,
            },
            "input": {"rows": {"image": (1, 24, 24)}},
            "first_answer": {
                "engine": "onnxruntime f32",
                "import_s": 0.2,
                "load_s": 0.1,
                "run_s": 0.1,
                "total_s": 0.4,
                "peak_bytes": 90_000_000,
                "processes": 3,
            },
            "latency": [
                {
                    "threads": n,
                    "size": 1,
                    "calls": 30,
                    "median_s": 0.004 / n,
                    "p95_s": 0.005,
                    "per_s": 250.0 * n,
                }
                for n in (1, 2)
            ],
            "memory": [{"size": 1, "peak_bytes": 100_000_000}],
            "work": [{"size": 1, "multiply_adds": 1000}],
            "product": [{"threads": 1, "multiply_adds_per_s": 1e9}],
            "busy": 0.1,
            "skipped": [],
            "seconds": 9.0,
        }
        for name, value in changes.items():
            *path, last = name.split("__")
            place = values
            for part in path:
                place = place[part]
            place[last] = value
        return BenchReport.model_validate(values)

    return make
