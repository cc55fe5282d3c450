#!/usr/bin/python3
"""stm32sim as a program: options, exit codes, files, the state folder, commands."""
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

import firmware
from firmware import ELF, content, write
from sim import Sim, SimError, program, run


class Options(unittest.TestCase):
    def test_help_tells_every_option_and_exit_code(self):
        r = run("--help")
        self.assertEqual(r.returncode, 0)
        text = r.stdout.decode()
        source = content(os.path.join(firmware.HERE, "..", "..", "sim", "host", "options.c"))
        names = re.findall(r'^    \{"([a-z0-9-]+)", ', source, re.M)
        self.assertGreater(len(names), 25)
        manual = content(os.path.join(firmware.HERE, "..", "..", "docs", "stm32sim.md"))
        for name in names:
            self.assertRegex(text, r"--%s\b" % name)
            self.assertIn("--" + name, manual)
        for code in range(7):
            self.assertRegex(text, r"\n  %d  " % code)
        for line in text.splitlines():
            self.assertLessEqual(len(line), 110)
        self.assertEqual(run("--version").returncode, 0)
        commands = re.search(r'command_help\[\] =\n(.*?);\n', content(os.path.join(firmware.HERE, "..", "..", "sim", "host", "command.c")), re.S)
        for usage in re.findall(r'^    "([a-z].*?)(?:  |\\n)', commands.group(1), re.M):
            for word in re.split(r'[ |]', usage):
                self.assertIn(word.strip("[]"), manual, usage)

    def test_wrong_usage_ends_with_2_and_says_what_is_wrong(self):
        for args, words in [(["--bord", "x"], "--bord"), (["--load"], "--load"), (["x.elf"], "x.elf"),
                            (["--cut", "0"], "flash operation"), (["--pace", "slow"], "slow"), (["--gdb", "http"], "http"), (["--jtag", "70000"], "70000"),
                            (["--uart", "tcp:70000"], "70000"), (["--uart", "cable"], "cable"), (["--spi", "stdio"], "--spi ends in"),
                            (["--uart2", "3=cable"], "cable"), (["--device", "stm8"], "stm32l462"), (["--board", "x"], "nucleo-l476rg")]:
            r = run(*args)
            self.assertEqual(r.returncode, 2, args)
            self.assertIn(words, r.stderr.decode())
            self.assertEqual(r.stdout, b"")

    def test_files_and_ports_that_cannot_be_used_end_with_6(self):
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            write("plain", b"")
            write("odd.elf", b"\x7fELF nothing")
            for args, words in [(["--load", "missing.elf"], "missing.elf"), (["--load", "odd.elf"], "odd.elf"),
                                (["--load", ELF + "@0x08000000"], "@ADDR"),
                                (["--load", "plain@0x90000000"], "plain"),
                                (["--symbols", "plain"], "plain"), (["--symbols", os.__file__], "not an ELF file"),
                                (["--stats", "/dev/full"], "cannot write /dev/full"),
                                (["--uart", "tcp:%d" % port], str(port)), (["--gdb", str(port)], str(port)),
                                (["--uart", "pty:plain"], "plain"),
                                (["--uart", "unix:plain"], "plain"), (["--control", "plain"], "plain"),
                                (["--control", "no/such/folder"], "no/such/folder"),
                                (["--transcript", "no/such/folder"], "no/such/folder"),
                                (["--state", "plain"], "plain"), (["--announce", "no/such/file"], "no/such/file"),
                                (["--stats", "no/such/file"], "no/such/file")]:
                r = run("--max-instructions", "100", *args)
                self.assertEqual(r.returncode, 6, (args, r.stderr))
                self.assertIn(words, r.stderr.decode(), args)
            self.assertEqual(os.path.getsize("plain"), 0)
        r = run("--load", ELF, "--transcript", "/dev/full", "--until", "ready")
        self.assertEqual(r.returncode, 6)
        self.assertIn("cannot write /dev/full", r.stderr.decode())
        self.assertIn("exit code 6", r.stderr.decode())

    def test_files_of_every_format_start_the_same_program(self):
        files = [ELF, firmware.convert("ihex", "board.hex"), firmware.convert("srec", "board.srec"),
                 firmware.convert("binary", "board.bin"), firmware.convert("binary", "at.bin") + "@0x08000000"]
        counts = set()
        for name in files:
            r = run("--load", name, "--until", "ready\n", "--stats", "-", "--quiet")
            self.assertEqual(r.returncode, 0, (name, r.stderr))
            counts.add(json.loads(r.stdout)["instructions"])
        self.assertEqual(len(counts), 1)

    def test_ram_can_be_loaded_too(self):
        write("word", b"RAM!")
        with Sim("--load", ELF, "--load", "word@0x20010000", "--halt", uart="none") as s:
            self.assertEqual(s.read(0x20010000, 4), b"RAM!")

    def test_messages_for_scripts_are_json_and_quiet_means_quiet(self):
        r = run("--load", ELF, "--json", "--max-instructions", "5", "--uart", "tcp:0")
        events = [json.loads(line) for line in r.stderr.splitlines()]
        self.assertEqual(events[-1]["event"], "end")
        self.assertIn("uart", [e["event"] for e in events])
        r = run("--load", ELF, "--quiet", "--max-instructions", "5", "--uart", "tcp:0")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, b"", b""))
        self.assertIn(b"cannot", run("--quiet", "--transcript", "no/such/folder").stderr)

    def test_stats_go_to_stdout_or_a_file(self):
        run("--load", ELF, "--max-instructions", "100", "--stats", "stats.json")
        self.assertEqual(json.loads(content("stats.json"))["instructions"], 100)

    def test_the_board_has_a_button_and_a_bare_chip_has_not(self):
        with Sim("--device", "stm32l476", "--load", ELF) as s:
            s.wait_text("ready")
            with self.assertRaisesRegex(SimError, "no button"):
                s.control("button press")

    def test_the_uart_is_the_one_that_is_asked_for(self):
        with Sim("--uart-index", "1", "--uart2", "2=tcp:0", "--load", ELF) as s:
            second = s.where["uarts"][1]
            self.assertEqual((s.where["uarts"][0]["index"], second["index"]), (1, 2))
            with socket.create_connection((second["host"], second["port"])) as c:
                self.assertEqual(c.recv(6, socket.MSG_WAITALL), b"ready\n")
                c.sendall(b"x")
                self.assertEqual(c.recv(1), b"x")
            self.assertEqual(s.stop(), 0)
            self.assertEqual(s.text, b"")

    def test_announce_writes_a_whole_file(self):
        p = subprocess.Popen([program(), "--load", ELF, "--uart", "pty:link", "--gdb", "0", "--announce", "here.json",
                              "--control", "sock", "--json"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        while json.loads(p.stderr.readline())["event"] != "control":  # said last, before the file is written
            pass
        with socket.socket(socket.AF_UNIX) as c:
            c.connect("sock")
            c.sendall(b"help\n")
            self.assertTrue(c.recv(10).startswith(b"ok "))
            where = json.loads(content("here.json"))
            self.assertEqual(where["pid"], p.pid)
            self.assertEqual(where["device"], "stm32l476")
            self.assertEqual(where["control"], "sock")
            self.assertGreater(where["gdb"]["port"], 0)
            self.assertEqual(os.readlink("link"), where["uarts"][0]["path"])
            self.assertEqual([f for f in os.listdir(".") if f.startswith(("here.json.", "link."))], [])
            c.sendall(b"quit\n")
            p.communicate(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertFalse(os.path.lexists("link") or os.path.exists("sock"))


class Ends(unittest.TestCase):
    def test_until_ends_with_0_and_until_fail_with_1(self):
        r = run("--load", ELF, "--until", "never", "--until", "ead", "--transcript", "said", "--until-fail", "error")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(content("said"), "read")
        self.assertEqual(run("--load", ELF, "--until", "ready", "--until-fail", "re").returncode, 1)

    def test_limits_end_with_3_if_a_text_was_awaited_else_with_0(self):
        r = run("--load", ELF, "--max-instructions", "1234567", "--stats", "-")
        self.assertEqual(r.returncode, 0)
        self.assertEqual(json.loads(r.stdout)["instructions"], 1234567)
        self.assertEqual(run("--load", ELF, "--max-instructions", "99", "--until", "ready").returncode, 3)
        r = run("--load", ELF, "--max-seconds", "1.5", "--stats", "-")
        self.assertEqual(r.returncode, 0)
        self.assertAlmostEqual(json.loads(r.stdout)["seconds"], 1.5, places=3)
        self.assertEqual(run("--load", ELF, "--max-seconds", "0.1", "--until", "never").returncode, 3)

    def test_a_lockup_ends_with_4_and_a_report_that_names_the_place_and_the_cause(self):
        r = run()
        self.assertEqual(r.returncode, 4)
        self.assertIn("the flash is empty (--load FILE)", r.stderr.decode())
        r = run("--load", ELF, "--uart", "stdio", stdin=b"F")
        self.assertEqual(r.returncode, 4)
        self.assertNotIn("empty", r.stderr.decode())
        self.assertEqual(r.stdout, b"ready\nfault\n")
        text = r.stderr.decode()
        self.assertRegex(text, r"HardFault at .*0x0800[0-9a-f]{4} \(break_it\+0x[0-9a-f]+\): .*0xc0000000.*bus error")
        self.assertRegex(text, r"lockup .*0x0800[0-9a-f]{4} \(HardFault_Handler\+0x[0-9a-f]+\)")
        firmware.convert("binary", "nameless.bin")
        self.assertIn("(break_it+", run("--load", "nameless.bin", "--symbols", ELF, "--uart", "stdio",
                                        stdin=b"F").stderr.decode())
        self.assertEqual(run("--max-instructions", "9").returncode, 4)  # nothing in flash

    def test_a_cut_ends_with_5_and_the_device_has_what_the_cut_left(self):
        for cut, page in [("1:before", "ffffffff"), ("1", "ffffffff"), ("2:before", "ffffffff"), ("2", "11111111"),
                          ("3:torn:7", "11111111"), ("5:weak:3", "11111111")]:
            state = "cut-" + cut.replace(":", "-")
            r = run("--load", ELF, "--state", state, "--cut", cut, "--uart", "stdio", stdin=b"W")
            self.assertEqual(r.returncode, 5, (cut, r.stderr))
            r = run("--state", state, "--uart", "stdio", "--until", "page " + page, stdin=b"X")
            self.assertEqual(r.returncode, 0, (cut, r.stdout, r.stderr))
        r = run("--load", ELF, "--cut", "6", "--uart", "stdio", "--until", "written", stdin=b"W")
        self.assertEqual(r.returncode, 0)  # the program does five operations

    def test_a_program_asleep_for_good_ends_only_if_nothing_can_wake_it(self):
        r = run("--load", ELF, "--uart", "stdio", stdin=b"S")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(run("--load", ELF, "--uart", "stdio", "--until", "never", stdin=b"S").returncode, 3)
        with Sim("--load", ELF) as s:
            s.ask("S", "sleeping\n")
            s.control("wait asleep")
            self.assertIn("asleep", s.control("status"))
            s.control("reset")
            s.wait_text("ready")

    def test_a_signal_saves_the_device(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            state = "signal%d" % number
            with Sim("--load", ELF, state=state) as s:
                s.ask("W", "written\n")
                s.process.send_signal(number)
                self.assertEqual(s.wait(), 0)
            r = run("--state", state, "--uart", "stdio", "--until", "page 11111111", stdin=b"X")
            self.assertEqual(r.returncode, 0)
        with Sim("--load", ELF, "--until", "never") as s:
            s.wait_text("ready")
            s.process.send_signal(signal.SIGTERM)
            self.assertEqual(s.wait(), 3)


class State(unittest.TestCase):
    def test_a_device_is_a_folder_that_can_be_put_away(self):
        self.assertEqual(run("--state", "board", "--load", ELF, "--no-run").returncode, 0)
        with Sim(state="board") as s:
            s.wait_text("ready")
            r = run("--state", "board")
            self.assertEqual(r.returncode, 6)
            self.assertIn(b"in use", r.stderr)
            s.ask("W", "written\n")
            self.assertEqual(s.stop(), 0)
        with Sim(state="board") as s:
            s.wait_text("ready\n")
            self.assertIn(b"11111111", s.ask("X", "\n"))
            s.write(0x20000100, b"lost")
            s.control("power off")
            self.assertIn("off", s.control("status"))
            s.kill()  # power off has saved
        self.assertEqual(run("--state", "board", "--erase", "--load", ELF, "--no-run").returncode, 0)
        with Sim(state="board") as s:
            s.wait_text("ready\n")
            self.assertIn(b"ffffffff", s.ask("X", "\n"))

    def test_save_writes_the_folder_while_the_program_runs(self):
        with Sim("--load", ELF, state="saved") as s:
            s.ask("W", "written\n")
            s.control("save")
            s.kill()
        with Sim(state="saved") as s:
            s.wait_text("ready\n")
            self.assertIn(b"11111111", s.ask("X", "\n"))
        with Sim("--load", ELF) as s:
            with self.assertRaisesRegex(SimError, "no state folder"):
                s.control("save")

    def test_a_file_that_cannot_be_loaded_leaves_the_device_as_it_was(self):
        self.assertEqual(run("--state", "kept", "--load", ELF, "--no-run").returncode, 0)
        self.assertEqual(run("--state", "kept", "--erase", "--load", "missing").returncode, 6)
        self.assertEqual(run("--state", "kept", "--until", "ready").returncode, 0)


class Control(unittest.TestCase):
    def refused(self, s, line, why):
        with self.assertRaisesRegex(SimError, why):
            s.control(line)

    def test_button_and_pins(self):
        with Sim("--load", ELF) as s:
            s.wait_text("ready\n")
            s.ask("B", "button up\n")
            s.control("button press")
            s.ask("B", "button down\n")
            s.control("button release")
            s.ask("B", "button up\n")
            s.ask("P", "PA0 low\n")
            s.control("pin PA0 1")
            s.ask("P", "PA0 high\n")
            s.control("pin PA0 0")
            s.ask("P", "PA0 low\n")
            s.control("pin PA0 1")
            s.control("pin PA0 z")
            s.ask("P", "PA0 low\n")  # pulled down inside the chip

    def test_pins_from_the_command_line(self):
        with Sim("--load", ELF, "--pin", "PC13=0", "--pin", "PA0=1") as s:
            s.wait_text("ready, button down\n")
            s.ask("P", "PA0 high\n")
        with Sim("--load", ELF, "--press-button=0.05", "--pace", "fast") as s:
            s.wait_text("ready, button down\n")
            s.ask("T", "ticked\n")  # half a second
            s.ask("B", "button up\n")

    def test_reset_and_power(self):
        with Sim("--load", ELF) as s:
            s.wait_text("ready\n")
            s.control("reset")
            s.wait_text("ready\n")
            s.ask("R", "ready\n")
            s.control("power off")
            self.assertTrue(s.control("status").startswith("off"))
            for refused in ("reset", "stop", "run"):
                with self.assertRaises(SimError):
                    s.control(refused)
            s.control("power on")
            s.wait_text("ready\n")
            s.control("power-cycle")
            s.wait_text("ready\n")
            stats = s.stats()
            self.assertEqual(stats["resets"], 5)
            self.assertEqual(stats["resets_by_cause"]["por"], 3)
            self.assertEqual(stats["resets_by_cause"]["nrst"], 1)
            self.assertEqual(stats["resets_by_cause"]["software"], 1)
            self.assertEqual(s.stop(), 0)

    def test_a_cut_from_the_socket_leaves_the_board_without_power(self):
        with Sim("--load", ELF, state="socket-cut") as s:
            s.wait_text("ready\n")
            s.control("cut after 2 flash operations clean")
            s.control_async("wait off")
            s.send("W")
            self.assertEqual(s.control_answer(), "")
            s.send("lost on a dead board")
            s.control("power on")
            s.wait_text("ready\n")
            self.assertIn(b"11111111", s.ask("X", "\n"))
            s.control("cut after 1 flash operation torn 5")
            s.control("cut none")
            s.ask("W", "written\n")
            self.assertEqual(s.read(0x08040008, 8).hex(), "2222222201000000")

    def test_stop_holds_the_core_and_run_lets_it_go(self):
        with Sim("--load", ELF, "--halt") as s:
            self.assertIn("instructions=0", s.control("status"))
            self.assertTrue(s.control("status").startswith("stopped pc=0x%08x (Reset_Handler+0x0)" %
                                                            firmware.symbol("Reset_Handler")))
            s.control("run")
            s.wait_text("ready\n")
            s.control("stop")
            s.control("wait stopped")
            before = s.control("status")
            s.send("x")
            self.assertEqual(s.control("status"), before)
            s.control("run")
            s.wait_text("x")
            s.control("reset halt")
            self.assertIn("(Reset_Handler+0x0)", s.control("status"))

    def test_a_break_stops_the_core_where_it_was_told(self):
        with Sim("--load", ELF, "--halt") as s:
            at = firmware.symbol("main")
            s.control("break 0x%08x" % at)
            s.control("run")
            s.control("wait stopped")
            self.assertTrue(s.control("status").startswith("stopped pc=0x%08x" % at))
            s.control("break none")
            s.control("run")
            s.wait_text("ready\n")

    def test_a_probe_sees_what_read_protection_leaves_and_the_judge_sees_all(self):
        with Sim("--load", ELF, state="probe") as s:
            s.wait_text("ready\n")
            flash = s.control("read 0x08000000 16")
            self.assertTrue(s.control("options").startswith("rdp=0 OPTR=0xffeff8aa PCROP1SR=0xffffffff "))
            self.assertEqual(s.control("probe status"), "open")
            self.assertEqual(s.control("probe read 0x08000000 16"), flash)
            s.control("probe write 0x10000001 aabbccddee")
            self.assertEqual(s.control("probe read 0x10000000 7"), s.control("read 0x10000000 7"))
            self.assertEqual(s.control("read 0x10000001 5"), "aabbccddee")
            s.control("option OPTR=0xffeff8bb")
            self.assertIn("rdp=0 OPTR=0xffeff8aa(stored:0xffeff8bb)", s.control("options"))
            self.refused(s, "option NOPE=1", "no option word NOPE")
        with Sim("--stay", state="probe") as s:
            s.wait_text("ready\n")
            self.assertIn("rdp=1 OPTR=0xffeff8bb ", s.control("options"))
            self.assertEqual(s.control("read 0x08000000 16"), flash)
            self.refused(s, "probe read 0x08000000 16", "bus fault")
            self.refused(s, "probe read 0x10000000 4", "bus fault")
            s.control("probe read 0x20000000 4")
            s.control("probe attach")  # and the core cannot fetch any more
            s.control("wait lockup")
            s.control("probe detach")
            self.assertTrue(s.control("status").startswith("lockup"))
            s.control("reset")
            s.control("wait lockup")
            s.control("power-cycle")
            s.wait_text("ready\n")
            # the way back, by the probe alone: everything is erased
            s.control("probe attach")
            s.control("wait lockup")
            for reg, value in (0x08, 0x45670123), (0x08, 0xCDEF89AB), (0x0C, 0x08192A3B), (0x0C, 0x4C5D6E7F), \
                              (0x20, 0xFFEFF8AA), (0x14, 1 << 17):
                s.control("probe write 0x%08x %s" % (0x40022000 + reg, value.to_bytes(4, "little").hex()))
            while bytes.fromhex(s.control("probe read 0x40022010 4"))[2] & 1:
                pass
            self.assertIn("rdp=1 ", s.control("options"))
            s.control("probe write 0x40022014 " + (1 << 27).to_bytes(4, "little").hex())
            self.assertIn("rdp=0 OPTR=0xffeff8aa ", s.control("options"))
            self.assertEqual(s.control("read 0x08000000 65536"), "ff" * 65536)
        with Sim("--load", ELF, "--option", "OPTR=0xffeff8cc", state="probe") as s:
            s.wait_text("ready\n")
            self.assertEqual(s.control("probe status"), "closed")
            for line in ("probe attach", "probe read 0x20000000 4", "probe write 0x20000000 00"):
                self.refused(s, line, "the debug port cannot be reached")

    def test_memory_can_be_read_written_erased_and_loaded(self):
        with Sim("--load", ELF) as s:
            s.wait_text("ready\n")
            s.ask("C", "00000001\n")
            counter = firmware.symbol("counter")
            self.assertEqual(s.read(counter, 4), b"\x01\0\0\0")
            s.write(counter, b"\x0f\0\0\0")
            s.ask("C", "00000010\n")
            s.write(0x08040000, bytes(range(256)) * 3)
            self.assertEqual(s.read(0x080400ff, 3), b"\xff\0\1")
            s.ask("X", "page 03020100")
            self.assertEqual(s.read(0xE000ED00, 4), bytes.fromhex("41c20f41"))  # CPUID
            self.assertEqual(len(s.read(0x08000000, 65536)), 65536)
            for wrong in ("read 0x90000000 4", "read 0xffffffff 2", "write 0x90000000 00", "write 0xffffffff 0000"):
                with self.assertRaises(SimError):
                    s.control(wrong)
            s.control("stop")
            s.control("erase")
            self.assertEqual(s.read(0x08000000, 4), b"\xff" * 4)
            with self.assertRaisesRegex(SimError, "missing"):
                s.control("load missing.elf")
            s.control("load " + ELF)
            s.control("reset")
            s.control("run")
            s.wait_text("ready\n")

    def test_stats_start_again_after_a_clear(self):
        with Sim("--load", ELF) as s:
            s.wait_text("ready\n")
            s.ask("W", "written\n")
            stats = s.stats()
            self.assertEqual((stats["erases"], stats["programs"], stats["max_page_erases"]), (1, 4, 1))
            self.assertEqual(stats["page_erases"], {"0x08040000": 1})
            s.control("stop")
            s.control("stats clear")
            stats = s.stats()
            self.assertEqual((stats["instructions"], stats["erases"], stats["resets"]), (0, 0, 0))

    def test_lines_are_answered_one_by_one_in_order(self):
        with Sim("--load", ELF) as s:
            s.wait_text("ready\n")
            for line in ("help", "nonsense", "status", "", "x" * 3000, "pin PC13 9", "stats"):
                s.control_async(line)
            answers = []
            for _ in range(7):
                try:
                    answers.append("ok " + s.control_answer())
                except SimError as e:
                    answers.append("error " + str(e))
            self.assertEqual([a.split()[0] for a in answers], ["ok", "error", "ok", "error", "error", "error", "ok"])
            self.assertIn("cut after N flash operations", answers[0])
            self.assertIn("too long", answers[4])
            with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as third:
                other.connect(s.where["control"])
                third.connect(s.where["control"])
                other.sendall(b"wait lockup\nstatus\r\n")
                third.sendall(b"sta")
                third.sendall(b"tus\n")
                self.assertTrue(third.recv(100).startswith(b"ok running"))
                s.control("stop")
                with self.assertRaises(SimError):
                    s.control("wait nothing")
            s.control("run")

    def test_a_lockup_with_stay_waits_for_a_reset(self):
        with Sim("--load", ELF, "--stay") as s:
            s.wait_text("ready\n")
            s.control_async("wait lockup")
            s.send("L")
            s.control_answer()
            with self.assertRaisesRegex(SimError, "lockup"):
                s.control("run")
            s.control("reset")
            s.wait_text("ready\n")
        with Sim("--load", ELF, "--stay", "--cut", "1") as s:
            s.wait_text("ready\n")
            s.control_async("wait off")
            s.send("W")
            s.control_answer()
            s.control("power on")
            s.wait_text("ready\n")


class Pace(unittest.TestCase):
    def test_waiting_for_input_takes_real_time_only_while_somebody_could_answer(self):
        start = time.monotonic()
        r = run("--load", ELF, "--max-seconds", "8")
        self.assertEqual(r.returncode, 0)
        self.assertLess(time.monotonic() - start, 7)
        with Sim("--load", ELF) as s:
            s.ask("Z", "waiting\n")
            before = time.monotonic()
            s.wait_text("timed out\n")  # 3 x 40000 polls of a few cycles at 4 MHz
            self.assertGreater(time.monotonic() - before, 0.1)
            s.ask("Z", "waiting\n")
            s.ask("k", "got k\n")

    def test_skipped_idle_time_is_still_time(self):
        figures = []
        for more in ([], ["--skip-idle"]):
            r = run("--load", ELF, "--max-seconds", "0.5", "--stats", "-", *more)
            figures.append(json.loads(r.stdout))
        self.assertAlmostEqual(figures[0]["seconds"], figures[1]["seconds"], places=2)
        self.assertGreater(figures[0]["instructions"], 10 * figures[1]["instructions"])

    def test_realtime_is_kept_also_asleep(self):
        start = time.monotonic()
        with Sim("--load", ELF, "--pace", "realtime") as s:
            s.wait_text("ready\n")
            s.ask("T", "ticked\n", timeout=20)
            self.assertGreater(time.monotonic() - start, 0.45)
            s.ask("x", "x")


if __name__ == "__main__":
    firmware.main()
