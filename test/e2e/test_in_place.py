#!/usr/bin/python3
"""Patches in place on the ARM boot loader of a board with a single slot: a chain of versions over YMODEM, with the power cut while each is applied, and patches
that do not apply, which touch nothing."""
import json
import os
import random
import subprocess
import unittest

import e2e
from e2e import ARM, BUILD, KEYS, sim

BOARD = 'test-l476-single-patch'
FIRMWARE = f'{ARM}/{BOARD}'
HEADER, ACTIVE, AREA, PAGE, SLOT = 0x08080000, 0x08088000, 0x0800A800, 2048, 0x4000
NAMES = {'old': (1, 0), 'new': (1, 1), 'third': (1, 2), 'full': (1, 3)}


def image(name):
    e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{FIRMWARE}/tiny-{name}.elf', f'{name}.clear')
    with open(f'{name}.clear', 'rb') as f:
        data = f.read()
    return data + b'\xff' * (-len(data) % 16)


def sfb(name, **fields):
    return e2e.sfb(image(name), e2e.version(*NAMES[name]), **fields)


def sfbp(old, new, *options, **fields):
    e2e.write(f'{old}.sfb', sfb(old))
    e2e.write(f'{new}.sfb', sfb(new, **fields))
    made = subprocess.run([BUILD + '/portcullis', 'image', 'patch', '--keys', KEYS, '--effort', '1', f'{old}.sfb', f'{new}.sfb', '-o',
                           'made.sfbp', '--json', *(options or ('--in-place', '--board', BOARD))], check=True, stdout=subprocess.PIPE)
    with open('made.sfbp', 'rb') as f:
        return f.read(), json.loads(made.stdout)


