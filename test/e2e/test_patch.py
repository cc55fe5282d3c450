#!/usr/bin/python3
"""Patches on the ARM boot loader: over YMODEM and from a USB drive, a chain of them, and those that do not apply. The patches are
made by `portcullis image patch`; the full images by openssl alone."""
import os
import struct
import subprocess
import unittest

import e2e
from e2e import ARM, BUILD, KEYS, sim

FIRMWARE = f'{ARM}/test-l476-patch'
HEADER, ACTIVE, DOWNLOAD, PAGE = 0x08080000, 0x08088000, 0x0800A800, 2048
NAMES = {'old': (1, 0), 'new': (1, 1), 'third': (1, 2), 'other': (1, 3), 'served': (1, 0)}


def image(name):
    return e2e.clear_image('tiny-' + name, FIRMWARE)


def sfb(name, **fields):
    return e2e.sfb(image(name), e2e.version(*NAMES[name]), **fields)


def patch(old, new):
    """The patch between two .sfb."""
    subprocess.run([BUILD + '/portcullis', 'image', 'patch', '--keys', KEYS, '--effort', '1', e2e.write('from.sfb', old),
                    e2e.write('to.sfb', new), '-o', 'made.sfbp'], check=True, stdout=subprocess.DEVNULL)
    with open('made.sfbp', 'rb') as f:
        return f.read()


def sfbp(old, new, **fields):
    return patch(sfb(old), sfb(new, **fields))


