"""Which penalties make sense with which losses, and why."""

import dataclasses

from covid_gan.losses import LOSSES
from covid_gan.penalties import PENALTIES


@dataclasses.dataclass(frozen=True)
class Rule:
    """The losses that a penalty is refused with, and the reason; or why it goes with all."""

    why: str
    refused: tuple[str, ...] = ()


RULES = {
    "none": Rule(
        "a critic that nothing holds back lowers the wasserstein loss without end by growing its logits; "
        "take gradient_penalty or clip (Arjovsky et al. 2017, Gulrajani et al. 2017)",
        refused=("wasserstein",),
    ),
    "gradient_penalty": Rule(
        "it is for the wasserstein critic, and as plain smoothing it helped the losses with a sigmoid too "
        "(Fedus et al. 2018, https://arxiv.org/abs/1710.08446)"
    ),
    "r1": Rule(
        "near equilibrium it makes the games of all such losses converge, the wasserstein game among them "
        "(Mescheder et al. 2018, https://arxiv.org/abs/1801.04406)"
    ),
    "r2": Rule("as for r1: the proof holds for generated images as for real ones (Mescheder et al. 2018)"),
    "r1_r2": Rule("as for r1 and r2; the relativistic loss needs both (Huang et al. 2024)"),
    "dragan": Rule(
        "it holds the gradient around real images alone, so that the critic is free between them and the "
        "generated ones and the wasserstein loss has no least value; take gradient_penalty, which is "
        "for that (Kodali et al. 2017, https://arxiv.org/abs/1705.07215)",
        refused=("wasserstein",),
    ),
    "clip": Rule(
        "clipped weights make the critic Lipschitz, which wasserstein alone asks for (Arjovsky et al. 2017); "
        "they also keep logits so near 0 that the curves, margins and targets of other losses are never met",
        refused=tuple(name for name in LOSSES if name != "wasserstein"),
    ),
    "consensus": Rule(
        "it acts on the gradients of any two losses, and the wasserstein game of a linear critic is the very "
        "one that turns without end unless helped (Mescheder et al. 2017, https://arxiv.org/abs/1705.10461)"
    ),
}


def refusal(loss_name: str, penalty_name: str) -> str | None:
    """Why a loss and a penalty make no sense together, by `RULES`; None where they do.

    Raises:
        ValueError: one of the names is unknown.
    """
    if loss_name not in LOSSES:
        raise ValueError(f"`loss` must be one of {', '.join(LOSSES)}. Received: loss={loss_name!r}")
    if penalty_name not in PENALTIES:
        raise ValueError(
            f"`penalty` must be one of {', '.join(PENALTIES)}. Received: penalty={penalty_name!r}"
        )
    rule = RULES[penalty_name]
    return rule.why if loss_name in rule.refused else None
