"""Debian's openocd on the debug port of a simulated chip (stm32sim --jtag), with its own stm32l4x.cfg.

    with Sim("--load", "boot.elf", jtag=True) as sim:
        text = openocd.run(sim, "init", "halt", "mdw 0x08000000 4")
"""
import subprocess

# Its file speaks of the probe's speed in two reset events, which this kind of probe does not have: the only overrides.
SETUP = ["-c", "adapter driver remote_bitbang", "-c", "remote_bitbang host 127.0.0.1"]
CHIP = ["-f", "target/stm32l4x.cfg", "-c", "stm32l4x.cpu configure -event reset-start {}",
        "-c", "stm32l4x.cpu configure -event reset-init {}"]
PORTS = ["-c", "gdb_port disabled", "-c", "tcl_port disabled", "-c", "telnet_port disabled"]


class Failed(Exception):
    """openocd ended with an error; what it said."""


def run(sim, *commands, before=(), check=True, timeout=60):
    """Commands of openocd, after those of `before` that must come before init. Returns what it said."""
    line = ["openocd", *SETUP, "-c", "remote_bitbang port %d" % sim.jtag_port, *CHIP, *PORTS]
    for c in (*before, *commands, "shutdown"):
        line += ["-c", c]
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False)
    text = done.stdout.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise Failed(text + "\n" + sim.log())
    return text


def attempt(command):
    """A command that may fail without ending openocd; then it says FAILED and the reason."""
    return "if {[catch {%s} why]} {echo \"FAILED: $why\"} else {echo $why}" % command
