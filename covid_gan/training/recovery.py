"""The way back from a collapse: an earlier checkpoint, half the learning rate, other noise."""

from covid_gan.errors import RunError
from covid_gan.training.checkpoints import Checkpoints

MOST_RESTARTS = 3


class Recovery:
    """Takes a GAN back to its last healthy checkpoint.

    All of it follows from what the checkpoint and the collapse are, so a run that is
    killed on the way and resumed collapses again and goes the same way.

    Args:
        gan: a compiled `Gan` with the learning rates that it starts with.
        checkpoints: of the run.
    """

    def __init__(self, gan, checkpoints: Checkpoints):
        self._gan, self._checkpoints = gan, checkpoints
        self._optimizers = gan.generator_optimizer, gan.discriminator_optimizer
        self._rates = [float(optimizer.learning_rate.numpy()) for optimizer in self._optimizers]

    def go_back(self, error: RunError) -> tuple[int, str]:
        """Restores the last healthy checkpoint and removes later ones; halves both learning rates.

        Args:
            error: the collapse.

        Returns:
            The checkpoint's step, and what was done, as a sentence.

        Raises:
            RunError: there is no healthy checkpoint, or this was done `MOST_RESTARTS` times.
        """
        restarts = int(self._gan.restarts.numpy()) + 1
        if restarts > MOST_RESTARTS:
            raise RunError(
                f"{error} It has been rolled back {MOST_RESTARTS} times; start a new run with a smaller --learning_rate."
            )
        step = self._checkpoints.restore_healthy()
        if not step:
            raise RunError(f"{error} There is no healthy checkpoint to roll back to.")
        self._gan.restarts.assign(restarts)
        for optimizer, rate in zip(self._optimizers, self._rates, strict=True):
            optimizer.learning_rate = rate / 2**restarts
        return step, (
            f"Rolled back to step {step}, with 1/{2**restarts} of the learning rate and other noise "
            f"({restarts} of at most {MOST_RESTARTS} times)."
        )
