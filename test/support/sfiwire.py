"""A host for the secure boot loader of docs/sfi-protocol.md, for tests: the standard commands and secure install, over
a simulator's USART or SPI. Everything that passes is kept in wire.traffic. Standard library only."""
import select
import socket
import struct
import time

ACK, NACK = 0x79, 0x1F
IDENTIFY, CERTIFICATE, STATUS, LICENCE, HEADER, AREA, CHUNK, FINISH, ABORT, MODULE_LICENCE = (
    0x100, 0x101, 0x102, 0x110, 0x111, 0x112, 0x113, 0x114, 0x115, 0x116)


class Nack(Exception):
    """The device answered NACK."""


class Silence(Exception):
    """The device did not answer in time."""


class Refused(Exception):
    """A special command ended with a status other than 0."""

    def __init__(self, status):
        super().__init__("status %04x" % status)
        self.status = status


class _Socket:
    def __init__(self, sock, timeout):
        self.sock, self.timeout, self.traffic = sock, timeout, bytearray()

    def _read(self, n):
        got, deadline = b"", time.monotonic() + self.timeout
        while len(got) < n:
            if not select.select([self.sock], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Silence("%d of %d bytes came" % (len(got), n))
            more = self.sock.recv(n - len(got))
            if not more:
                raise Silence("the line is closed")
            got += more
        self.traffic += got
        return got


class Usart(_Socket):
    """The line as it is: bytes out, bytes in."""
    start = b""
    sync = b"\x7f"

    def write(self, data):
        self.sock.sendall(data)

    def ack(self):
        byte = self._read(1)[0]
        if byte not in (ACK, NACK):
            raise AssertionError("%02x came where ACK or NACK was due" % byte)
        if byte == NACK:
            raise Nack()

    def data(self):
        """Call before the bytes of an answer."""

    def read(self, n):
        return self._read(n)


class Spi(_Socket):
    """AN4286: a byte in for each byte out."""
    start = b"\x5a"
    sync = b"\x5a"

    def exchange(self, data):
        self.sock.sendall(data)
        return self._read(len(data))

    def write(self, data):
        self.exchange(data)

    def ack(self):
        deadline = time.monotonic() + self.timeout
        byte = 0xA5
        while byte not in (ACK, NACK):
            if time.monotonic() > deadline:
                raise Silence("busy, %02x" % byte)
            byte = self.exchange(b"\0")[0]
        self.exchange(bytes([ACK]))
        if byte == NACK:
            raise Nack()

    def data(self):
        self.exchange(b"\0")

    def read(self, n):
        return self.exchange(bytes(n))


def usart(sim, timeout=60):
    return Usart(sim.uart, timeout)


def spi(sim, timeout=60):
    wire = sim.where["uarts"][-1]
    sock = socket.create_connection((wire["host"], wire["port"]), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Spi(sock, timeout)


def checked(data):
    """With the XOR behind it; of one byte the complement."""
    if len(data) == 1:
        return data + bytes([data[0] ^ 0xFF])
    x = 0
    for b in data:
        x ^= b
    return data + bytes([x])


class Loader:
    def __init__(self, wire):
        self.wire = wire

    def sync(self):
        self.wire.write(self.wire.sync)
        self.wire.ack()

    def step(self, data):
        self.wire.write(data)
        self.wire.ack()

    def command(self, code):
        self.step(self.wire.start + bytes([code, code ^ 0xFF]))

    # ---- standard commands ----

    def _answer(self, n):
        self.wire.data()
        return self.wire.read(n)

    def get(self):
        self.command(0x00)
        n = self._answer(1)[0]
        got = self.wire.read(n + 1)
        self.wire.ack()
        return got[0], got[1:]

    def version(self):
        self.command(0x01)
        got = self._answer(3)
        self.wire.ack()
        return got

    def chip(self):
        self.command(0x02)
        got = self._answer(3)
        self.wire.ack()
        return struct.unpack(">BH", got)[1]

    def read(self, address, size):
        out = b""
        while len(out) < size:
            n = min(256, size - len(out))
            self.command(0x11)
            self.step(checked(struct.pack(">I", address + len(out))))
            self.step(checked(bytes([n - 1])))
            out += self._answer(n)
        return out

    def write(self, address, data):
        for at in range(0, len(data), 256):
            piece = data[at:at + 256]
            self.command(0x31)
            self.step(checked(struct.pack(">I", address + at)))
            self.step(checked(bytes([len(piece) - 1]) + piece))

    def erase(self, pages):
        self.command(0x44)
        self.step(checked(struct.pack(">H%dH" % len(pages), len(pages) - 1, *pages)))

    def erase_all(self):
        self.command(0x44)
        self.step(b"\xff\xff\x00")

    def go(self, address):
        self.command(0x21)
        self.step(checked(struct.pack(">I", address)))

    # ---- secure install ----

    def _result(self):
        self.wire.data()
        size = struct.unpack(">H", self.wire.read(2))[0]
        data = self.wire.read(size)
        length, status = struct.unpack(">HH", self.wire.read(4))
        assert length == 2
        self.wire.ack()
        if status:
            raise Refused(status)
        return data

    def special(self, opcode, data=b""):
        self.command(0x50)
        self.step(checked(struct.pack(">H", opcode)))
        self.step(checked(struct.pack(">H", len(data)) + data))
        return self._result()

    def extended(self, opcode, first, second):
        self.command(0x51)
        self.step(checked(struct.pack(">H", opcode)))
        self.step(checked(struct.pack(">H", len(first)) + first))
        self.step(checked(struct.pack(">H", len(second)) + second))
        return self._result()

    def identify(self):
        names = ("version", "state", "chip", "flags", "chunk", "certificate", "uid", "challenge", "first", "end", "cause")
        return dict(zip(names, struct.unpack(">BBHHHH12s16sIIH", self.special(IDENTIFY))))

    def certificate(self):
        out, size = b"", self.identify()["certificate"]
        while len(out) < size:
            out += self.special(CERTIFICATE, struct.pack(">H", len(out)))
        return out

    def status(self):
        names = ("state", "areas", "index", "taken", "size", "programmed", "last", "cause")
        return dict(zip(names, struct.unpack(">BxHHIIIHH2x", self.special(STATUS))))

    def licence(self, licence):
        self.extended(LICENCE, b"", licence)

    def area(self, descriptor, cipher, chunk=1024):
        self.special(AREA, descriptor)
        for at in range(0, len(cipher), chunk):
            self.extended(CHUNK, struct.pack(">I", at), cipher[at:at + chunk])

    def install(self, licence, image, chunk=1024, finish=True, module=None):
        """`module`: the licence for the image's modules."""
        self.licence(licence)
        self.special(HEADER, image[:28])
        for descriptor, cipher in areas(image):
            if descriptor[:1] == b"M":
                self.extended(MODULE_LICENCE, b"", module)
            self.area(descriptor, cipher, chunk)
        if finish:
            self.special(FINISH)


def areas(image):
    """(descriptor, ciphertext) of each area of an .sfi."""
    at, out = 28, []
    while at < len(image):
        size = struct.unpack_from("<I", image, at + 4)[0]
        out.append((image[at:at + 30], image[at + 30:at + 30 + size]))
        at += 30 + size
    return out
