"""Features whose similarities to the teacher's are those of the teacher's among themselves."""

from collections.abc import Mapping

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


def feature_loss(
    student: Float[Tensor, "*m b d"], teacher: Float[Tensor, "b d"], *, temperature: float = 1.0
) -> Float[Tensor, ""]:
    """Divergence of the student's similarities to the batch's teacher features from the teacher's own.

    Rows are scaled to length 1; 0 for a single row.

    Args:
        student: Features of one student or, in a further first axis, of several, whose losses are added.
        teacher: No gradient reaches it.

    Source: Yun et al., TelME, NAACL 2024.
    """
    theirs = F.normalize(teacher.detach(), dim=-1)
    ours = F.normalize(student, dim=-1)
    target = (theirs @ theirs.mT / temperature).log_softmax(dim=-1)
    # As published: the row of teacher feature i holds its products with the features of all students.
    found = (theirs @ ours.mT / temperature).log_softmax(dim=-1)
    return F.kl_div(found, target.expand_as(found), reduction="sum", log_target=True) / len(teacher)


def modal_contrast(
    features: Mapping[str, Float[Tensor, "b _"]],
    present: Bool[Tensor, "b m"],
    *,
    main: str,
    temperature: float = 1.0,
) -> Float[Tensor, ""]:
    """Sum of `feature_loss` of each other modality to the main one, which has no gradient.

    Samples that lack one of the two modalities take no part.

    Args:
        features: By modality, in the order of the columns of `present`; all of one width.
    """
    names = list(features)
    anchor, has_anchor = features[main], present[:, names.index(main)]
    total = (anchor * 0).sum()  # a sum without terms still has a gradient
    for place, name in enumerate(names):
        kept = has_anchor & present[:, place]
        if name != main and bool(kept.any()):
            total = total + feature_loss(features[name][kept], anchor[kept], temperature=temperature)
    return total
