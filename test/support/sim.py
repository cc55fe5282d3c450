"""Run stm32sim from a test: start it, talk to its UART, its control socket and gdb, see how it ends.

    with Sim("--load", "boot.elf", state="device") as sim:
        sim.wait_text("Download")               # everything the UART sends is kept in sim.text
        sim.sb("app.sfb")                       # the real YMODEM sender on the simulated line
        sim.wait_text("UserApp", fail=["ERROR"])
        sim.control("button press")             # the answer; SimError if it is an error
        sim.stats()["erases"]
    sim.exit_code

No fixed ports and no sleeps: the simulator says on a pipe when it can be used. Every wait has a time limit, after which
SimTimeout shows what came instead. Standard library only.
"""
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import termios
import time
import tty

TIMEOUT = 60.0


class SimError(Exception):
    """The simulator refused a command, or ended when it should not."""


class SimTimeout(SimError):
    """Something awaited did not happen in time."""


def program(name="stm32sim"):
    """A program of the build tree under test (PC_BUILD), or named by its own variable, such as STM32SIM."""
    return os.environ.get(name.upper()) or os.path.join(os.environ["PC_BUILD"], name)


def _wait_pid(process, timeout):
    """subprocess.wait() without its polling."""
    if process.poll() is None:
        fd = os.pidfd_open(process.pid)
        try:
            if not select.select([fd], [], [], timeout)[0]:
                raise SimTimeout("process %d has not ended after %g s" % (process.pid, timeout))
        finally:
            os.close(fd)
    return process.wait()


