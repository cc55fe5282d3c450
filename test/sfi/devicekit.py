"""What the tests of the device share: a maker, devices of simulated manufacture, an image, licences, a running device."""
import os
import random
import shutil
import struct
import select
import subprocess
import time
import sys

sys.path.insert(0, os.path.join(os.environ['PC_SOURCE'], 'test', 'support'))
from sfitest import *
from sim import Sim, SimError, program
from sfiwire import *

FIRMWARE = os.path.join(os.environ['PC_ARM'], 'sfi-l462')
PLAIN = os.path.join(os.environ['PC_ARM'], 'sfi-l462-plain')
RUNS = 'FIRMWARE RUNS'
KEY, NONCE = bytes(range(16)), bytes(range(100, 112))
MODULE_KEY, MODULE_NONCE = bytes(range(200, 216)), bytes(range(150, 162))
FIRST, END, RECORDS, OTP = 0x08001000, 0x08075800, 0x0807F800, 0x1FFF73C0


def tool(*args):
    return sh(program('portcullis'), *args)


def maker(name='maker'):
    if not os.path.exists(name):
        tool('device', 'ca', 'new', name)
    return name


class Device:
    """One device: its folder of manufacture, and its state (what survives without power)."""

    def __init__(self, name, uid=None, program_folder=FIRMWARE, ca='maker'):
        self.name, self.state = name, name + '.state'
        args = ['--uid', uid] if uid else []
        tool('device', 'make', '--ca', maker(ca), '--device', 'stm32l462ce', '--program', program_folder, *args, '-o', name)
        self.hex = os.path.join(name, 'device.hex')
        self.certificate = read(os.path.join(name, 'certificate.der'))
        at = self.certificate.index(b'\x03\x42\x00\x04') + 4
        self.point = self.certificate[at:at + 64]
        subprocess.run([program(), '--device', 'stm32l462', '--state', self.state, '--load', self.hex, '--no-run',
                        '--quiet'], check=True)

    def fresh(self, name):
        """A copy of it as it is now, to be spoiled."""
        copy = object.__new__(Device)
        copy.__dict__ = dict(self.__dict__, state=name)
        shutil.rmtree(name, ignore_errors=True)
        shutil.copytree(self.state, name)
        return copy

    def licence(self, key=KEY, nonce=NONCE, point=None):
        secret('licence.key', key)
        secret('licence.nonce', nonce)
        subprocess.run([os.path.join(os.environ['PC_BUILD'], 'sfi.make_licence'), (point or self.point).hex(),
                        'licence.key', 'licence.nonce', 'licence.bin'], check=True)
        return read('licence.bin')

    def on(self, *args, **options):
        return Sim('--device', 'stm32l462', *args, state=self.state, **options)


def firmware(size, seed=1):
    """A program that runs, and behind it bytes that are nowhere else."""
    code = read(os.path.join(FIRMWARE, 'hello.bin'))
    return code + random.Random(seed).randbytes(max(0, size - len(code)))


def module(code, address, name='module.smi'):
    """An .smi of another maker."""
    write('module.bin', code)
    secret('module.key', MODULE_KEY)
    secret('module.nonce', MODULE_NONCE)
    tool('sfi', 'module', 'module.bin@0x%08x' % address, '--key', 'module.key', '--nonce', 'module.nonce', '--version', '1', '--no-ledger',
         '-o', name)
    return name


def image(size=4096, seed=1, key=KEY, nonce=NONCE, rows=OPTIONS, extra=(), modules=(), name='out.sfi'):
    """(.sfi, clear bytes of the first area)"""
    clear = firmware(size, seed)
    write('image.bin', clear)
    files = ['image.bin@0x%08x' % FIRST]
    for i, (address, data) in enumerate(extra):
        write('extra%d.bin' % i, data)
        files.append('extra%d.bin@0x%08x' % (i, address))
    secret('image.key', key)
    secret('image.nonce', nonce)
    tool('sfi', 'pack', *[a for f in files for a in ('--firmware', f)], *[a for m in modules for a in ('--module', m)], '--key', 'image.key', '--nonce', 'image.nonce',
        '--option-bytes', csv(rows=rows), '--version', '1', '--device', 'stm32l462ce', '--no-ledger', '-o', name)
    return read(name), clear


def refused(status, call, *args, **options):
    try:
        call(*args, **options)
    except Refused as r:
        assert r.status == status, '%04x, not %04x' % (r.status, status)
        return
    raise AssertionError('not refused')


def nacked(call, *args):
    try:
        call(*args)
    except Nack:
        return
    raise AssertionError('not refused')


class Leak:
    """Looks for bytes of the clear image: any 12 of its random part."""

    def __init__(self, clear):
        self.windows = {clear[i:i + 12] for i in range(512, len(clear) - 12)}

    def check(self, data, where):
        data = bytes(data)
        for i in range(len(data) - 11):
            assert data[i:i + 12] not in self.windows, 'clear bytes of the firmware in ' + where
