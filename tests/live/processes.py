"""Starting processes so that all of them, and whatever they start, can be found again and ended: a mark in the environment.

A Nomad client's tasks live in sessions of their own and outlive it; they keep the environment of the agent that started them.
"""
import ctypes
import itertools
import os
import signal
import subprocess
import time
from pathlib import Path

MARK = "DROVER_TEST_CLUSTER"
PR_SET_PDEATHSIG = 1
NOT_INHERITED = ("NOMAD_", "CONSUL_", "DROVER_", "AWS_", "AZURE_")
COUNTER = itertools.count(1)
LIBC = ctypes.CDLL(None, use_errno=True)


def start_ticks(pid):
    """When a process started, in clock ticks since boot, or None: with its id it names a process for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def new_mark():
    """Names its owner, this process, and the cluster: `<pid>.<start ticks>.<number>`."""
    return f"{os.getpid()}.{start_ticks(os.getpid())}.{next(COUNTER)}"


def spawn(command, mark, log, nice=5, **environment):
    """A marked child that gets SIGKILL when the caller's thread ends, at a lower priority and with one thread for Go code. Of the caller's
    own environment it gets nothing that speaks of clusters and clouds."""
    def in_child():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(nice)

    inherited = {key: value for key, value in os.environ.items() if not key.startswith(NOT_INHERITED)}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=in_child,
        env={**inherited, "GOMAXPROCS": "1", "GOGC": "50", MARK: mark, **environment},
    )


def marked():
    """Pairs of process id and mark."""
    needle = f"{MARK}=".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for variable in variables:
            if variable.startswith(needle):
                yield int(entry.name), variable[len(needle):].decode()


def kill_marked(mark):
    """SIGKILL for all that bear this mark, until none is left: a dying agent may still have started one."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        pids = [pid for pid, found in marked() if found == mark and not is_zombie(pid)]
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    raise TimeoutError(f"processes {pids} do not end")


def kill_abandoned():
    """Ends what an earlier run left behind whose owner is gone."""
    for mark in {mark for _, mark in marked()}:
        owner, ticks, _ = mark.split(".")
        if start_ticks(owner) != ticks:
            kill_marked(mark)


def state_of(stat_file):
    """The letter of proc(5), or None where the process is gone."""
    try:
        return stat_file.read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def is_zombie(pid):
    return state_of(Path(f"/proc/{pid}/stat")) in ("Z", None)


def freeze(process):
    """SIGSTOP, and back only when every thread stands still: the signal takes its time, and an answer might slip out."""
    process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 5
    while any(state_of(stat) not in ("T", "Z", None) for stat in Path(f"/proc/{process.pid}/task").glob("*/stat")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process.pid} does not stop")
        time.sleep(0.005)


def memory_of_marked(mark):
    """Bytes: the proportional set size of all that bear this mark, so that shared program text counts once."""
    total = 0
    for pid, found in marked():
        if found != mark:
            continue
        try:
            for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if text.startswith("Pss:"):
                    total += int(text.split()[1]) * 1024
        except OSError:
            continue
    return total
