"""The machine that is measured on, as pyperf and psutil see it, and what about it makes times vary."""

import psutil
import pyperf

from swallow.perf.memory import HELPER

# Of what pyperf collects.
FACTS = (
    "platform",
    "cpu_model_name",
    "cpu_count",
    "cpu_freq",
    "cpu_config",
    "cpu_affinity",
    "aslr",
    "load_avg_1min",
    "runnable_threads",
    "uptime",
)


def facts():
    """The facts, at this moment."""
    collected = pyperf.Run([1.0]).get_metadata()
    found = {name: collected[name] for name in FACTS if name in collected}
    return found | {"memory_total_kb": psutil.virtual_memory().total // 1024}


def warnings(found, memory):
    """Lines on what had better be otherwise, for times and for memory."""
    lines = []
    load, processors = found.get("load_avg_1min", 0.0), found.get("cpu_count", 1)
    # The code generator wants a processor of its own.
    if load > max(0.5, processors - 1.5):
        lines.append(f"the machine is busy (load {load:.1f}, {processors} processors): times will vary")
    if "governor:powersave" in found.get("cpu_config", "") and "driver:intel_pstate" not in found.get("cpu_config", ""):
        lines.append("the processors' frequency governor is powersave: `python -m pyperf system tune` as root sets it to performance")
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and battery.power_plugged is False:
        lines.append("the machine runs on its battery: times will vary")
    if memory and any(process.info["name"] == HELPER for process in psutil.process_iter(["name"])):
        lines.append("other code generators are running: what is measured shares pages with them, which Mem max does not count")
    return lines
