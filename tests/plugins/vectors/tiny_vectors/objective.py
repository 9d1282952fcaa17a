import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from affekt.layers.objectives import Validated


class Plain(nn.Module):
    """The criterion of the task."""

    def __init__(self, config, criterion):
        super().__init__()
        self.criterion = criterion

    def forward(self, model, batch):
        return {"criterion": self.criterion(model(vector=batch["vector"]).logits, batch["label"])}


class Denoising(nn.Module):
    """Restore a vector from a noisy one: no labels are read. `logits` have four columns."""

    def __init__(self, config, criterion):
        super().__init__()

    def forward(self, model, batch):
        return self.terms(model, batch)[0]

    def validate(self, model, batch):
        return Validated(*self.terms(model, batch))

    def terms(self, model, batch):
        vector = batch["vector"]
        output = model(vector=vector + 0.3 * torch.randn_like(vector))
        terms = {
            "restored": F.mse_loss(output.logits, vector),
            "small": 0.01 * output.embedding.square().mean(),
        }
        return terms, output


class Curriculum(Plain):
    """Visits the half of the samples that the network answers best."""

    def before_epoch(self, epoch, network, batches, *, epochs):
        assert not network.training and not torch.is_grad_enabled()
        losses, numbers = [], []
        for batch in batches:
            output = network(vector=batch["vector"])
            losses.append(self.criterion(output.logits, batch["label"], reduction="none"))
            numbers.append(batch["number"])
        order = torch.argsort(torch.cat(losses)).numpy()
        return np.concatenate([it.numpy() for it in numbers])[order[: len(order) // 2]]


class Taught(nn.Module):
    """Follow the logits of a teacher."""

    takes_teacher = True

    def __init__(self, config, criterion):
        super().__init__()
        self.teacher = None

    def set_teacher(self, teacher):
        self.teacher = teacher

    def forward(self, model, batch):
        return {"distance": F.mse_loss(model(vector=batch["vector"]).logits, self.teacher(batch).logits)}


def make_objective(config, criterion):
    kinds = {"plain": Plain, "denoising": Denoising, "curriculum": Curriculum, "taught": Taught}
    return kinds[config.objective](config, criterion)
