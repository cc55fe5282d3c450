#!/usr/bin/python3
"""The NUCLEO-L476RG with patches, at full size: `load` typed within a second, a .sfbp between the two user applications."""
import os
import unittest

import e2e
from e2e import ARM, sim

BOARD = 'nucleo-l476rg-patch'
FIRMWARE = f'{ARM}/{BOARD}'
TOOL = os.environ['PC_BUILD'] + '/portcullis'


def pack(name, version, to):
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version, f'{FIRMWARE}/{name}.elf', '-o', to)


class Patch(unittest.TestCase):
    def test_a_patch_over_ymodem_makes_application_b_of_application_a(self):
        pack('userapp-a', '1.0.0', 'a.sfb')
        pack('userapp-b', '1.1.0', 'b.sfb')
        e2e.sh(TOOL, 'image', 'merge', '--boot', FIRMWARE + '/boot.elf', '--image', 'a.sfb', '--keys', e2e.KEYS, '--board', BOARD, '-o', 'f.hex')
        e2e.sh(TOOL, 'image', 'patch', '--keys', e2e.KEYS, 'a.sfb', 'b.sfb', '-o', 'ab.sfbp')
        self.assertLess(os.path.getsize('ab.sfbp'), os.path.getsize('b.sfb') // 4)
        with sim.Sim('--load', 'f.hex', state='board') as board:
            board.wait_text('Type `load` within a second', fail=['CRITICAL'])
            board.send('load\r')
            board.wait_text('Send ..')
            board.sb('ab.sfbp')
            board.wait_text('User App #B', fail=['CRITICAL'])
            board.wait_text('Version 1.1.0')
            self.assertIn(b'version 1.0.0', board.text)


unittest.main(verbosity=2)
