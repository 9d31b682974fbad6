"""What a machine is called, and how busy it is, beside the numbers that it gave."""

import os
import platform
from pathlib import Path

import keras
import tensorflow as tf

from covid_gan.compute import precision


def described() -> str:
    """One sentence: processor, cores, accelerators, versions."""
    gpus = [tf.config.experimental.get_device_details(g) for g in tf.config.list_physical_devices("GPU")]
    devices = [details.get("device_name", "GPU") for details in gpus]
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}, Python {platform.python_version()}"
    return ", ".join([_processor(), *devices, f"{platform.system()}, {versions}"])


def load() -> str:
    """How many programs want a core, as a sentence; empty where the system does not say."""
    try:
        waiting = os.getloadavg()[0]
    except OSError:
        return ""
    cores = _cores()
    busy = " Other work ran beside: measure again when it is quiet." if waiting > 1.5 * cores else ""
    return f"Load average {waiting:.1f} on {cores} cores.{busy}"


def _processor() -> str:
    name, cpuinfo = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = (line for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
        name = next(names, name).partition(":")[2].strip() or name
    _, why = precision.suitable()
    return f"{_cores()} cores of {name} ({why})"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
