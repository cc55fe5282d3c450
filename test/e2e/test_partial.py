#!/usr/bin/python3
"""Partial images on a board that takes them (test-l476-partial), packed by the command line: the download slot has 4 pages, the image
nearly 8. Installed, kept or brought back; for another base refused with nothing lost."""
import json
import os
import random
import unittest

import e2e
from e2e import ARM, BUILD, KEYS, sim

BOARD = 'test-l476-partial'
FIRMWARE = f'{ARM}/{BOARD}'
HEADER, ACTIVE, DOWNLOAD, PAGE, SLOT, DOWNLOAD_SLOT = 0x08080000, 0x08088000, 0x08008000, 2048, 0x4000, 0x2000
SIZE = 0x3E00


def image(name, seed=1):
    """The code of a tiny application in front, the same filling behind."""
    e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{FIRMWARE}/tiny-{name}.elf', f'{name}.clear')
    with open(f'{name}.clear', 'rb') as f:
        code = f.read()
    return code + random.Random(seed).randbytes(SIZE)[len(code):]


def pack(data, version, base=None):
    """A .sfb by the command line, partial if there is a base."""
    out = f'{version}.sfb'
    options = ['--partial-from', e2e.write('base.img', base) + f'@{ACTIVE:#x}'] if base is not None else []
    e2e.sh(BUILD + '/portcullis', 'image', 'pack', '--no-ledger', '--keys', KEYS, '--board', BOARD, '--version', version, *options,
           e2e.write('image.img', data) + f'@{ACTIVE:#x}', '-o', out)
    with open(out, 'rb') as f:
        return f.read()


class Partial(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.old = image('old')
        self.flash('--load', FIRMWARE + '/boot.elf')
        self.put(pack(self.old, '1.0.0')[:192] + b'\xff' * 32 + b'\0' * 96, HEADER)
        self.put(self.old, ACTIVE)

    def flash(self, *args):
        sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def put(self, data, addr):
        self.flash('--load', e2e.write('part', data) + '@' + hex(addr))

    def offer(self, file):
        self.assertLessEqual(len(file) - 512, DOWNLOAD_SLOT - 2 * PAGE)
        self.put((file[:320] + b'INSTALL1').ljust(PAGE, b'\xff') + file[512:].ljust(DOWNLOAD_SLOT - PAGE, b'\xff'), DOWNLOAD)

    def boots(self, until):
        ran = sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until', until, '--max-seconds', '60')
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        self.assertEqual(ran.returncode, 0, said + ran.stderr.decode())
        return said

    def active(self):
        with open(self.state + '/flash.bin', 'rb') as f:
            f.seek(ACTIVE - 0x08000000)
            return f.read(SLOT)

    def test_a_partial_image_is_installed_and_stays_if_it_is_validated(self):
        good = image('good')
        file = pack(good, '1.1.0', self.old)
        self.assertLess(len(file), 512 + 2 * PAGE)
        self.offer(file)
        self.boots('validated\r\n')
        for _ in range(2):
            self.assertNotIn('ROLLBACK', self.boots('TINY good runs, engine answers\r\n'))
        self.assertEqual(self.active(), good.ljust(SLOT, b'\xff'))

    def test_a_partial_image_that_is_not_validated_is_rolled_back(self):
        self.offer(pack(image('new'), '1.1.0', self.old))
        self.boots('TINY new runs, engine answers\r\n')
        self.assertIn('ROLLBACK', self.boots('TINY old runs, engine answers\r\n'))
        self.assertNotIn('ROLLBACK', self.boots('TINY old runs, engine answers\r\n'))
        self.assertEqual(self.active(), self.old.ljust(SLOT, b'\xff'))

    def test_a_partial_image_for_another_base_is_refused_with_nothing_lost(self):
        self.offer(pack(image('new', 2), '1.1.0', image('old', 2)))
        said = self.boots('TINY old runs, engine answers\r\n')
        self.assertIn('Firmware decryption error', said)
        self.assertEqual(self.active(), self.old.ljust(SLOT, b'\xff'))

    def test_a_whole_image_that_the_download_slot_cannot_keep_is_refused(self):
        small = image('new')[:PAGE]
        self.offer(pack(small, '1.1.0'))
        said = self.boots('TINY old runs, engine answers\r\n')
        self.assertIn('FW too big', said)


if __name__ == '__main__':
    e2e.main()
