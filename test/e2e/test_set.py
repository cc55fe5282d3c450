#!/usr/bin/python3
"""Three images on the ARM board (test-l476-3), packed by the command line, sent to the user application one after the other and asked for
by one request: installed as a set, kept when all are validated, else brought back as a set."""
import os
import random
import unittest

import e2e
from e2e import ARM, BUILD, KEYS

BOARD = 'test-l476-3'
FIRMWARE = f'{ARM}/{BOARD}'
PAGE, HEADER = 2048, 0x08080000
ACTIVE = {1: 0x08088000, 2: 0x0808C000, 3: 0x0808E000}
SIZES = {1: 0x4000, 2: 0x1000, 3: 0x1800}


def pack(image, version, data):
    """The .sfb and the clear image that it holds."""
    out = f'{image}-{version}.sfb'
    keys = KEYS if image == 1 else f'{KEYS}-{image}'
    options = [] if image == 1 else ['--no-vectors']
    source = data if isinstance(data, str) else e2e.write('data', data) + f'@{ACTIVE[image]:#x}'
    e2e.sh(BUILD + '/portcullis', 'image', 'pack', '--no-ledger', '--keys', keys, '--board', BOARD, '--image', image, '--version', version,
           *options, source, '-o', out)
    e2e.sh(BUILD + '/portcullis', 'image', 'decrypt', '--keys', keys, out, '-o', out + '.clear')
    with open(out + '.clear', 'rb') as f:
        return out, f.read()


class Set(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.flash('--load', FIRMWARE + '/boot.elf')
        self.old, self.new, self.files = {}, {}, {}
        for image in ACTIVE:
            data = [random.Random(image + 10 * n).randbytes(1500 + 500 * n) for n in (0, 1)]
            if image == 1:
                data = [f'{FIRMWARE}/userapp-a.elf', f'{FIRMWARE}/userapp-b.elf']
            file, self.old[image] = pack(image, '1.0.0', data[0])
            self.files[image], self.new[image] = pack(image, '2.0.0', data[1])
            with open(file, 'rb') as f:
                header = f.read(192)
            self.put(header + b'\xff' * 32 + b'\0' * 96, HEADER + (image - 1) * PAGE)
            self.put(self.old[image], ACTIVE[image])

    def flash(self, *args):
        e2e.sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def put(self, data, addr):
        self.flash('--load', e2e.write('part', data) + '@' + hex(addr))

    def holds(self, images):
        with open(self.state + '/flash.bin', 'rb') as f:
            flash = f.read()
        for image, data in images.items():
            at = ACTIVE[image] - 0x08000000
            self.assertEqual(flash[at:at + SIZES[image]], data.ljust(SIZES[image], b'\xff'), f'image {image}')

    def send_all(self, board):
        board.wait_text('User App #A')
        board.menu()
        board.send('4')
        for image in ACTIVE:
            board.menu()
            board.send(str(image))
            board.wait_text('YMODEM> Send ....')
            board.wait_text('C')
            board.sb(self.files[image])
            board.wait_text('Programming Completed Successfully!')
        board.menu()
        board.send('4')
        board.wait_text('New FW to be installed from slot SLOT_DWL_3')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        board.menu()

    def test_three_images_are_installed_and_kept_together(self):
        with e2e.Board(self.state) as board:
            self.send_all(board)
            board.send('5')
            board.wait_text('Return: ')
            board.send('255\r')
            board.wait_text('Firmware image validated.')
            board.stop()
        for _ in range(2):
            with e2e.Board(self.state) as board:
                board.wait_text('User App #B', fail=['ROLLBACK'])
                board.menu()
                board.stop()
        self.holds(self.new)

    def test_three_images_of_which_one_is_validated_are_brought_back_together(self):
        with e2e.Board(self.state) as board:
            self.send_all(board)
            board.send('5')
            board.wait_text('Return: ')
            board.send('2\r')
            board.wait_text('Firmware image validated.')
            board.stop()
        with e2e.Board(self.state) as board:
            board.wait_text('ROLLBACK PREV USER FIRMWARE')
            board.wait_text('User App #A')
            board.menu()
            board.stop()
        self.holds(self.old)


if __name__ == '__main__':
    e2e.main()
