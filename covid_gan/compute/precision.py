"""The precision that a network computes in: what suits the hardware, and Keras's policy for it."""

import contextlib
import platform
from pathlib import Path

import keras
import tensorflow as tf

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
# Of the CPU's flags, those of units that multiply in bfloat16.
_CPU_FLAGS = ("amx_bf16", "avx512_bf16")
# The first GPUs that do: NVIDIA's Ampere.
_COMPUTE_CAPABILITY = (8, 0)


def suitable() -> tuple[str, str]:
    """The precision that suits this machine, and why, as the end of a sentence."""
    if tf.config.list_logical_devices("TPU"):
        return "bfloat16", "TPUs multiply in it"
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        found = [_capability(gpu) for gpu in gpus]
        if all(capability >= _COMPUTE_CAPABILITY for capability in found):
            return "bfloat16", "these GPUs have units for it"
        return "float32", "not all of these GPUs have units for bfloat16"
    flag = next((flag for flag in _CPU_FLAGS if flag in _cpu_flags()), None)
    if flag:
        return "bfloat16", f"this CPU has {flag}"
    return "float32", "this CPU has no units for bfloat16"


def _capability(gpu) -> tuple[int, int]:
    return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))


def _cpu_flags() -> set[str]:
    """Linux says; elsewhere nothing is known."""
    path = Path("/proc/cpuinfo")
    if platform.system() != "Linux" or not path.is_file():
        return set()
    lines = (line for line in path.read_text(errors="replace").splitlines() if line.startswith("flags"))
    return set(next(lines, "").partition(":")[2].split())


@contextlib.contextmanager
def policy(name: str):
    """Meanwhile new layers compute in the precision `name`; their weights are float32.

    Args:
        name: "float32", "bfloat16" or "float16".

    Reference:
        Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[name])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def scaled(optimizer: keras.optimizers.Optimizer, name: str) -> keras.optimizers.Optimizer:
    """The optimizer, with losses scaled for float16, whose small gradients would be zero otherwise."""
    return keras.optimizers.LossScaleOptimizer(optimizer) if name == "float16" else optimizer
