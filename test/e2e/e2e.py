"""End-to-end tests: the ARM boot loader and applications on the simulated NUCLEO-L476RG. What they share: boards in
a known condition, .sfb files made with openssl alone (so that nothing of ours judges itself), and a YMODEM sender
that can misbehave.
"""
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import unittest

SOURCE, BUILD, ARM = os.environ['PC_SOURCE'], os.environ['PC_BUILD'], os.environ['PC_ARM']
sys.path.insert(0, SOURCE + '/test/support')
import sim  # noqa: E402

BOARD = 'nucleo-l476rg'
FIRMWARE = f'{ARM}/{BOARD}'
with open(ARM + '/CMakeCache.txt', encoding='utf-8') as _cache:
    KEYS = re.search(r'^KEYS_DIR:PATH=(.*)$', _cache.read(), re.M).group(1)

# The board's map (docs/design.md, "Map of NUCLEO-L476RG").
PRODUCT = 0x4C343736
PAGE = 2048
DOWNLOAD, ACTIVE, SLOT = 0x08008000, 0x08088000, 0x78000
IMAGE_MAX = SLOT - 2 * PAGE

SOH, STX, EOT, ACK, NAK, CAN = b'\x01', b'\x02', b'\x04', b'\x06', b'\x15', b'\x18'


def sh(*command, data=None):
    return subprocess.run([str(c) for c in command], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True).stdout


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path


def drive(files, size='4M', fat=()):
    """A USB drive with these files (name: bytes) in its root directory; `fat`: options of mkfs.vfat."""
    if os.path.exists('drive.img'):
        os.remove('drive.img')
    sh('truncate', '-s', size, 'drive.img')
    sh('mkfs.vfat', *fat, 'drive.img')
    for name, content in files.items():
        sh('mcopy', '-i', 'drive.img', write('one', content), '::' + name)
    return 'drive.img'


# ---- images ----

def clear_image(name, firmware=FIRMWARE):
    """The code of a program in that folder, padded as an image has to be."""
    sh('arm-none-eabi-objcopy', '-O', 'binary', f'{firmware}/{name}.elf', f'{name}.clear')
    with open(f'{name}.clear', 'rb') as f:
        image = f.read()
    return image + b'\xff' * (-len(image) % 16)


def raw_signature(der):
    """r || s, 32 bytes each, of a DER signature."""
    out, at = b'', 2
    for _ in range(2):
        size = der[at + 1]
        out += der[at + 2:at + 2 + size].lstrip(b'\0').rjust(32, b'\0')
        at += 2 + size
    return out


def sign(data):
    """r || s over SHA-256 of data, by openssl."""
    return raw_signature(sh('openssl', 'dgst', '-sha256', '-sign', KEYS + '/signing_key.pem', data=data))


def encrypt(image, iv):
    with open(KEYS + '/encryption_key.bin', 'rb') as f:
        key = f.read()
    return sh('openssl', 'enc', '-aes-128-cbc', '-K', key.hex(), '-iv', iv.hex(), '-nopad', data=image)


def version(major, minor=0, patch=0):
    return major << 24 | minor << 16 | patch


def signed_part(image, number, iv, **fields):
    """Bytes 0-127 of a header of protocol 2 (image/header.h) for version `number`; any field can be given another
    value."""
    tag = hashlib.sha256(image).digest()
    v = {'magic': b'SFU1', 'protocol': 2, 'version16': number >> 16, 'size': len(image), 'partial_offset': 0,
         'partial_size': len(image), 'tag': tag, 'partial_tag': tag, 'version': number, 'product': PRODUCT,
         'minimum': 0, 'flags': 0, 'external': 0, 'zero': bytes(8)}
    assert set(fields) <= set(v), fields
    v.update(fields)
    return (struct.pack('<4sHHIII', v['magic'], v['protocol'], v['version16'], v['size'], v['partial_offset'],
                        v['partial_size']) + v['tag'] + v['partial_tag'] + iv +
            struct.pack('<IIIII', v['version'], v['product'], v['minimum'], v['flags'], v['external']) + v['zero'])


def header(image, number, iv=bytes(range(16)), **fields):
    """320 bytes, signed; states and fingerprint FF, as the packer leaves them."""
    start = signed_part(image, number, iv, **fields)
    return start + sign(start) + b'\xff' * 128


def active_header(image, number):
    """As it lies in flash when the image was installed and validated."""
    return header(image, number)[:192] + b'\xff' * 32 + b'\0' * 96


