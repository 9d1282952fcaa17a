from __future__ import annotations

import pytest

from affekt.analysis.found import Found
from affekt.analysis.stored import StoredStages


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def none() -> Found:
    raise AssertionError("the stage ran again")


def test_a_stored_stage_is_not_found_again():
    first = StoredStages("key", resume=False)
    found = first.found("faces", lambda: Found(notes=("seen",)))
    assert StoredStages("key", resume=True).found("faces", none) == found


def test_without_resume_nothing_old_is_used():
    StoredStages("key", resume=False).found("faces", lambda: Found(notes=("old",)))
    found = StoredStages("key", resume=False).found("faces", lambda: Found(notes=("new",)))
    assert found.notes == ("new",)


def test_a_damaged_result_is_made_again():
    stored = StoredStages("key", resume=False)
    stored.found("faces", Found)
    (stored.folder / "faces.json").write_text('{"tracks": 3}', encoding="utf-8")
    assert stored.found("faces", lambda: Found(notes=("again",))).notes == ("again",)


def test_results_of_another_key_are_not_used_and_complete_ones_are_removed():
    stored = StoredStages("a", resume=False)
    stored.found("faces", lambda: Found(notes=("a",)))
    assert StoredStages("b", resume=True).found("faces", Found) == Found()
    stored.remove()
    assert not stored.folder.exists()
