"""What CHFEN's published network saves by four tokens in place of all of them.

    python benchmarks/chfen_tokens.py

All steps of a sequence are one vector there, so that 2 t + 2 tokens are four with multiplicities. Published
width, random weights, one thread, batch 1; both ways give the same logits. Written to
`benchmarks/results/chfen_tokens.md`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from timing import as_table, in_turns, machine, write_report
from torch import Tensor

from affekt.methods.chfen.config import REFERENCE, CHFENConfig
from affekt.methods.chfen.model import CHFEN

OUTPUT = Path(__file__).parent / "results" / "chfen_tokens.md"
STEPS = (8, 31, 120)
REPEATS = 15


def inputs_of(steps: int) -> dict[str, Tensor]:
    """A video of so many seconds."""
    values = {name: torch.randn(1, steps, 768) for name in ("video", "faces", "text")}
    values |= {name: torch.randn(1, 768) for name in ("title", "audio")}
    ones = torch.ones(1, steps)
    return {
        **values,
        "face_count": ones.long(),
        "video_steps": ones,
        "text_steps": ones,
        "present": torch.ones(1, 4),
    }


def decide(model: CHFEN, values: dict[str, Tensor], repeats: dict[str, int] | None) -> Tensor:
    """The decision on encoded tokens: on four, or on each as often as it occurs."""
    if repeats is None:
        return model(**values).logits
    tokens = model.encode(values).tokens
    whole = torch.cat(
        [one.values.expand(-1, repeats[name], -1) + model.types[name] for name, one in tokens.items()], dim=1
    )
    for block in model.blocks:
        whole = block(whole, torch.zeros(whole.shape[:2]))
    pooled, _ = model.pooling(model.pooling_query.expand(1, 1, -1), whole, whole, need_weights=False)
    return model.classifier(pooled.squeeze(1))


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = CHFEN(CHFENConfig(**REFERENCE)).eval()
    rows: list[tuple[str, ...]] = []
    for steps in STEPS:
        values = inputs_of(steps)
        repeats = {"title": 1, "video": steps, "text": steps, "audio": 1}
        few, all_ = decide(model, values, None), decide(model, values, repeats)
        timed = in_turns(
            {
                "all": lambda values=values, repeats=repeats: decide(model, values, repeats),
                "four": lambda values=values: decide(model, values, None),
            },
            REPEATS,
        )
        change = float((few - all_).abs().max())
        both = (timed["all"].milliseconds, timed["four"].milliseconds)
        rows.append((str(steps), *both, f"{timed['four'].ratio:.2f}x", f"{change:.0e}"))
    columns = ("seconds of video", "all tokens", "four tokens", "faster by", "largest change of a logit")
    write_report(
        OUTPUT, ["# CHFEN: four tokens in place of all", "", machine(), "", *as_table(columns, rows)]
    )


if __name__ == "__main__":
    main()
