"""Objects are removed while other processes write checkpoints: nothing that these need is lost."""

import subprocess
import sys
import time

import pytest

from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.engine.store.check import check_store
from affekt.engine.store.lock import hold
from affekt.engine.store.objects import Store

# Writes epochs of one run, slowly between each object and its link, and removes the epoch before.
WRITER = """
import shutil, sys, time
from pathlib import Path
from affekt.core.files.sealed import write_sealed
from affekt.engine.store.links import objects_of_checkpoint
from affekt.engine.store.objects import Store

runs, name = Path(sys.argv[1]), sys.argv[2]
ensure = Store._ensure
def slow(self, sha256, content):
    ensure(self, sha256, content)
    time.sleep(0.003)
Store._ensure = slow
store, before = Store(runs), None
for epoch in range(60):
    folder = runs / name / "checkpoints" / f"epoch-{epoch}"
    with store.writing(), write_sealed(folder, {"kind": "checkpoint"}) as work:
        store.put(b"frozen encoder", work / "encoder.safetensors")
        store.put(f"head {epoch % 3}".encode(), work / "model.safetensors")
    if before:
        dropped = objects_of_checkpoint(before)
        shutil.rmtree(before)
        store.drop(dropped)
    before = folder if epoch % 2 else shutil.rmtree(folder)
"""


def test_two_writing_processes_lose_nothing_while_a_third_cleans(tmp_path):
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*words, name], stderr=subprocess.PIPE, text=True) for name in ("a", "b")]
    store, cleaned = Store(tmp_path), 0
    try:
        while any(writer.poll() is None for writer in writers):
            cleaned += len(store.clean())
            time.sleep(0.001)
    finally:
        for writer in writers:
            writer.kill()
    said = [writer.communicate()[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    assert cleaned  # there was something to remove while they wrote
    assert check_store(store) == []
    for name in ("a", "b"):
        (checkpoint,) = (tmp_path / name / "checkpoints").iterdir()
        assert read_sealed(checkpoint, kind="checkpoint").read("encoder.safetensors") == b"frozen encoder"


def test_cleaning_waits_for_a_checkpoint_and_gives_up_with_a_reason(tmp_path):
    store = Store(tmp_path)
    with store.writing():
        store.put(b"weights", tmp_path / "link.safetensors")
        with pytest.raises(FolderError, match="writes a checkpoint"):
            store.clean(wait_s=0.1)
    assert store.clean() == {}


def test_several_checkpoints_are_written_at_once(tmp_path):
    store = Store(tmp_path)
    with store.writing(), hold(store.path / "lock", alone=False, wait_s=0.0) as held:
        assert held
