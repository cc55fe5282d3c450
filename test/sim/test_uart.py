#!/usr/bin/python3
"""The ends of stm32sim's UART: pseudo-terminal, TCP, Unix socket, stdin and stdout; and the real `sb` on each."""
import os
import select
import socket
import subprocess
import termios
import time
import unittest

import firmware
from firmware import ELF, write
from sim import Sim, program, run


FAST = os.path.join(os.environ["PC_BUILD"], "stm32sim")  # for what takes long; the others run with sanitizers


def connect(wire):
    if "path" in wire:
        c = socket.socket(socket.AF_UNIX)
        c.connect(wire["path"])
        return c
    return socket.create_connection((wire["host"], wire["port"]))


def listening(s):
    """After a start or reset, let the program say that it is ready and wait for a byte."""
    def seconds():
        return float(s.control("status").split("seconds=")[1].split()[0])
    start = seconds()
    while seconds() < start + 0.01:
        pass


class Sockets(unittest.TestCase):
    def test_the_first_client_gets_what_was_sent_before_it_came(self):
        for kind in ("tcp:0", "unix:line"):
            with Sim("--load", ELF, uart=kind) as s:
                while "instructions=0" in s.control("status"):
                    pass
                with connect(s.where["uarts"][0]) as c:
                    self.assertEqual(c.recv(6, socket.MSG_WAITALL), b"ready\n")
            self.assertFalse(os.path.exists("line"))

    def test_clients_may_come_and_go_and_wait_for_each_other(self):
        for kind in ("tcp:0", "unix:line"):
            with Sim("--load", ELF, uart=kind) as s:
                first = connect(s.where["uarts"][0])
                self.assertEqual(first.recv(6, socket.MSG_WAITALL), b"ready\n")
                with connect(s.where["uarts"][0]) as second:  # has to wait
                    second.sendall(b"2")
                    first.sendall(b"1")
                    self.assertEqual(first.recv(1), b"1")
                    first.close()
                    self.assertEqual(second.recv(1), b"2")
                with connect(s.where["uarts"][0]) as third:
                    third.sendall(b"3")
                    self.assertEqual(third.recv(1), b"3")

    def test_a_client_that_has_said_all_still_hears(self):
        with Sim("--load", ELF, uart="tcp:0") as s:
            with connect(s.where["uarts"][0]) as c:
                self.assertEqual(c.recv(6, socket.MSG_WAITALL), b"ready\n")
                c.sendall(b"T")
                c.shutdown(socket.SHUT_WR)
                self.assertEqual(c.recv(7, socket.MSG_WAITALL), b"ticked\n")

    def test_a_slow_reader_loses_nothing(self):
        with Sim("--load", ELF, uart="unix", binary=FAST) as s:
            s.wait_text("ready\n")
            s.uart.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.send("O")
            s.wait_text("0123456789abcd\n" * 20000)
            s.ask("x", "x")

    def test_a_client_that_does_not_read_does_not_stop_the_board(self):
        with Sim("--load", ELF, "--max-seconds", "26.2", "--stats", "-", uart="unix", binary=FAST) as s:
            s.wait_text("ready\n")
            s.send("O")
            self.assertIsNone(s.exit_code)
            s.uart, mute = None, s.uart
            self.assertEqual(s.wait(timeout=60), 0)
            mute.close()
            self.assertRegex(s.log(), "USART2: [0-9]+ bytes lost")

    def test_wait_client_starts_when_somebody_is_there(self):
        for kind in ("tcp:0", "pty"):
            with Sim("--load", ELF, "--wait-client", uart=kind if kind != "pty" else "pty:early") as s:
                self.assertIn("instructions=0 ", s.control("status") + " ")
                if kind == "pty":
                    fd = os.open("early", os.O_RDWR | os.O_NOCTTY)
                    self.assertEqual(os.read(fd, 3), b"rea")
                    os.close(fd)
                else:
                    with connect(s.where["uarts"][0]) as c:
                        self.assertEqual(c.recv(6, socket.MSG_WAITALL), b"ready\n")


