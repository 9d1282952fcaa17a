"""Every method fulfils the contract. There is no list to extend: the catalogue lists them."""

import pytest

import affekt
from affekt.testing import check_method
from affekt.testing.contract import CHECKS, check_export

# Exporting takes seconds: test_graphs.py makes this check and others on graphs that are exported once.
HERE = [check for check in CHECKS if check is not check_export]


@pytest.mark.parametrize("check", HERE, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", affekt.list_methods())
def test_method_fulfils_the_contract(name, check):
    check(name)


def test_check_method_reports_what_a_broken_method_does_wrong(monkeypatch):
    from affekt.methods.bpm_gcn.model import BPMGCN

    forward = BPMGCN.forward

    def writes_into_its_input(self, *, skeleton, movement):
        skeleton.mul_(0.5)
        return forward(self, skeleton=skeleton, movement=movement)

    monkeypatch.setattr(BPMGCN, "forward", writes_into_its_input)
    monkeypatch.setattr("affekt.testing.contract.CHECKS", HERE)
    with pytest.raises(AssertionError, match="check_inputs_unchanged: forward wrote into skeleton"):
        check_method("bpm_gcn")
