"""What a machine is called, and how busy it is, beside the numbers that it gave."""

import os
import platform

import keras
import tensorflow as tf

from covid_gan.compute import precision
from experiments.study.machine import cores, processor


def described() -> str:
    """One sentence: processor, cores, accelerators, versions."""
    gpus = [tf.config.experimental.get_device_details(g) for g in tf.config.list_physical_devices("GPU")]
    devices = [details.get("device_name", "GPU") for details in gpus]
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}, Python {platform.python_version()}"
    _, why = precision.suitable()
    return ", ".join(
        [f"{cores()} cores of {processor()} ({why})", *devices, f"{platform.system()}, {versions}"]
    )


def load() -> str:
    """How many programs want a core, as a sentence; empty where the system does not say."""
    try:
        waiting = os.getloadavg()[0]
    except OSError:
        return ""
    busy = " Other work ran beside: measure again when it is quiet." if waiting > 1.5 * cores() else ""
    return f"Load average {waiting:.1f} on {cores()} cores.{busy}"
