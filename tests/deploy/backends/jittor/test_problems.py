"""What the doctor says about a computer on which Jittor cannot work, and the layout that it needs."""

import json
import sys

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import MissingExtra
from affekt.deploy.backends.jittor import home as places
from affekt.deploy.backends.jittor import problems as module
from affekt.deploy.backends.jittor.home import JittorHome, jittor_home, lay_out, onednn_folder
from affekt.deploy.backends.jittor.problems import jittor_version, problems, require_jittor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Jittor is supported on Linux")


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A computer that has all: oneDNN, a compiler, and an environment that answers as stated in `facts`."""
    for folder in ("include/oneapi", "lib", "bin", "environment/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "include" / "dnnl.hpp").write_text("")
    (tmp_path / "include" / "dnnl_types.h").write_text("")
    (tmp_path / "lib" / "libdnnl.so").write_text("")
    _program(tmp_path / "bin" / "g++", "exit 0")
    monkeypatch.setattr(places, "_HEADERS", (tmp_path / "include",))
    monkeypatch.setattr(places, "_LIBRARIES", (tmp_path / "lib",))
    monkeypatch.setattr(places.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("cc_path", raising=False)
    monkeypatch.setenv("AFFEKT_JITTOR", str(tmp_path / "environment"))
    monkeypatch.setenv("AFFEKT_JITTOR_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    answer(tmp_path)
    return tmp_path


def answer(folder, **changes):
    """Make the environment's Python answer with these facts."""
    facts = {
        "jittor": jittor_version(),
        "numpy": "1.26.4",
        "safetensors": "0.5.0",
        "python": "3.11",
        "headers": True,
        **changes,
    }
    _program(folder / "environment" / "bin" / "python", f"echo '{json.dumps(facts)}'")


def _program(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_nothing_is_missing_on_a_computer_that_has_all(system):
    assert problems(jittor_home()) == []
    require_jittor(jittor_home(), "backend jittor")


def test_places_are_those_of_the_variables(system):
    assert jittor_home() == JittorHome(system / "environment", system / "kernels")


def test_places_are_beside_affekts_own_environment_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("AFFEKT_JITTOR", raising=False)
    monkeypatch.delenv("AFFEKT_JITTOR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert jittor_home() == JittorHome(tmp_path / ".venv-jittor", tmp_path / "affekt" / "jittor")


def test_missing_compiler_is_named_with_its_package(system):
    (system / "bin" / "g++").unlink()
    system.joinpath("bin").rename(system / "empty")
    found = _problems(system, PATH=str(system / "empty"))
    assert [(one.what, one.fix) for one in found] == [
        (
            "there is no C++ compiler (g++, or the one that cc_path names)",
            ("apt-get install --yes g++",),
        )
    ]


def test_missing_onednn_is_named_with_its_package(system):
    (system / "lib" / "libdnnl.so").unlink()
    (only,) = problems(jittor_home())
    assert only.what == "oneDNN is missing: dnnl.hpp and libdnnl.so"
    assert only.fix == ("apt-get install --yes libdnnl-dev",)


def test_user_without_rights_is_told_to_use_sudo(system, monkeypatch):
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    (system / "lib" / "libdnnl.so").unlink()
    assert problems(jittor_home())[0].fix == ("sudo apt-get install --yes libdnnl-dev",)


def test_missing_environment_is_named_with_the_commands_that_make_it(system):
    (system / "environment" / "bin" / "python").unlink()
    (only,) = problems(jittor_home())
    assert only.what == f"there is no environment in {system / 'environment'} (AFFEKT_JITTOR)"
    assert only.fix[0] == f"python3.11 -m venv {system / 'environment'}"
    assert only.fix[1].startswith(f"{system / 'environment' / 'bin' / 'python'} -m pip install -r ")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"jittor": None}, "needs jittor .* and safetensors: jittor missing, safetensors 0.5.0"),
        ({"jittor": "1.3.8.5"}, "needs jittor .* and safetensors: jittor 1.3.8.5, safetensors 0.5.0"),
        ({"safetensors": None}, "safetensors missing"),
        ({"numpy": "2.1.0"}, "Jittor needs NumPy below 2; .* has 2.1.0"),
        ({"headers": False}, "the headers of Python 3.11 are missing"),
    ],
)
def test_environment_that_lacks_something_is_named(system, changes, what):
    answer(system, **changes)
    with pytest.raises(
        MissingExtra, match=f"backend jittor needs Jittor: .*{what}; affekt doctor jittor shows"
    ):
        require_jittor(jittor_home(), "backend jittor")


def test_environment_whose_python_does_not_run_is_named(system):
    _program(system / "environment" / "bin" / "python", "exit 1")
    (only,) = problems(jittor_home())
    assert only.what.endswith("does not run")


def test_other_system_is_one_problem_without_commands(system, monkeypatch):
    monkeypatch.setattr(places.platform, "machine", lambda: "riscv64")
    (only,) = problems(jittor_home())
    assert only.what.startswith("Jittor runs on Linux on x86_64 or aarch64")
    assert only.fix == ()


def test_layout_links_the_systems_onednn_and_repairs_it(system):
    kernels = system / "kernels"
    folder = onednn_folder(kernels)
    lay_out(kernels)
    lay_out(kernels)
    (folder / "lib" / "libmkldnn.so").unlink()
    (folder / "lib" / "libmkldnn.so").symlink_to(system / "gone.so")
    lay_out(kernels)
    links = {path.relative_to(folder).as_posix(): path.readlink() for path in folder.glob("*/*")}
    assert links == {
        "include/dnnl.hpp": system / "include" / "dnnl.hpp",
        "include/dnnl_types.h": system / "include" / "dnnl_types.h",
        "include/oneapi": system / "include" / "oneapi",
        "lib/libdnnl.so": system / "lib" / "libdnnl.so",
        "lib/libmkldnn.so": system / "lib" / "libdnnl.so",
    }


def test_layout_leaves_what_jittor_downloaded(system):
    folder = onednn_folder(system / "kernels")
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "libmkldnn.so").write_text("downloaded")
    lay_out(system / "kernels")
    assert (folder / "lib" / "libmkldnn.so").read_text() == "downloaded"


def test_doctor_lists_all_problems_with_commands_and_fails(system):
    (system / "lib" / "libdnnl.so").unlink()
    answer(system, jittor=None, headers=False)
    done = CliRunner().invoke(app, ["doctor", "jittor"])
    assert done.exit_code == 1
    for line in (
        "1. oneDNN is missing: dnnl.hpp and libdnnl.so",
        "   apt-get install --yes libdnnl-dev",
        "3. the headers of Python 3.11 are missing",
        "   apt-get install --yes python3.11-dev",
    ):
        assert line in done.output.splitlines()


def test_doctor_states_what_is_left_to_do_as_json(system):
    done = CliRunner().invoke(app, ["doctor", "jittor", "--json"])
    assert done.exit_code == 0
    stated = json.loads(done.output)
    assert stated["ready"] and not stated["compiled"] and stated["problems"] == []


def _problems(system, **variables):
    """Problems with other variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        # The program that stands for Python needs a shell.
        answer(system)
        return problems(jittor_home())