class InPlace(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.flash('--load', FIRMWARE + '/boot.elf')
        data = image('old')
        header = e2e.header(data, e2e.version(*NAMES['old']))[:192] + b'\xff' * 32 + b'\0' * 96
        self.flash('--load', e2e.write('header', header) + '@' + hex(HEADER))
        self.flash('--load', e2e.write('active', data) + '@' + hex(ACTIVE))

    def flash(self, *args):
        sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def board(self):
        board = sim.Sim('--board', 'nucleo-l476rg', '--symbols', FIRMWARE + '/boot.elf', state=self.state, timeout=120)
        self.addCleanup(board.close)
        board.wait_text('runs, engine answers')
        return board

    def send(self, board, content, check=True):
        e2e.write('update.sfbp', content)
        board.control('button press')
        board.control('reset')
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        board.control('button release')
        board.sb('update.sfbp', check=check)

    def stands(self, board, name):
        data = image(name)
        self.assertEqual(board.read(ACTIVE, SLOT), data + b'\xff' * (SLOT - len(data)))

    def test_a_chain_over_the_serial_line_with_the_power_cut_while_each_is_applied(self):
        board = self.board()
        # The third with less scratch than there is: the old image has to be moved up first.
        for old, new, scratch in (('old', 'new', 4), ('new', 'third', 4), ('third', 'full', 2)):
            patch, told = sfbp(old, new, '--in-place', '--page-size', '2048', '--slot-size', '0x4000', '--scratch', str(scratch),
                               '--patch-area', '6144')
            self.assertLess(len(patch), len(sfb(new)))
            self.assertEqual(told['in_place']['scratch'], scratch)
            self.assertEqual(told['in_place']['shift'] > 0, scratch == 2)
            board.control('cut after 1500 flash operations torn 5')
            self.send(board, patch)
            for operations in (300, 150, 200, 7):
                board.control('wait off')
                board.control(f'cut after {operations} flash operations weak {operations}')
                board.control('power on')
            board.control('wait off')
            board.control('power on')
            board.wait_text(f'TINY {new} runs, engine answers', fail=['CRITICAL FAILURE', 'YMODEM'])
            self.stands(board, new)
        self.assertGreaterEqual(board.text.count(b'An installation was interrupted: it goes on.'), 8)

    def test_what_does_not_apply_is_refused_and_touches_nothing(self):
        board = self.board()
        before = board.read(ACTIVE, SLOT), board.read(HEADER, PAGE)
        patch, _ = sfbp('old', 'new')

        def refused(content, words):
            self.send(board, content, check=False)
            board.wait_text(words)
            board.wait_text('TINY old runs, engine answers', fail=['goes on'])
            self.assertEqual((board.read(ACTIVE, SLOT), board.read(HEADER, PAGE)), before)
            self.assertNotEqual(board.read(AREA + 320, 8), b'INSTALL1')

        refused(sfbp('old', 'new', '--from-address', '0x08088000')[0], 'Download refused: ')  # for two slots
        refused(sfbp('third', 'full')[0], 'Download refused: ')  # from another image
        other = ('--in-place', '--page-size', '2048', '--scratch', '4', '--patch-area', '6144', '--slot-size')
        refused(sfbp('old', 'new', *other, '0x8000')[0], 'Download refused: ')  # another board's slot
        refused(sfbp('old', 'new', product=7)[0], 'Download refused: ')
        for at in (102, 200, 384, len(patch) - 40):
            refused(patch[:at] + bytes([patch[at] ^ 4]) + patch[at + 1:], 'HANDLE CRITICAL FAILURE')
        self.send(board, patch)
        board.wait_text('TINY new runs, engine answers', fail=['CRITICAL FAILURE'])
        self.send(board, patch, check=False)  # from what is no longer there
        board.wait_text('Download refused: ')
        board.wait_text('TINY new runs, engine answers')

    def test_the_nucleo_at_full_size(self):
        """400 KiB, all of it moved by a little and a page in the middle new; the power goes on the way."""
        nucleo, header, active, slot = 'nucleo-l476rg-single-patch', 0x0800A800, 0x08022000, 0xDE000
        e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{ARM}/{nucleo}/tiny-full.elf', 'tiny.bin')
        with open('tiny.bin', 'rb') as f:
            head = f.read()
        rest = random.Random(5).randbytes(0x64000)
        old = head + rest
        new = head + bytes(range(160)) + rest[:0x30000] + random.Random(6).randbytes(2048) + rest[0x30800:]
        old, new = (i + b'\xff' * (-len(i) % 16) for i in (old, new))
        e2e.write('o.sfb', e2e.sfb(old, e2e.version(1)))
        e2e.write('n.sfb', e2e.sfb(new, e2e.version(1, 1)))
        subprocess.run([BUILD + '/portcullis', 'image', 'patch', '--keys', KEYS, '--effort', '1', 'o.sfb', 'n.sfb', '--in-place', '--board', nucleo,
                        '-o', 'update.sfbp'], check=True, stdout=subprocess.PIPE)
        self.assertLess(os.path.getsize('update.sfbp'), 4096)
        self.state += '.nucleo'
        self.flash('--load', f'{ARM}/{nucleo}/boot.elf')
        self.flash('--load', e2e.write('header', e2e.header(old, e2e.version(1))[:192] + b'\xff' * 32 + b'\0' * 96) + '@' + hex(header))
        self.flash('--load', e2e.write('active', old) + '@' + hex(active))
        board = self.board()
        with open('update.sfbp', 'rb') as f:
            patch = f.read()
        board.control('cut after 20000 flash operations weak 3')
        self.send(board, patch)
        board.control('wait off')
        board.control('stats clear')
        board.control('power on')
        board.wait_text('An installation was interrupted: it goes on.', fail=['CRITICAL', 'TINY'])
        board.wait_text('TINY full runs, engine answers', fail=['CRITICAL FAILURE', 'YMODEM'])
        stands = b''.join(board.read(active + at, 4096) for at in range(0, len(new) + 4096, 4096))
        self.assertEqual(stands, new + b'\xff' * (len(stands) - len(new)))
        self.assertLessEqual(board.stats()['max_page_erases'], 16)  # scratch and checkpoints; the slot once

    def test_a_whole_image_still_comes_in(self):
        board = self.board()
        self.send(board, sfb('third'))
        board.wait_text('TINY third runs, engine answers', fail=['CRITICAL FAILURE'])
        self.stands(board, 'third')


if __name__ == '__main__':
    unittest.main()
