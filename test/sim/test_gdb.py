#!/usr/bin/python3
"""stm32sim under the real gdb: attach, load, breakpoints, stepping, watchpoints, monitor commands, detach."""
import os
import re
import select
import signal
import socket
import subprocess
import unittest

import firmware
from firmware import ELF
from sim import Sim

GDB = ["gdb-multiarch", "-nx", "-batch", "-iex", "set auto-load off"]


def gdb(s, *commands, send=None):
    """Run gdb with these commands after attaching; what it printed. `send` goes to the UART once gdb holds the core."""
    command = list(GDB)
    for c in ("set pagination off", "set confirm off", "set remotetimeout 20",
              "target remote 127.0.0.1:%d" % s.gdb_port, *commands):
        command += ["-ex", c]
    with subprocess.Popen(command + [ELF], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as p:
        try:
            if send:
                s.control("wait stopped")
                s.send(send)
            return p.communicate(timeout=30)[0].decode()
        finally:
            p.kill()


class Gdb(unittest.TestCase):
    def test_load_puts_a_program_into_an_empty_chip(self):
        with Sim("--halt", gdb=True) as s:
            text = gdb(s, "load", "compare-sections", "monitor reset halt", "maintenance flush register-cache",
                       "print $pc", "info mem", "detach")
            self.assertIn("Start address", text)
            self.assertEqual(text.count("matched"), 2, text)
            self.assertNotIn("MIS-MATCHED", text)
            self.assertRegex(text, r"= \(void \(\*\)\(\)\) 0x%x <Reset_Handler>" % firmware.symbol("Reset_Handler"))
            self.assertRegex(text, r"0x08000000 0x08100000 flash blocksize 0x800")
            s.wait_text("ready\n")
            self.assertEqual(s.stats()["erases"], 0)  # a probe's work is not wear

    def test_breakpoints_steps_and_the_call_stack(self):
        with Sim("--load", ELF, "--halt", gdb=True) as s:
            text = gdb(s, "break main", "continue", "next", "stepi", "print/x $pc", "info breakpoints", "delete",
                       "thbreak print", "continue", "backtrace", "hbreak put", "continue", "continue", "print c",
                       "finish", "delete", "detach")
            self.assertRegex(text, r"Breakpoint 1, main \(\)")
            self.assertRegex(text, r"reakpoint 2, print \(s=.*\"ready.n\"\)")
            self.assertRegex(text, r"#1 +0x[0-9a-f]+ in main \(\)")
            self.assertRegex(text, r"= 101 'e'\s+print \(s=")
            self.assertNotRegex(text, r"(?i)error|cannot|failed")
            s.wait_text("ready\n")
            s.ask("x", "x")

    def test_software_breakpoints_in_ram(self):
        with Sim("--load", ELF, "--halt", gdb=True) as s:
            #  movs r0, #1; adds r0, #1; b .
            text = gdb(s, "set *(unsigned short *)0x20002000 = 0x2001", "set *(unsigned short *)0x20002002 = 0x3001",
                       "set *(unsigned short *)0x20002004 = 0xe7fe", "break *0x20002004", "set $pc = 0x20002000",
                       "continue", "print $r0", "stepi", "print/x $pc", "delete", "detach")
            self.assertRegex(text, r"Breakpoint 1, 0x20002004")
            self.assertIn("$1 = 2", text)
            self.assertIn("$2 = 0x20002004", text)

    def test_watchpoints_stop_after_the_access(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.ask("C", "00000001\n")
            text = gdb(s, "watch counter", "continue", "print counter", "delete", "detach", send="C")
            self.assertRegex(text, r"Old value = 1\s+New value = 2")
            s.wait_text("00000002\n")
            text = gdb(s, "rwatch counter", "continue", "backtrace 1", "delete", "awatch counter", "continue", "delete",
                       "detach", send="C")
            self.assertRegex(text, r"Hardware read watchpoint 1: counter\s+Value = 2\s")
            self.assertRegex(text, r"#0 .*count_up")
            self.assertRegex(text, r"Hardware access \(read/write\) watchpoint 2: counter")
            s.wait_text("00000003\n")

    def test_registers_can_be_read_and_written(self):
        with Sim("--load", ELF, "--halt", gdb=True) as s:
            text = gdb(s, "info registers", "info registers float", "set $r7 = 0x12345678", "print/x $r7",
                       "set $primask = 1", "print $primask", "set $psp = 0x20001000", "print $psp",
                       "set $basepri = 0x40", "print/x $basepri", "set $s5 = 1.5", "print $s5", "print/x $d2",
                       "set $d3 = 2.25", "print $s6",
                       "print $d3", "print/x $msp", "print/x $control", "print/x $xpsr", "set $primask = 0",
                       "set $basepri = 0", "detach")
            for name in ["r%d" % i for i in range(13)] + ["sp", "lr", "pc", "xpsr", "msp", "psp", "primask", "basepri",
                                                           "faultmask", "control", "fpscr"]:
                self.assertRegex(text, r"(?m)^%s +0x" % name)
            values = re.findall(r"(?m)^\$\d+ = (.*)$", text)
            self.assertEqual(values[0], "0x12345678")
            self.assertEqual(values[1], "1")
            self.assertIn("0x20001000", values[2])
            self.assertEqual(values[3], "0x40")
            self.assertEqual(values[4], "1.5")
            self.assertEqual(values[7], "2.25")
            self.assertEqual(values[8], "0x20008000")
            self.assertEqual(values[9:11], ["0x0", "0x1000000"])

    def test_memory_can_be_read_and_written_peripherals_too(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.ask("C", "00000001\n")
            text = gdb(s, "print counter", "set var counter = 41", "x/2xw 0x08000000", "print/x *(int *)0xE000ED00",
                       "print/x *(int *)0x4000440C", "set *(char *)0x20000201 = 0x5a", "x/4xb 0x20000200",
                       "print *(int *)0x90000000", "set *(int *)0x08000000 = 0", "detach")
            self.assertIn("$1 = 1", text)
            self.assertIn("0x410fc241", text)
            self.assertIn("= 0x23", text)  # USART2's BRR
            self.assertIn("0x5a", text)
            self.assertIn("Cannot access memory at address 0x90000000", text)
            s.ask("C", "0000002a\n")

    def test_ctrl_c_stops_a_running_program(self):
        with Sim("--load", ELF, "--halt", gdb=True) as s:
            p = subprocess.Popen([*GDB, "-ex", "target remote 127.0.0.1:%d" % s.gdb_port, "-ex", "continue", "-ex",
                                  "print 6 * 7", "-ex", "detach", ELF], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            s.wait_text("ready\n")
            p.send_signal(signal.SIGINT)
            text = p.communicate(timeout=30)[0].decode()
            self.assertIn("Program received signal SIGINT", text)
            self.assertIn("$1 = 42", text)
            s.ask("x", "x")

    def test_monitor_commands(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            text = gdb(s, "monitor help", "monitor status", "monitor stats", "monitor nonsense", "monitor wait off",
                       "monitor button press", "monitor power-cycle", "monitor status", "monitor reset",
                       "monitor reset init", "monitor power off", "continue", "monitor power on", "detach")
            self.assertIn("cut after N flash operations", text)
            self.assertIn("stopped pc=", text)
            self.assertIn('"instructions":', text)
            self.assertIn("error: unknown command", text)
            self.assertIn("error: not for debuggers", text)
            self.assertRegex(text, r"stopped pc=0x0800[0-9a-f]{4} \(Reset_Handler")
            self.assertIn("The power is off", text)
            self.assertIn("SIGPWR", text)
            s.wait_text("ready, button down\n")

    def test_a_lockup_and_a_power_cut_stop_the_debugger_with_a_report(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            text = gdb(s, "continue", "continue", "monitor cut after 1 flash operation", "monitor reset",
                       "monitor status", "detach", send="L")
            self.assertRegex(text, r"lockup .*HardFault_Handler")
            self.assertIn("SIGSEGV", text)
            self.assertIn("The core has locked up", text)
            self.assertRegex(text, r"stopped pc=")  # gdb still holds it
            s.wait_text("ready\n")
            text = gdb(s, "continue", "monitor power on", "monitor status", "detach", send="W")
            self.assertIn("SIGPWR", text)
            self.assertRegex(text, r"stopped pc=")
            s.wait_text("ready\n")

    def test_bkpt_stops_with_a_debugger_and_can_be_passed(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            text = gdb(s, "continue", "print/x *(unsigned short *)$pc", "hbreak print", "continue", "delete", "detach",
                       send="D")
            self.assertIn("SIGTRAP", text)
            self.assertIn("= 0xbe00", text)
            self.assertRegex(text, r"Breakpoint 1, print \(s=.*after bkpt")
            s.wait_text("after bkpt\n")

    def test_detach_and_kill_let_the_board_run_and_gdb_may_come_back(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            for _ in range(3):
                gdb(s, "break count_up", "print counter")  # the end of a batch detaches, breakpoints go
                s.ask("C", "count ")
                s.wait_text("\n")
            gdb(s, "kill")
            s.wait_text("ready\n")
            text = gdb(s, "print counter", "detach")
            self.assertIn("$1 = 0", text)
            self.assertEqual(s.stop(), 0)


class Wire(unittest.TestCase):
    """The protocol by hand, for what gdb does only by accident."""

    def connect(self, s):
        c = socket.create_connection(("127.0.0.1", s.gdb_port), 20)
        self.addCleanup(c.close)
        return c

    def ask(self, c, payload):
        c.sendall(b"$%s#%02x" % (payload, sum(payload) & 255))
        return self.answer(c)

    def go_on(self, s, c):
        c.sendall(b"$vCont;c#a8")
        while not s.control("status").startswith("running"):
            pass

    def answer(self, c):
        """The payload of the next packet that is no console text."""
        got = b"$O#"
        while got.startswith((b"$O", b"+$O")) and not got.startswith((b"$OK", b"+$OK")):
            got = self.packet(c)
        return got[got.index(b"$") + 1:-3]

    def packet(self, c):
        got = b""
        while not re.search(rb"#..$", got):
            self.assertTrue(select.select([c], [], [], 20)[0], got)
            more = c.recv(1)
            self.assertTrue(more, got)
            got += more
        return got

    def test_a_connection_that_breaks_lets_the_board_run(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            c = self.connect(s)
            addr = b"%x" % firmware.symbol("count_up")
            self.assertEqual(self.ask(c, b"Z1,%s,2" % addr), b"OK")
            self.assertIn("stopped", s.control("status"))
            c.close()
            s.ask("C", "00000001\n")
            d = self.connect(s)
            self.assertEqual(self.ask(d, b"?")[:3], b"T05")

    def test_stop_and_reset_from_the_control_socket_reach_the_debugger(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            c = self.connect(s)
            self.go_on(s, c)
            s.control("stop")
            self.assertEqual(self.answer(c)[:3], b"T02")
            with self.assertRaisesRegex(Exception, "debugger holds"):
                s.control("run")
            c.sendall(b"$s#73")
            self.assertEqual(self.answer(c)[:3], b"T05")
            self.go_on(s, c)
            s.control("reset halt")
            self.assertEqual(self.answer(c)[:3], b"T02")

    def test_noise_is_survived(self):
        with Sim("--load", ELF, gdb=True) as s:
            s.wait_text("ready\n")
            c = self.connect(s)
            c.sendall(bytes(range(256)) * 300 + b"#00")
            self.assertEqual(self.ask(c, b"qC")[-3:], b"QC1")

    def test_range_stepping_leaves_the_range(self):
        with Sim("--load", ELF, "--halt", gdb=True) as s:
            c = self.connect(s)
            pc = int.from_bytes(bytes.fromhex(self.ask(c, b"pf").decode()), "little")
            self.assertEqual(pc, firmware.symbol("Reset_Handler"))
            self.ask(c, b"vCont;r%x,%x:1" % (pc, pc + 8))
            now = int.from_bytes(bytes.fromhex(self.ask(c, b"pf").decode()), "little")
            self.assertFalse(pc <= now < pc + 8)


if __name__ == "__main__":
    os.environ["HOME"] = os.getcwd()
    firmware.main()
