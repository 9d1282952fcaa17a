"""Sharpness-aware minimisation around any optimizer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class SAM(Optimizer):
    """A step of the base optimizer with the gradient at a nearby point of higher loss.

    One step calls its closure twice on the same batch: at the weights, and at the weights moved by `rho`
    along the gradient (ascent). Parameters without a gradient are not moved and do not count in the norm.

    Attributes:
        perturbed: Whether the closure is currently called at the moved weights.
        gradient_norm: Global gradient norm by which the last ascent was scaled.

    Source: Foret et al., Sharpness-Aware Minimization, ICLR 2021; adaptive: Kwon et al., ASAM, ICML 2021, in
    the form that scales by the squared weight.

    Example:
        >>> weight = torch.nn.Parameter(torch.tensor([3.0]))
        >>> optimizer = SAM(torch.optim.SGD([weight], lr=0.1), rho=1.0)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (weight**2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), round(weight.item(), 4)  # gradient 8 at 4 instead of 6 at 3
        (9.0, 2.2)
    """

    def __init__(self, base: Optimizer, *, rho: float = 0.05, adaptive: bool = False) -> None:
        """Args:
        base: The optimizer that takes the steps; its groups and state are shared.
        rho: Length of the ascent.
        adaptive: Scale the ascent by the weights, so that it does not depend on their scale.
        """
        super().__init__(base.param_groups, {})
        self.base, self.rho, self.adaptive = base, rho, adaptive
        self.perturbed = False
        self.gradient_norm = torch.zeros(())
        self._share()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns the closure's result at the unmoved weights.

        Args:
            closure: Computes the loss and its gradients.

        Raises:
            ValueError: There is no closure.
        """
        if closure is None:
            raise ValueError("SAM computes the gradient twice per step: call step(closure)")
        with torch.enable_grad():
            loss = closure()
        before = self._ascend()
        self.perturbed = True
        try:
            with torch.enable_grad():
                closure()
        finally:
            self.perturbed = False
            with torch.no_grad():
                for parameter, value in before:
                    parameter.copy_(value)
        self.base.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        return self.base.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.base.load_state_dict(state_dict)
        self._share()

    @torch.no_grad()
    def _ascend(self) -> list[tuple[Tensor, Tensor]]:
        """Move the weights along the gradient; returns the weights before."""
        moved = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        scales = [p.abs() if self.adaptive else torch.ones((), device=p.device, dtype=p.dtype) for p in moved]
        norms = [(scale * p.grad).norm() for p, scale in zip(moved, scales, strict=True)]
        device = norms[0].device if norms else None
        self.gradient_norm = (
            torch.stack([norm.to(device) for norm in norms]).norm() if norms else torch.zeros(())
        )
        before = [(p, p.detach().clone()) for p in moved]
        for p, scale in zip(moved, scales, strict=True):
            p.add_(scale.square() * p.grad * (self.rho / (self.gradient_norm.to(p.device) + 1e-12)))
        return before

    def _share(self) -> None:
        """Share the groups and the state of the base optimizer with schedulers and checkpoints."""
        self.param_groups, self.state = self.base.param_groups, self.base.state
