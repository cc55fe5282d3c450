"""What the command line's tests share: running it, an ELF writer of our own, and openssl as the independent judge."""
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import unittest

BUILD = os.environ['PC_BUILD']
SOURCE = os.environ['PC_SOURCE']
# The build under ASan and UBSan. libp11 0.4.12 itself loses some memory when it lists public keys.
TOOL = os.path.join(BUILD, 'portcullis_san')
with open('lsan.supp', 'w') as f:
    f.write('leak:libp11.so\nleak:libsofthsm2.so\n')
os.environ['LSAN_OPTIONS'] = 'suppressions=lsan.supp:print_suppressions=0'
for name in ('PORTCULLIS_BOARD', 'PORTCULLIS_PIN', 'PORTCULLIS_PASSPHRASE', 'PKCS11_MODULE_PATH'):
    os.environ.pop(name, None)

ACTIVE, IMAGE_MAX = 0x08088000, 487424
BOOT = 0x08000000


def sh(*command, **kw):
    """Run a program that must succeed; its output as bytes."""
    r = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=kw.pop('stderr', subprocess.PIPE),
                       **kw)
    if r.returncode != 0:
        raise AssertionError(f'{command}: exit {r.returncode}\n{r.stdout!r}\n{r.stderr!r}')
    return r.stdout


def run(*args, **kw):
    return subprocess.run([TOOL, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, **kw)


def do(*args):
    """Run the tool, which must succeed."""
    return sh(TOOL, *args)


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def app(size=1000, base=ACTIVE, stack=0x20018000, reset=None, seed=1):
    """A firmware: vector table, then noise."""
    body, state = bytearray(struct.pack('<II', stack, base + 9 if reset is None else reset)), seed
    while len(body) < size:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        body.append(state >> 16 & 0xFF)
    return bytes(body[:size])


def elf(path, segments, entry=ACTIVE + 9, machine=40):
    """[(address, bytes)] as an ELF with program headers only."""
    header = 52 + 32 * len(segments)
    at, table, data = header, b'', b''
    for addr, content in segments:
        table += struct.pack('<8I', 1, at, addr, addr, len(content), len(content), 5, 4)
        data += content
        at += len(content)
    ident = b'\x7fELF\x01\x01\x01' + bytes(9)
    head = struct.pack('<HHIIIIIHHHHHH', 2, machine, 1, entry, 52, 0, 0x5000200, 52, 32, len(segments), 0, 0, 0)
    return write(path, ident + head + table + data)


def raw_public(pem, kind='-pubin'):
    """X || Y of a PEM key, by openssl."""
    der = sh('openssl', 'pkey', *([kind] if kind else []), '-in', pem, '-pubout', '-outform', 'der')
    assert der[-65] == 4
    return der[-64:]


def der_signature(rs):
    def integer(b):
        b = b.lstrip(b'\0') or b'\0'
        if b[0] & 0x80:
            b = b'\0' + b
        return b'\x02' + bytes([len(b)]) + b
    body = integer(rs[:32]) + integer(rs[32:])
    return b'\x30' + bytes([len(body)]) + body


def split_signature(der):
    def integer(at):
        assert der[at] == 2
        n = der[at + 1]
        return int.from_bytes(der[at + 2:at + 2 + n], 'big').to_bytes(32, 'big'), at + 2 + n
    assert der[0] == 0x30
    r, at = integer(2)
    s, _ = integer(at)
    return r + s


def openssl_signature_ok(public_pem, signed, rs):
    write('check.bin', signed)
    write('check.sig', der_signature(rs))
    r = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', public_pem, '-signature', 'check.sig', 'check.bin'],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return r.returncode == 0


def openssl_sign(private_pem, data):
    write('sign.bin', data)
    return split_signature(sh('openssl', 'dgst', '-sha256', '-sign', private_pem, 'sign.bin'))


def cbc(direction, key, iv, data):
    return sh('openssl', 'enc', '-aes-128-cbc', '-nopad', direction, '-K', key.hex(), '-iv', iv.hex(), input=data)


def vendor_sfb(private_pem, key, iv, version, clear, reserved=b'\0' * 28, fill=b'\xff', partial=None):
    """A .sfb as the vendor's prepareimage packs it for ECDSA + AES-CBC (protocol 1)."""
    offset, size = partial or (0, len(clear))
    part = clear[offset:offset + size]
    signed = struct.pack('<4sHHIII', b'SFU1', 1, version, len(clear), offset, size)
    signed += hashlib.sha256(clear).digest() + hashlib.sha256(part).digest() + iv + reserved
    assert len(signed) == 128
    header = signed + openssl_sign(private_pem, signed) + b'\xff' * 96 + b'\0' * 32
    return header.ljust(512, fill) + cbc('-e', key, iv, part)


class ToolTest(unittest.TestCase):
    def ok(self, *args, **kw):
        r = run(*args, **kw)
        self.assertEqual(r.returncode, 0, f'{args}: {r.stdout}{r.stderr}')
        return r.stdout

    def json(self, *args, code=0):
        r = run(*args, '--json')
        self.assertEqual(r.returncode, code, f'{args}: {r.stdout}{r.stderr}')
        return json.loads(r.stdout)

    def refused(self, code, message, *args, out=None, **kw):
        """The command fails with this exit code and message, and leaves no output (nor temporary) file behind."""
        if out:
            args = (*args, '-o', out)
        before = sorted(os.listdir('.'))
        r = run(*args, **kw)
        self.assertEqual(r.returncode, code, f'{args}: {r.stdout}{r.stderr}')
        self.assertRegex(r.stderr, message)
        self.assertTrue(r.stderr.startswith('portcullis'), r.stderr)
        self.assertNotIn('Sanitizer', r.stderr)
        self.assertEqual(sorted(os.listdir('.')), before)
        if out:
            self.assertFalse(os.path.exists(out), out)


def main():
    unittest.main(verbosity=2)
