#!/usr/bin/python3
"""The chip's debug port with Debian's openocd: registers, memory, flash, breakpoints, steps, resets, protection levels."""
import os
import random
import re
import shlex
import socket
import subprocess
import unittest

import firmware
import openocd
from firmware import ELF
from openocd import attempt
from sim import Sim

RESET_HALT = ("init", "reset halt")
OPTR, KEYR, OPTKEYR, FLASH_CR = 0x40022020, 0x40022008, 0x4002200C, 0x40022014


def level(number):
    """Commands that write that read protection level, as a production line would with openocd; then a power cycle."""
    return ("init", "reset halt", "stm32l4x option_write 0 0x20 0x%02x 0xff" % {0: 0xAA, 1: 0xBB, 2: 0xCC}[number])


def protect(s, number):
    openocd.run(s, *level(number))
    s.control("power-cycle")


class Level0(unittest.TestCase):
    def test_halt_registers_memory_and_steps(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            entry = firmware.symbol("Reset_Handler")
            text = openocd.run(s, "init", "dap info", "halt", "reg primask 1", "reg primask", "reg psp 0x20001000",
                               "reg psp", "reg s5 0x3fc00000", "reg s5", "reg control", "mww 0x20002000 0x12345678",
                               "mwb 0x20002001 0xab", "mwh 0x20002006 0xcdef", "mdw 0x20002000", "mdb 0x20002006 2",
                               "mdw 0xE0042000", "mdw 0x08000000 2", "reg primask 0", "reset halt", "reg pc", "step",
                               "step", "reg pc", "resume")
            self.assertIn("Cortex-M4 r0p1", text)
            self.assertIn("Part is 0x415", text)
            self.assertIn("Cortex-M4 SCS", text)
            self.assertRegex(text, r"primask \(/1\): 0x01\b")
            self.assertRegex(text, r"psp \(/32\): 0x20001000")
            self.assertIn("0x20002000: 1234ab78", text)
            self.assertIn("0x20002006: ef cd", text)
            self.assertIn("0xe0042000: 10076415", text)
            self.assertIn("0x08000000: 20008000 %08x" % (entry | 1), text)
            self.assertRegex(text, r"pc \(/32\): 0x%08x" % entry)
            self.assertEqual(text.count("halted due to single-step"), 2)
            s.wait_text("ready\n")
            s.ask("x", "x")

    def test_breakpoints_and_watchpoints(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            count_up, counter = firmware.symbol("count_up"), firmware.symbol("counter")
            text = openocd.run(s, *RESET_HALT, "bp 0x%x 2 hw" % firmware.symbol("main"), "resume", "wait_halt 1000",
                               "step", "rbp all", "wp 0x%x 4 w" % counter, "reg r0 5", "reg pc 0x%x" % count_up,
                               "resume", "wait_halt 1000", "rwp 0x%x" % counter, "mdw 0x%x" % counter, "echo RAM",
                               # nop; nop; str r0, [r1]; bkpt
                               "mww 0x20004000 0xbf00bf00", "mww 0x20004004 0xbe006008", "bp 0x20004002 2",
                               "reg pc 0x20004000", "resume", "wait_halt 1000", "step", "rbp all", "reg r1 0x20004100",
                               "resume", "wait_halt 1000", "reg pc", "reset run")
            self.assertRegex(text, r"halted due to breakpoint[^\n]*\n[^\n]*pc: 0x%08x" % firmware.symbol("main"))
            self.assertIn("halted due to watchpoint", text)
            self.assertIn("0x%08x: 00000005" % counter, text)
            after = text[text.index("\nRAM\n"):]
            self.assertRegex(after, r"halted due to breakpoint[^\n]*\n[^\n]*pc: 0x20004002")
            self.assertRegex(after, r"halted due to single-step[^\n]*\n[^\n]*pc: 0x20004004")
            self.assertRegex(after, r"pc \(/32\): 0x20004006")

    def test_steps_over_pending_interrupts(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            nops = ["mww 0x%x 0xbf00bf00" % (0x20004000 + at) for at in range(0, 64, 4)]
            tick = ("mww 0xE000E014 40", "mww 0xE000E018 0", "mww 0xE000E010 7", "mdw 0x20000000 8")
            text = openocd.run(s, *RESET_HALT, *nops, *tick, "reg pc 0x20004000", "cortex_m maskisr on", "step", "step",
                               "step", "step", "reg pc", "cortex_m maskisr off", "step", "step", "reg pc", "reset run")
            found = re.findall(r"pc \(/32\): 0x([0-9a-f]+)", text)
            self.assertEqual(found[1], "20004008")  # one nop after the other
            self.assertTrue(found[2].startswith("0800"), found)  # in the handler
            s.wait_text("ready\n")

    def test_openocd_programs_flash_and_the_program_boots(self):
        with Sim("--stay", jtag=True) as s:  # an empty chip locks up
            s.control("wait lockup")
            name = firmware.convert("ihex", "board.hex")
            text = openocd.run(s, *RESET_HALT, "program %s verify reset" % name, timeout=90)
            self.assertIn("** Verified OK **", text)
            self.assertGreater(s.stats()["erases"], 0)  # through the chip's own flash controller
            s.wait_text("ready\n")
            text = openocd.run(s, *RESET_HALT, "flash erase_sector 0 300 301", "stm32l4x mass_erase 0",
                               "mdw 0x08000000 2")
            self.assertIn("0x08000000: ffffffff ffffffff", text)

    def test_faults_and_resets_are_caught_when_asked_for(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            text = openocd.run(s, *RESET_HALT, "cortex_m vector_catch hard_err reset", "reg pc 0x%x" %
                               firmware.symbol("break_it"), "resume", "wait_halt 2000", "reg pc", "reset run")
            self.assertIn("0x%08x" % (firmware.symbol("HardFault_Handler")), text.lower())

    def test_connect_under_reset(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            text = openocd.run(s, "init", "reset halt", "reg pc", "mdw 0x08000000", "reset run",
                               before=("reset_config srst_only srst_nogate connect_assert_srst",))
            self.assertNotIn("Error", text)
            self.assertRegex(text, r"pc \(/32\): 0x%08x" % firmware.symbol("Reset_Handler"))
            self.assertIn("nrst", s.log())
            s.wait_text("ready\n")

    def test_a_core_that_a_probe_leaves_halted_stays_so_until_reset_or_power(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            openocd.run(s, "init", "halt", "bp 0x%x 2 hw" % firmware.symbol("main"))
            self.assertIn("stopped", s.control("status"))
            s.control("reset")  # a breakpoint in main
            s.control("wait stopped")
            self.assertIn("0x%08x" % firmware.symbol("main"), s.control("status"))
            s.control("power-cycle")  # and power forgets it
            s.wait_text("ready\n")

    def test_gdb_and_a_probe_can_share_the_core(self):
        with Sim("--load", ELF, gdb=True, jtag=True) as s:
            s.wait_text("ready\n")
            main = firmware.symbol("main")
            openocd.run(s, *RESET_HALT, "bp 0x%x 2 hw" % main)
            done = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-ex", "target remote 127.0.0.1:%d" % s.gdb_port,
                                   "-ex", "hbreak *0x%x" % main, "-ex", "continue", "-ex", "print/x $pc", "-ex",
                                   "detach", ELF], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
                                  check=True)
            self.assertIn("$1 = 0x%x" % main, done.stdout.decode())
            s.wait_text("ready\n")

    def test_the_watchdog_waits_for_a_halted_core_if_dbgmcu_says_so(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            start = ("mww 0x40003000 0xCCCC", "mww 0x40003000 0x5555", "mww 0x40003004 0")
            many = "for {set i 0} {$i < 400} {incr i} {read_memory 0x20000000 32 1}"
            text = openocd.run(s, "init", "halt", *start, many, "mdw 0xE000EDF0")  # the freeze is openocd's own setting
            self.assertEqual(s.log().count("iwdg"), 0, text)
            openocd.run(s, "init", "halt", "mww 0xE0042008 0", attempt(many))
            self.assertEqual(s.log().count("iwdg"), 1)
            s.wait_text("ready\n")

    def test_what_the_page_says_works(self):
        with open(os.path.join(os.environ["PC_SOURCE"], "docs", "stm32sim.md"), encoding="utf-8") as f:
            page = f.read()
        block = re.search(r"```\n(stm32sim [^\n]*--jtag 9824[^\n]*)\n(openocd .*?)\n```", page, re.S)
        self.assertTrue(block, "no example with openocd")
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            line = block[2].replace("\\\n", " ").replace("9824", str(s.jtag_port))
            line = line.replace("build/arm/nucleo-l476rg/boot.elf", ELF)
            done = subprocess.run(shlex.split(line), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stdout.decode())
            self.assertIn("Verified OK", done.stdout.decode())
            s.wait_text("ready\n")


class Protected(unittest.TestCase):
    def test_level_1_shows_ram_only_and_stops_the_program_until_power_on(self):
        with Sim("--load", ELF, "--stay", jtag=True) as s:
            s.wait_text("ready\n")
            protect(s, 1)
            s.wait_text("ready\n")
            text = openocd.run(s, "init", "halt", attempt("mdw 0x08000000"), attempt("mdw 0"), attempt("mdw 0x1FFF7000"),
                               attempt("mdw 0x10000000"), attempt("mww 0x10000000 1"), attempt("mdw 0x40002850"),
                               "mww 0x20004000 0xCAFE1234", "mdw 0x20004000", "mdw 0xE0042000")
            self.assertEqual(text.count("FAILED"), 5, text)
            self.assertIn("0x20004000: cafe1234", text)
            self.assertIn("0xe0042000: 10076415", text)
            self.assertIn("0x40002850: 00000000", text)
            self.assertEqual(s.log().count("instruction fetch ended in a bus error"), 1)
            s.control("reset")
            s.control("wait lockup")  # not even after a reset
            s.control("power-cycle")
            s.wait_text("ready\n")

    def test_going_back_to_level_0_erases_everything(self):
        with Sim("--load", ELF, "--stay", jtag=True) as s:
            s.wait_text("ready\n")
            protect(s, 1)
            s.wait_text("ready\n")
            text = openocd.run(s, "init", "halt", "stm32l4x unlock 0")
            self.assertIn("RDP level 1", text)
            s.control("power-cycle")
            s.control("wait lockup")
            text = openocd.run(s, *RESET_HALT, "mdw 0x08000000 2")
            self.assertIn("0x08000000: ffffffff ffffffff", text)

    def test_level_2_is_the_end_of_debugging(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            protect(s, 2)
            s.wait_text("ready\n")
            for before in ((), ("reset_config srst_only srst_nogate connect_assert_srst",)):
                text = openocd.run(s, "init", attempt("halt"), attempt("mdw 0x20000000"), before=before, check=False)
                self.assertIn("all ones", text)
                self.assertNotRegex(text, r"0x20000000: [0-9a-f]{8}")
                s.wait_text("ready\n") if before else None
            s.ask("x", "x")

    def test_debug_pins_as_gpio_close_the_port_but_not_under_reset(self):
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            s.write(0x48000000, bytes.fromhex("ffffffff"))  # GPIOA.MODER: all analog
            text = openocd.run(s, "init", attempt("halt"), check=False)
            self.assertIn("all ones", text)
            text = openocd.run(s, "init", "reset halt", "mdw 0x08000000", "reset run",
                               before=("reset_config srst_only srst_nogate connect_assert_srst",))
            self.assertIn("0x08000000: 20008000", text)


class Noise(unittest.TestCase):
    def test_any_bytes_are_survived_and_openocd_still_works(self):
        dice = random.Random(7)
        with Sim("--load", ELF, jtag=True) as s:
            s.wait_text("ready\n")
            for alphabet in (bytes(range(256)), b"01234567R", b"01234567Rrstu", b"Q", b"04040404152637R"):
                with socket.create_connection(("127.0.0.1", s.jtag_port), 20) as c:
                    c.setblocking(True)
                    noise = bytes(dice.choice(alphabet) for _ in range(60000))
                    if b"Q" in alphabet:
                        noise = noise.replace(b"Q", b"0")[:-1] + b"Q"
                    c.sendall(noise)
                    c.shutdown(socket.SHUT_WR)
                    while c.recv(65536):
                        pass
            s.control("power-cycle")
            s.wait_text("ready\n")
            self.assertIn("Cortex-M4", openocd.run(s, *RESET_HALT, "reset run"))
            s.wait_text("ready\n")


if __name__ == "__main__":
    firmware.main()
