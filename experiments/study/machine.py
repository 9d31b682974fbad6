"""What numbers of speed depend on: processor, memory, accelerators, versions and the commit."""

import os
import platform
import subprocess
from pathlib import Path

HARDWARE = ("processor", "cores", "memory_gb", "accelerators")


def facts() -> dict:
    """The machine and the software, for JSON; the keys of `HARDWARE` tell two machines apart."""
    import keras
    import tensorflow as tf

    import covid_gan

    return {
        "processor": processor(),
        "cores": cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "accelerators": [
            tf.config.experimental.get_device_details(device).get("device_name", device.name)
            for device in tf.config.list_physical_devices()
            if device.device_type != "CPU"
        ],
        "load": round(os.getloadavg()[0], 1),
        "versions": {
            "covid_gan": covid_gan.__version__,
            "commit": _commit(),
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def described(found: dict) -> str:
    """The hardware in words."""
    cards = ", ".join(found["accelerators"]) or "no GPU"
    return f"{found['cores']} cores of {found['processor']}, {found['memory_gb']} GB, {cards}"


def processor() -> str:
    """What the system calls its processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _commit():
    """The commit of the checkout, with + where files differ from it; None where there is no git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