def sfb(image, number, iv=bytes(range(16)), **fields):
    return header(image, number, iv, **fields).ljust(512, b'\xff') + encrypt(image, iv)


INSTALL = b'INSTALL1'  # behind a candidate's header in the download slot: the wish to have it installed

# ---- boards ----

class Board(sim.Sim):
    """A running board. `state`: its folder."""

    def __init__(self, state, *args, **options):
        self.state = state
        super().__init__('--board', BOARD, '--symbols', FIRMWARE + '/boot.elf', *args, state=state, **options)

    def since(self, mark):
        return self.text[mark:].decode('ascii', 'replace')

    def states(self, mark=0):
        """The boot loader's states from text position `mark` on."""
        return re.findall(r'= \[SBOOT\] STATE: ([A-Z ]+?)\r', self.since(mark))

    def loader_waits(self, **options):
        """The boot loader waits for a file; the invitation has just come."""
        self.wait_text('YMODEM> Send ..', **options)
        self.wait_text('C')

    def menu(self, **options):
        """An application waits at its menu."""
        self.wait_text('Selection :', **options)

    def app_waits(self):
        """From the menu: the application waits for a file."""
        self.send('1')
        self.wait_text('YMODEM> Send ....')
        self.wait_text('C')

    def work(self):
        """What was done to the flash so far."""
        stats = self.stats()
        return stats['erases'], stats['programs']

    def page(self, addr):
        return b''.join(self.read(addr + at, 256) for at in range(0, PAGE, 256))


def blank(state):
    """A board that has the boot loader and nothing else."""
    sim.run('--board', BOARD, '--state', state, '--load', FIRMWARE + '/boot.elf', '--no-run',
            '--quiet').check_returncode()
    return state


def with_application(state, path, name='User App #A'):
    """A board that got `path` through its boot loader and runs it."""
    blank(state)
    with Board(state) as board:
        board.loader_waits()
        board.sb(path)
        board.wait_text(name, fail=['CRITICAL FAILURE'])
        board.menu()
        board.stop()
    return state


def copy(state, to):
    return shutil.copytree(state, to)


# ---- a YMODEM sender that does as it is told ----

def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def packet(number, data, size=1024):
    data = data.ljust(size, b'\x1a')
    return ((SOH if size == 128 else STX) + bytes([number & 255, ~number & 255]) + data +
            crc16(data).to_bytes(2, 'big'))


def block0(name, size):
    return packet(0, name + b'\0' + str(size).encode() + b' 0 100644 0\0', 128)


class Refused(Exception):
    """The receiver cancelled."""


class Sender:
    """Speaks to a receiver that has just sent its invitation."""

    def __init__(self, board):
        self.board = board

    def answer(self, timeout=30):
        """The next byte of the receiver: ACK, NAK or C. Refused if it cancels."""
        byte = self.byte(timeout)
        if byte == CAN:
            while self.byte(timeout) == CAN:
                pass
            self.board.seen -= 1
            raise Refused()
        return byte

    def byte(self, timeout):
        deadline = sim.time.monotonic() + timeout
        while len(self.board.text) == self.board.seen:
            if not self.board._receive(deadline):
                raise sim.SimTimeout('no answer; ' + self.board._show())
        self.board.seen += 1
        return self.board.text[self.board.seen - 1:self.board.seen]

    def expect(self, wanted):
        got = self.answer()
        if got != wanted:
            raise AssertionError(f'{got!r} instead of {wanted!r}\n' + self.board._show())

    def begin(self, size, name=b'fw.sfb'):
        self.board.send(block0(name, size))
        self.expect(ACK)
        self.expect(b'C')

    def data(self, content, first=1, size=1024):
        number = first
        for at in range(0, len(content), size):
            self.board.send(packet(number, content[at:at + size], size))
            self.expect(ACK)
            number += 1

    def end(self):
        self.board.send(EOT)
        if self.answer() == NAK:
            self.board.send(EOT)
            self.expect(ACK)
        self.expect(b'C')
        self.board.send(packet(0, bytes(128), 128))
        self.expect(ACK)

    def file(self, content, announced=None, size=1024):
        """All of it. True if it was taken, False if the receiver cancelled."""
        try:
            self.begin(len(content) if announced is None else announced)
            self.data(content, size=size)
            self.end()
        except Refused:
            return False
        return True


def main():
    unittest.main(argv=[sys.argv[0], '-v'] + sys.argv[1:])
