"""SeqGAN's settings, and the phases of a training that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gans.systems.settings import Settings, setting

__all__ = ["Phase", "SeqGANSettings"]

Phase = Literal["likelihood", "judging", "adversarial"]


@dataclass(frozen=True, kw_only=True)
class SeqGANSettings(Settings):
    """A step of any phase takes ``critic_steps`` batches, one for each update on real sequences."""

    lr_likelihood: float = setting(1e-2, "learning rate of G by likelihood", above=0, metavar="RATE")
    lr: float = setting(3e-3, "learning rate of G by rewards", above=0, metavar="RATE")
    lr_d: float = setting(1e-3, "learning rate of D", above=0, metavar="RATE")
    likelihood_steps: int = setting(200, "steps of G by maximum likelihood", least=0, metavar="STEPS")
    judging_steps: int = setting(40, "steps of D alone, after those", least=0, metavar="STEPS")
    critic_steps: int = setting(5, "updates of D for each update of G", least=1, most=10_000, metavar="K")
    rollouts: int = setting(4, "completions of each beginning of a sequence", least=1, metavar="N")
    rollout_decay: float = setting(0.8, "share of itself that the roll-out policy keeps", least=0, below=1)
    reward: Literal["discriminator", "constant"] = setting(
        "discriminator", "what rewards G; a constant, for comparison, can teach nothing"
    )
    width: int = setting(32, "units of G's LSTM, and length of its embeddings", least=1, most=2**12)
    features: int = setting(32, "features of each convolution of D", least=1, most=2**10)
    dropout: float = setting(0.25, "share of D's features that its updates drop", least=0, below=1)

    def phase(self, step: int) -> Phase:
        """The phase of the step after ``step`` of them."""
        if step < self.likelihood_steps:
            return "likelihood"
        return "judging" if step < self.likelihood_steps + self.judging_steps else "adversarial"