class Patch(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.flash('--load', FIRMWARE + '/boot.elf')
        data = image('old')
        header = e2e.active_header(data, e2e.version(*NAMES['old']))
        self.flash('--load', e2e.write('header', header) + '@' + hex(HEADER))
        self.flash('--load', e2e.write('active', data) + '@' + hex(ACTIVE))

    def flash(self, *args):
        sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def boots(self, expected, *args):
        ran = sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until',
                      f'TINY {expected} runs, engine answers\r\n', '--max-seconds', '60', *args)
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        self.assertEqual(ran.returncode, 0, said + ran.stderr.decode())
        return said

    def test_a_chain_of_patches_runs_by_itself(self):
        stick = e2e.drive({'v12.sfbp': sfbp('new', 'third'), 'v11.sfbp': sfbp('old', 'new'), 'v13.sfbp': sfbp('third', 'other')})
        said = self.boots('other', '--drive', stick)
        for step in ('version 1.0.0 -> 1.1.0', 'version 1.1.0 -> 1.2.0', 'version 1.2.0 -> 1.3.0'):
            self.assertIn(step, said)
        self.assertNotIn('Refused', said)
        self.assertNotIn('USB drive', self.boots('other', '--drive', stick))

    def test_a_chain_may_be_longer_than_what_is_remembered_of_files_that_failed(self):
        chain = [e2e.sfb(image('new' if minor % 2 else 'old'), e2e.version(1, minor)) for minor in range(8)]
        files = {f'v1.{minor}.sfbp': patch(chain[minor - 1], chain[minor]) for minor in range(1, 8)}
        said = self.boots('new', '--drive', e2e.drive(files), '--until-fail', 'Refused')
        self.assertIn('version 1.6.0 -> 1.7.0', said)

    def test_a_patch_for_another_image_of_that_version_falls_back_to_the_full_one(self):
        patch = sfbp('new', 'third')
        wrong = bytearray(sfbp('old', 'new'))
        wrong[400 % len(wrong)] ^= 1  # its ciphertext
        said = self.boots('third', '--drive', e2e.drive({'a.sfbp': patch, 'b.sfbp': bytes(wrong), 'c.sfb': sfb('third')}))
        self.assertIn('version 1.0.0 -> 1.1.0', said)
        self.assertIn('Refused', said)
        self.assertIn('USB drive: c.sfb, version 1.2.0', said)

    def served(self, file, expected, delay=0, chunk=100, mode=0):
        """The application `served` runs, and hands this file over through the functions that the boot loader serves."""
        data = image('served')
        header = e2e.active_header(data, e2e.version(*NAMES['served']))
        self.state += expected[:8].replace(' ', '') + str(delay)
        self.flash('--load', FIRMWARE + '/boot.elf')
        self.flash('--load', e2e.write('header', header) + '@' + hex(HEADER))
        self.flash('--load', e2e.write('active', data) + '@' + hex(ACTIVE))
        job = struct.pack('<5I', 0x4A4F4231, len(file), chunk, delay, mode) + file
        self.flash('--load', e2e.write('job', job) + '@0x08060000')
        ran = sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until', expected, '--max-seconds', '60')
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        self.assertEqual(ran.returncode, 0, said + ran.stderr.decode())
        return said

    def test_an_application_updates_itself_through_the_served_functions(self):
        patch = sfbp('served', 'third')
        for delay in (0, 1, 5, 0xFFFF):
            said = self.served(patch, 'TINY third runs', delay)
            self.assertIn('boot loader 0.1.0, no user data', said)
            self.assertIn(f'[PATCH] completed, {len(patch)} of {len(patch)} bytes', said)
            self.assertIn('FW installation succeeded', said)
        self.served(sfb('third'), 'TINY third runs', 1, chunk=1000)
        self.served(patch, 'TINY third runs', 1, mode=3)
        said = self.served(patch, 'TINY third runs', 0, chunk=1, mode=1)
        self.assertIn('aborted', said)

    def test_a_compressed_whole_image_is_installed_over_any_version(self):
        """What `image patch` makes when the old firmware does not help: `delta make` says so, and the file fits every device."""
        e2e.write('noise.bin', os.urandom(16))
        whole = sfb('third')
        said = subprocess.run([BUILD + '/portcullis', 'image', 'patch', '--keys', KEYS, '--from-version', '0.1.0', 'noise.bin',
                               e2e.write('third.sfb', whole), '-o', 'whole.sfbp'], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.assertIn('compressed image alone is smaller', said)
        with open('whole.sfbp', 'rb') as f:
            file = f.read()
        self.assertLess(len(file), len(whole))
        self.served(file, 'TINY third runs', 0)

    def test_what_an_application_does_wrong_is_told_and_changes_nothing(self):
        patch = sfbp('served', 'third')
        said = self.served(patch, 'TINY third runs', 0, mode=2)
        self.assertNotIn('MISUSE', said)
        self.served(sfbp('old', 'new'), 'refused: patch is for another image')
        bad = bytearray(patch)
        bad[-20] ^= 1
        self.assertNotIn('handed over', self.served(bytes(bad), 'refused: '))
        bad = bytearray(patch)
        bad[150] ^= 1
        self.served(bytes(bad), 'refused: invalid patch image')

    def test_no_call_changes_a_register_of_the_hardware(self):
        """CRC unit, clocks, flash controller, pins, interrupts, MPU, masks: compared before and after every call."""
        for file in (sfbp('served', 'third'), sfb('third')):
            said = self.served(file, 'TINY third runs', 0xFFFF, chunk=300, mode=4)
            self.assertNotIn('CHANGED', said)
            self.assertGreater(int(said.split('looked at ')[1].split()[0], 16), 15)
            self.state += 'x'

    def test_calls_from_an_interrupt_are_refused_and_change_nothing(self):
        for file in (sfbp('served', 'third'), sfb('third')):
            said = self.served(file, 'TINY third runs', 0xFFFF, chunk=100, mode=5)
            self.assertIn('all refused', said)
            self.assertIn('handed over', said)
            self.state += 'x'

    def test_over_the_serial_line(self):
        patch = sfbp('old', 'new')
        e2e.write('update.sfbp', patch)
        self.assertLess(len(patch), len(sfb('new')))
        with e2e.Board(self.state) as board:
            board.control('button press')
            board.control('reset')
            board.loader_waits()
            board.control('button release')
            board.sb('update.sfbp')
            board.wait_text('TINY new runs', fail=['CRITICAL FAILURE'])
            board.control('button press')  # again: it is for the image that was there before
            board.control('reset')
            board.loader_waits()
            board.control('button release')
            with self.assertRaises(sim.SimError):
                board.sb('update.sfbp')
            board.wait_text('Download refused: not a patch of this firmware, or damaged')
            board.wait_text('TINY new runs')
            board.stop()


if __name__ == '__main__':
    unittest.main()
