"""A network of words, sound and picture is measured like any other."""

import pytest

pytestmark = pytest.mark.xdist_group("scenes")


def test_a_row_with_all_modalities_is_computed_timed_and_counted(clip_bundle, bench_jobs):
    lines = bench_jobs(clip_bundle)
    (facts,), (count,) = lines["probe"], lines["count"]
    assert facts["bundle"]["modality"] == "text+audio+video" and facts["unit"] == "rows"
    assert facts["rows"]["text"] == (32,)
    assert count["multiply_adds"] > 0 and {one["size"] for one in lines["turns"]} == {0, 2}
