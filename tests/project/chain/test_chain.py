"""The whole chain on an invented collection: it finds what was planted, and does nothing twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from affekt.core.errors import ConfigError, UsageError
from affekt.project.chain.run import run_chain
from affekt.project.chain.status import status_of
from affekt.project.folder import Project
from tests.project.conftest import silent


def rows(project, query):
    with project.database() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_planted_copies_are_found_and_no_others(finished):
    home, planted, _ = finished
    clusters = {}
    for item, cluster in rows(Project.open(home / "news"), "SELECT item_id, cluster FROM duplicate"):
        clusters.setdefault(cluster, set()).add(item)
    assert sorted(map(sorted, clusters.values())) == sorted(map(sorted, planted.copies))


def test_each_planted_fault_is_found_at_its_item(finished):
    home, planted, _ = finished
    codes = {"empty": "zero_bytes", "text": "unreadable", "cut_off": "unreadable", "black": "black"}
    codes |= {"silent": "silent", "without_medium": "no_media"}
    found = set(rows(Project.open(home / "news"), "SELECT item_id, code FROM finding"))
    assert {(item, codes[fault]) for item, fault in planted.broken.items()} <= found


def test_everything_again_computes_nothing(finished):
    home, planted, lines = finished
    again = list(run_chain(Project.open(home / "news"), silent))
    count = len(planted.labels) + len(planted.broken)
    assert f"check: {count} items computed, 0 kept" in lines
    assert f"check: 0 items computed, {count} kept" in again
    assert [line for line in again if line.startswith(("release", "split"))] == [
        line for line in lines if line.startswith(("release", "split"))
    ]


def test_the_status_names_what_is_stale(workshop):
    before = {step.step: step for step in status_of(workshop).steps}
    file = workshop.path / "project.toml"
    file.write_text(file.read_text().replace("size = 4", "size = 5"))
    after = {step.step: step for step in status_of(Project.open(workshop.path)).steps}
    assert (before["encode"].stale, before["encode"].missing) == (0, 0)
    assert (after["encode"].stale, after["check"].stale) == (before["encode"].done, 0)


def test_a_place_that_is_not_there_is_named_before_anything_is_done(workshop):
    file = workshop.path / "project.toml"
    file.write_text(file.read_text().replace("records.csv", "recods.csv").replace("media\"]", "medai\"]"))
    with pytest.raises(ConfigError, match=r"2 problems(.|\n)*recods(.|\n)*medai"):
        list(run_chain(Project.open(workshop.path), silent))


def test_sound_is_not_encoded_unless_the_stem_is_stated(workshop):
    file = workshop.path / "project.toml"
    file.write_text(file.read_text().replace('[sound]\nstem = "mix"\n', ""))
    with pytest.raises(UsageError, match="which sound"):
        status_of(Project.open(workshop.path))


ENCODE = """
import sys
from pathlib import Path
from affekt.project.encoding.step import encode
from affekt.project.folder import Project

def show(done, total):
    print(done, flush=True)

encode(Project.open(Path(sys.argv[1])), show)
"""


def encoding(project):
    return subprocess.Popen(
        [sys.executable, "-c", ENCODE, str(project.path)], stdout=subprocess.PIPE, text=True, env=os.environ
    )


def forget_vectors(project):
    with project.database() as connection:
        connection.execute("DELETE FROM encoded")
        connection.execute("DELETE FROM done WHERE step = 'encode'")


STATE = "SELECT e.item_id, e.sha256, d.made_from FROM encoded e JOIN done d USING (item_id) WHERE step = 'encode'"


def test_a_killed_encoding_is_continued_to_the_same_vectors(workshop):
    before = sorted(rows(workshop, STATE))
    forget_vectors(workshop)
    process = encoding(workshop)
    while int(process.stdout.readline()) < 5:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    begun = rows(workshop, STATE)
    assert 5 <= len(begun) < len(before)
    second = encoding(workshop)
    output, _ = second.communicate()
    assert second.returncode == 0 and int(output.split()[0]) == len(begun)
    assert sorted(rows(workshop, STATE)) == before


def test_two_encodings_at_once_give_each_item_one_result(workshop):
    before = sorted(rows(workshop, STATE))
    forget_vectors(workshop)
    processes = [encoding(workshop) for _ in range(2)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert sorted(rows(workshop, STATE)) == before