class Pty(unittest.TestCase):
    def open(self, path):
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        return fd

    def read(self, fd, size):
        got = b""
        while len(got) < size:
            self.assertTrue(select.select([fd], [], [], 20)[0], got)
            got += os.read(fd, size - len(got))
        return got

    def test_a_terminal_sees_every_byte_unchanged_and_its_link_goes_with_the_simulator(self):
        with Sim("--load", ELF, uart="pty:board.tty") as s:
            listening(s)
            self.assertEqual(os.readlink("board.tty"), s.where["uarts"][0]["path"])
            fd = self.open("board.tty")
            every = bytes(b for b in range(256) if not chr(b).isupper())  # capitals are commands
            os.write(fd, every)
            self.assertEqual(self.read(fd, len(every)), every)
        self.assertFalse(os.path.lexists("board.tty"))

    def test_an_old_link_is_replaced_but_nothing_else(self):
        os.symlink("/nowhere", "old.tty")
        with Sim("--load", ELF, uart="pty:old.tty") as s:
            self.assertEqual(os.readlink("old.tty"), s.where["uarts"][0]["path"])

    def test_clients_come_and_go_and_each_finds_a_fresh_line(self):
        with Sim("--load", ELF, uart="pty:often.tty") as s:
            listening(s)
            for number in range(3):
                fd = os.open("often.tty", os.O_RDWR | os.O_NOCTTY)
                os.write(fd, b"%d" % number)
                self.assertEqual(self.read(fd, 1), b"%d" % number)
                attributes = termios.tcgetattr(fd)
                self.assertFalse(attributes[3] & (termios.ECHO | termios.ICANON))
                attributes[3] |= termios.ECHO  # as a shell or terminal program might leave it
                termios.tcsetattr(fd, termios.TCSANOW, attributes)
                os.write(fd, b"C")  # an answer that nobody reads
                os.close(fd)
                listening(s)
            s.control("reset")
            listening(s)  # "ready" goes nowhere: nobody is connected
            fd = self.open("often.tty")
            os.write(fd, b"z")
            self.assertEqual(self.read(fd, 1), b"z")

    def test_picocom_talks_to_the_board(self):
        with Sim("--load", ELF, uart="pty:pico.tty") as s:
            listening(s)
            done = subprocess.run(["picocom", "-q", "-b", "115200", "--exit-after", "300", "pico.tty"], input=b"hello",
                                  stdout=subprocess.PIPE, timeout=20, check=True)
            self.assertIn(b"hello", done.stdout)


class Stdio(unittest.TestCase):
    def test_pipes_work_and_stdout_has_the_uart_only(self):
        r = run("--load", ELF, "--uart", "stdio", "--until", "z", stdin=b"xCCyz")
        self.assertEqual((r.returncode, r.stdout), (0, b"ready\nxcount 00000001\ncount 00000002\nyz"))

    def test_a_terminal_gives_single_keys_and_is_left_as_it_was(self):
        master, slave = os.openpty()
        before = termios.tcgetattr(slave)
        p = subprocess.Popen([program(), "--load", ELF, "--uart", "stdio", "--until", "k"], stdin=slave, stdout=slave,
                             stderr=subprocess.DEVNULL)
        got = b""
        while b"ready" not in got:
            got += os.read(master, 100)
        os.write(master, b"k")  # no Enter
        self.assertEqual(p.wait(20), 0)
        self.assertEqual(termios.tcgetattr(slave), before)
        os.close(master)
        os.close(slave)


class Ymodem(unittest.TestCase):
    """100 KB: 9 seconds at 115200 baud on a real line."""

    @classmethod
    def setUpClass(cls):
        data = os.urandom(100000)
        write("file.bin", data)
        sent = data + b"\x1a" * (-len(data) % 128)  # sb fills the last block
        cls.sum = sum(sent) & 0xffffffff

    def transfer(self, *args, **options):
        with Sim("--load", ELF, *args, "--wait-client", **options) as s:
            s.ask("Y", "send now\n")
            start = time.monotonic()
            s.sb("file.bin")
            took = time.monotonic() - start
            s.wait_text("received ")
            _, total, retries = s.wait_text("\n").split()
            self.assertEqual(int(total, 16), self.sum)
            self.assertEqual(int(retries, 16), 0)
        return took

    def test_sb_is_quick_and_needs_no_retry_on_every_kind_of_line(self):
        for kind in ("tcp", "unix", "pty"):
            self.assertLess(self.transfer(uart=kind), 6, kind)
        self.assertLess(self.transfer("--pace", "fast"), 6)

    def test_sb_alone_on_the_pseudo_terminal_as_a_person_would_type_it(self):
        with Sim("--load", ELF, "--until", "received", uart="pty:alone.tty") as s:
            fd = os.open("alone.tty", os.O_RDWR | os.O_NOCTTY)
            os.write(fd, b"Y")
            while b"now" not in os.read(fd, 100):
                pass
            os.close(fd)
            said = subprocess.run("sb -k file.bin < alone.tty > alone.tty", shell=True, stderr=subprocess.PIPE,
                                  timeout=60, check=False)
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertEqual(s.wait(), 0)

    def test_a_sender_that_goes_away_is_noticed_by_the_program(self):
        with Sim("--load", ELF) as s:
            s.ask("Y", "send now\nC")
            s.wait_text("C", timeout=20)  # asks again after its second of real time


if __name__ == "__main__":
    firmware.main()
