from torch import nn


class TinyTwoObjective(nn.Module):
    """The criterion of each head."""

    def __init__(self, config, criterion):
        super().__init__()
        self.criterion = criterion

    def forward(self, model, batch):
        output = model(vector=batch["vector"])
        rating = self.criterion.heads["rating"](output.valence, batch["label/rating"])
        return {"emotion": self.criterion(output.logits, batch["label"]), "rating": rating}