class Sim:
    """One running stm32sim. `uart`: "tcp", "unix", "pty", or any other value of --uart (then there is no sim.send).
    `control`: with a control socket. `gdb`, `jtag`: with a gdb port (sim.gdb_port), with a
    debug port (sim.jtag_port). Other arguments go to stm32sim as they are.
    """

    def __init__(self, *args, state=None, uart="tcp", control=True, gdb=False, jtag=False, binary=None,
                 timeout=TIMEOUT, env=None):
        binary = binary or program()
        self.timeout = timeout
        self.text = b""  # everything that the UART has sent
        self.seen = 0  # wait_text() looks from here on
        self.exit_code = None
        self.uart = None
        self._control = None
        self._dir = tempfile.TemporaryDirectory(prefix="sim.")
        self._log = open(os.path.join(self._dir.name, "log"), "w+b")
        ready, announce = os.pipe()
        command = [binary, "--announce", "/dev/fd/%d" % announce]
        wire = {"tcp": "tcp:0", "pty": "pty"}.get(uart, uart)
        if uart == "unix":
            wire = "unix:" + os.path.join(self._dir.name, "uart")
        command += ["--uart", wire]
        if control:
            command += ["--control", os.path.join(self._dir.name, "control")]
        if gdb:
            command += ["--gdb", "0"]
        if jtag:
            command += ["--jtag", "0"]
        if state:
            command += ["--state", str(state)]
        self.command = command + [str(a) for a in args]
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self._log, pass_fds=[announce], env=env)
        os.close(announce)
        try:
            self.where = self._read_announcement(ready)
            self._connect(uart)
        except BaseException:
            self.close()
            raise
        self.gdb_port = self.where["gdb"]["port"] if self.where["gdb"] else None
        self.jtag_port = self.where["jtag"]["port"] if self.where["jtag"] else None

    # ---- start and end ----

    def _read_announcement(self, ready):
        with os.fdopen(ready, "rb") as pipe:
            if not select.select([pipe], [], [], self.timeout)[0]:
                raise SimTimeout("stm32sim does not start\n" + self.log())
            line = pipe.readline()
        if not line:
            code = _wait_pid(self.process, self.timeout)
            raise SimError("stm32sim ended with %d\n%s" % (code, self.log()))
        return json.loads(line)

    def _connect(self, uart):
        wire = self.where["uarts"][0]
        if uart == "pty":
            self.uart = _Pty(wire["path"])
        elif uart == "tcp":
            self.uart = socket.create_connection((wire["host"], wire["port"]), self.timeout)
            self.uart.settimeout(None)  # or else the descriptor does not block, and sb could not use it
            self.uart.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif uart == "unix":
            self.uart = socket.socket(socket.AF_UNIX)
            self.uart.connect(wire["path"])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def log(self):
        """What stm32sim has written on stderr."""
        with open(self._log.name, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def wait(self, timeout=None):
        """Wait until it ends by itself; the exit code. All that the UART sent is then in sim.text."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while self.uart and self.process.poll() is None:
            if not self._receive(deadline):
                break
        self.exit_code = _wait_pid(self.process, max(0.1, deadline - time.monotonic()))
        while self.uart and self._receive(time.monotonic()):
            pass
        return self.exit_code

    def stop(self):
        """Ask it to end (the device is saved); the exit code."""
        if self.process.poll() is None:
            if self.where["control"]:
                self.control("quit")
            else:
                self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        """As if the PC had crashed: nothing is saved."""
        self.process.kill()
        self.exit_code = _wait_pid(self.process, self.timeout)

    def close(self):
        """Ends it if it still runs, and forgets everything. stm32sim's own end is asked for first."""
        try:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    _wait_pid(self.process, 10)
                except SimTimeout:
                    self.process.kill()
            if self.exit_code is None:
                self.exit_code = self.process.wait()
        finally:
            for f in (self.uart, self._control, self._log, self.process.stdout):
                if f:
                    f.close()
            self.uart = self._control = None
            self._dir.cleanup()

    # ---- the UART ----

    def _receive(self, deadline):
        """More bytes into sim.text. False: none in time, or there will be no more."""
        left = max(0, deadline - time.monotonic())
        if not select.select([self.uart], [], [], left)[0]:
            return False
        try:
            got = self.uart.recv(65536)
        except OSError:
            got = b""
        self.text += got
        return len(got) > 0

    def _show(self):
        return "the UART sent:\n%s\nstm32sim said:\n%s" % (self.text[-3000:].decode("utf-8", "replace"),
                                                           self.log()[-3000:])

    def wait_text(self, text, timeout=None, fail=()):
        """Wait until the UART sends `text` after what earlier calls have found. Returns what came before and with it.
        SimError at once if a text of `fail` comes first, or if stm32sim ends."""
        wanted = text.encode() if isinstance(text, str) else text
        bad = [f.encode() if isinstance(f, str) else f for f in fail]
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            at = self.text.find(wanted, self.seen)
            end = len(self.text) if at < 0 else at
            for f in bad:
                if 0 <= self.text.find(f, self.seen) < end:
                    raise SimError("%r came instead of %r; %s" % (f, wanted, self._show()))
            if at >= 0:
                found = self.text[self.seen:at + len(wanted)]
                self.seen = at + len(wanted)
                return found
            if not self._receive(deadline):
                what = "ended" if time.monotonic() < deadline else "no %r in time" % wanted
                raise SimTimeout("%s while waiting for %r; %s" % (what, wanted, self._show()))

    def send(self, data):
        self.uart.sendall(data.encode() if isinstance(data, str) else data)

    def ask(self, data, text, **options):
        """Send, then wait for an answer."""
        self.send(data)
        return self.wait_text(text, **options)

    def sb(self, *files, args=("-k",), timeout=None, check=True):
        """Send files by YMODEM with the real `sb` (lrzsz). Returns its exit code; SimError if it is not 0, unless check
        is False. What it said is in sim.sb_said. The bytes go through this process, because sb reads ahead: so what the
        program prints right after the transfer is not lost but stands in sim.text."""
        deadline = time.monotonic() + (timeout or self.timeout)
        near, far = socket.socketpair()
        with tempfile.TemporaryFile() as said, near:
            with far:
                process = subprocess.Popen(["sb", *args, *[str(f) for f in files]], stdin=far.fileno(),
                                           stdout=far.fileno(), stderr=said)
            try:
                if self.text.endswith(b"C"):
                    near.sendall(b"C")  # the receiver waits for an answer to this one
                self._relay(near, deadline)
                code = _wait_pid(process, max(0.1, deadline - time.monotonic()))
            except SimTimeout:
                raise SimTimeout("sb does not end; " + self._show()) from None
            finally:
                process.kill()
                process.wait()
                said.seek(0)
                self.sb_said = said.read().decode("utf-8", "replace")
        if check and code != 0:
            raise SimError("sb ended with %d: %s\n%s" % (code, self.sb_said, self._show()))
        return code

    def _relay(self, near, deadline):
        """Bytes between the UART and the other end of `near`, until that is closed."""
        while True:
            left = max(0, deadline - time.monotonic())
            ready = select.select([self.uart, near], [], [], left)[0]
            if not ready:
                raise SimTimeout()
            if near in ready:
                try:
                    data = near.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    return
                self.uart.sendall(data)
            if self.uart in ready:
                before = len(self.text)
                if not self._receive(deadline):
                    return
                try:
                    near.sendall(self.text[before:])
                except OSError:
                    pass  # sb has ended; the rest is ours

    # ---- the control socket ----

    def control_async(self, line):
        """Send a command; control_answer() waits for its answer."""
        if not self._control:
            self._control = socket.socket(socket.AF_UNIX)
            self._control.connect(self.where["control"])
            self._control_file = b""
        self._control.sendall(line.encode() + b"\n")

    def control_answer(self, timeout=None):
        deadline = time.monotonic() + (timeout or self.timeout)
        while b"\n" not in self._control_file:
            left = max(0, deadline - time.monotonic())
            if not select.select([self._control], [], [], left)[0]:
                raise SimTimeout("no answer on the control socket; " + self._show())
            got = self._control.recv(65536)
            if not got:
                raise SimError("stm32sim ended; " + self._show())
            self._control_file += got
        line, self._control_file = self._control_file.split(b"\n", 1)
        word, _, rest = line.decode().partition(" ")
        if word != "ok":
            raise SimError(rest)
        return rest

    def control(self, line, timeout=None):
        """One command; its answer without "ok". SimError if it was refused."""
        self.control_async(line)
        return self.control_answer(timeout)

    def stats(self):
        return json.loads(self.control("stats"))

    def read(self, addr, size):
        """Memory of the device."""
        return bytes.fromhex(self.control("read 0x%08x %d" % (addr, size)))

    def write(self, addr, data):
        """RAM, registers or flash, as a debug probe."""
        for i in range(0, len(data), 256):
            self.control("write 0x%08x %s" % (addr + i, data[i:i + 256].hex()))


class _Pty:
    """A pseudo-terminal with a socket's methods."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd, termios.TCSANOW)

    def fileno(self):
        return self.fd

    def recv(self, size):
        return os.read(self.fd, size)

    def sendall(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def close(self):
        os.close(self.fd)


def run(*args, binary=None, timeout=TIMEOUT, stdin=b""):
    """stm32sim from start to end without a client. Returns subprocess.CompletedProcess with the bytes it printed."""
    return subprocess.run([binary or program(), *[str(a) for a in args]], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, check=False)
