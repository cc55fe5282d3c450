#!/usr/bin/python3
"""The user application updates itself through the functions that the boot loader serves, sent to by the real sb: a full image, patches,
those that are not for it, the abort in the middle, and every time for the restart that the API knows. NUCLEO-L476RG with patches."""
import os
import shutil
import unittest

import e2e
from e2e import ARM, sim

BOARD = 'nucleo-l476rg-patch'
FIRMWARE = f'{ARM}/{BOARD}'
TOOL = os.environ['PC_BUILD'] + '/portcullis'
ACTIVE, DOWNLOAD = 0x08088000, 0x0800A800


def pack(app, version):
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version, f'{FIRMWARE}/userapp-{app}.elf',
           '-o', f'{app}{version}.sfb')


def patch(old, new):
    e2e.sh(TOOL, 'image', 'patch', '--keys', e2e.KEYS, '--effort', '1', f'{old}.sfb', f'{new}.sfb', '-o', f'{old}-{new}.sfbp')
    return f'{old}-{new}.sfbp'


def damaged(path, at):
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    data[at] ^= 1
    return e2e.write(f'damaged{at}.sfbp', bytes(data))


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for app, version in (('a', '1.0.0'), ('b', '1.1.0'), ('a', '1.2.0')):
            pack(app, version)
        cls.patch = patch('a1.0.0', 'b1.1.0')
        cls.back = patch('b1.1.0', 'a1.2.0')
        e2e.sh(TOOL, 'image', 'merge', '--boot', FIRMWARE + '/boot.elf', '--image', 'a1.0.0.sfb', '--keys', e2e.KEYS, '--board', BOARD,
               '-o', 'f.hex')
        sim.run('--state', 'fresh', '--load', 'f.hex', '--no-run', '--quiet').check_returncode()

    def board(self):
        """Application A, version 1.0.0, at the menu of the served functions."""
        board = sim.Sim(state=shutil.copytree('fresh', self.id()))
        self.addCleanup(board.close)
        self.enter(board)
        return board

    def enter(self, board):
        board.wait_text('boot loader\'s functions', fail=['CRITICAL'])
        board.wait_text('Selection :')
        board.send('8')
        board.wait_text('Selection :')

    def receive(self, board, key, path, check=True):
        """Select, send; what was said up to the status line's end."""
        board.send(key)
        board.wait_text('YMODEM> Send ....')
        board.wait_text('C')
        board.sb(path, check=check)
        return board.wait_text('bytes').decode('ascii', 'replace')

    def answer(self, board, key):
        board.send(key)
        return board.wait_text('Selection :').decode('ascii', 'replace')

    def runs(self, board, app, version):
        board.wait_text(f'User App #{app}', fail=['CRITICAL'])
        board.wait_text(f'Version {version}')

    def test_full_image_now_then_a_patch_on_command(self):
        board = self.board()
        said = self.receive(board, '1', 'b1.1.0.sfb')
        self.assertIn('[PATCH] completed', said)
        self.runs(board, 'B', '1.1.0')  # without a key pressed
        self.enter(board)
        self.assertIn('[PATCH] completed', self.receive(board, '3', self.back))
        board.wait_text('Selection :')
        board.send('r')  # nothing was asked for yet
        self.runs(board, 'B', '1.1.0')
        self.enter(board)
        self.assertIn('[PATCH] invalid state', self.answer(board, 'i'))
        self.receive(board, '3', self.back)
        board.wait_text('Selection :')
        said = self.answer(board, 's')
        self.assertIn('Active firmware 1.1.0', said)
        self.assertIn('boot loader 0.1.0', said)
        self.assertIn('completed', self.answer(board, 'i'))
        board.send('r')
        self.runs(board, 'A', '1.2.0')

    def test_a_patch_within_the_window_and_one_at_the_next_reset(self):
        board = self.board()
        self.receive(board, '4', self.patch)
        self.runs(board, 'B', '1.1.0')
        self.enter(board)
        self.receive(board, '2', self.back)
        board.wait_text('Selection :')
        board.control('power off')
        board.control('power on')
        self.runs(board, 'A', '1.2.0')

    def test_what_is_not_for_it_is_named_and_changes_nothing(self):
        board = self.board()
        before = board.read(DOWNLOAD, 256)
        for path, words in ((self.back, 'patch is for another image'), (damaged(self.patch, 150), 'invalid patch image')):
            self.assertIn('[PATCH] ' + words, self.receive(board, '1', path, check=False))
            board.wait_text('Selection :')
            self.assertEqual(board.read(DOWNLOAD, 256), before)
        damage = damaged(self.patch, 400)  # decided only when it is put together
        said = self.receive(board, '1', damage, check=False)
        self.assertTrue('damaged' in said or 'tag of the result' in said or 'decrypted' in said, said)
        board.wait_text('Selection :')
        board.send('r')
        self.runs(board, 'A', '1.0.0')
        self.enter(board)
        self.receive(board, '1', self.patch)
        self.runs(board, 'B', '1.1.0')
        self.enter(board)
        self.assertIn('[PATCH] version refused', self.receive(board, '1', 'a1.0.0.sfb', check=False))

    def test_aborts_leave_the_old_one(self):
        board = self.board()
        for path in ('b1.1.0.sfb', self.patch):
            self.receive(board, '5', path, check=False)
            board.wait_text('Selection :')
        board.send('r')
        self.runs(board, 'A', '1.0.0')
        self.enter(board)
        self.assertIn('completed', self.receive(board, '2', self.patch))  # asked for, and taken back
        board.wait_text('Selection :')
        self.assertIn('Nothing is open', self.answer(board, 'a'))
        board.send('r')
        self.runs(board, 'A', '1.0.0')
        self.enter(board)
        self.receive(board, '1', self.patch)
        self.runs(board, 'B', '1.1.0')


unittest.main(verbosity=2)
