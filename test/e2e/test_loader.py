#!/usr/bin/python3
"""The standalone loader (test-l476-loader): image 2 of the board, which the boot loader starts instead of receiving anything itself. Asked for
by the application, by the button, or because there is no application; only ever after it was authenticated in full at that reset."""
import struct
import unittest

import e2e
from e2e import ARM, BUILD, KEYS

BOARD = 'test-l476-loader'
FIRMWARE = f'{ARM}/{BOARD}'
REQUEST = 0x20000C08  # port_shared.request on this board
DOWNLOAD, BYPASS = 0x6C0A4D31, 0x7A951D46
CHECK = 0x48616E64
HEADER = {1: 0x08080000, 2: 0x08080800}
ACTIVE = {1: 0x08088000, 2: 0x0808C000}
SIZE = {1: 0x4000, 2: 0x3000}
LOADER, APP_A, APP_B = 'Standalone loader', 'User App #A', 'User App #B'
KEY = {1: KEYS, 2: KEYS + '-2'}


def word(value):
    return struct.pack('<II', value, ~value & 0xFFFFFFFF ^ CHECK)


def pack(image, version, name):
    """The .sfb, its header as it stands in the active header page, and the clear image."""
    out = f'{image}-{version}.sfb'
    e2e.sh(BUILD + '/portcullis', 'image', 'pack', '--no-ledger', '--keys', KEY[image], '--board', BOARD, '--image', image, '--version', version,
           f'{FIRMWARE}/{name}.elf', '-o', out)
    e2e.sh(BUILD + '/portcullis', 'image', 'decrypt', '--keys', KEY[image], out, '-o', out + '.clear')
    with open(out, 'rb') as f:
        header = f.read(192) + b'\xff' * 32 + b'\0' * 96
    with open(out + '.clear', 'rb') as f:
        return out, header, f.read()


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


class Loader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app, cls.loader = pack(1, '1.0.0', 'userapp-a'), pack(2, '1.0.0', 'loader')
        cls.update = pack(1, '2.0.0', 'userapp-b')[0]
        cls.old_loader, cls.new_loader = pack(2, '0.9.0', 'loader')[0], pack(2, '2.0.0', 'loader')[0]

    def board(self, images):
        """A board with these images, {number: (header, image)}, switched on."""
        state = self.id().rsplit('.', 1)[1] + str(len(self._cleanups))
        loads = [FIRMWARE + '/boot.elf']
        for image, (header, data) in images.items():
            loads += [e2e.write(f'header-{image}', header) + f'@{HEADER[image]:#x}', e2e.write(f'image-{image}', data) + f'@{ACTIVE[image]:#x}']
        for load in loads:
            e2e.sim.run('--state', state, '--load', load, '--no-run', '--quiet').check_returncode()
        board = e2e.Board(state)
        self.addCleanup(board.close)
        return board

    def both(self):
        return self.board({1: self.app[1:], 2: self.loader[1:]})

    def slot(self, board, image):
        return b''.join(board.read(ACTIVE[image] + at, 256) for at in range(0, SIZE[image], 256))

    def loader_waits(self, board, version='1.0.0'):
        board.wait_text(f'{LOADER}  {version}', fail=['CRITICAL FAILURE', 'User App'])
        board.wait_text('YMODEM> Send ....')
        board.wait_text('C')

    def test_the_application_asks_for_it_and_gets_an_update(self):
        board = self.both()
        board.wait_text(APP_A, fail=[LOADER])
        board.menu()
        mark = len(board.text)
        board.send('7')
        self.loader_waits(board)
        self.assertIn('Standalone loader requested by the application.', board.since(mark))
        self.assertEqual(board.states(mark), ['CHECK STATUS ON RESET', 'CHECK NEW FIRMWARE TO DOWNLOAD', 'START STANDALONE LOADER',
                                              'VERIFY USER FW SIGNATURE', 'EXECUTE USER FIRMWARE'])
        self.assertEqual(board.read(REQUEST, 8), bytes(8))
        board.control('button press')  # and is still held after the download
        board.sb(self.update)
        board.wait_text('INSTALL NEW USER FIRMWARE', fail=[LOADER])
        board.control('button release')
        board.wait_text(APP_B, fail=['CRITICAL FAILURE', LOADER])
        board.menu()
        mark = len(board.text)
        board.control('reset')
        board.wait_text(APP_B, fail=[LOADER])
        self.assertNotIn('requested', board.since(mark))

    def test_garbage_is_no_request_and_whoever_asks_gets_it(self):
        board = self.both()
        board.menu()
        for what in (bytes(8), b'\xff' * 8, struct.pack('<II', BYPASS, 0), struct.pack('<II', BYPASS, ~BYPASS & 0xFFFFFFFF), word(BYPASS ^ 1),
                     word(BYPASS)[:7] + bytes([word(BYPASS)[7] ^ 0x80]), word(BYPASS | DOWNLOAD)):
            with self.subTest(word=what.hex()):
                board.write(REQUEST, what)
                mark = len(board.text)
                board.control('reset')
                board.wait_text(APP_A, fail=[LOADER])
                board.menu()
                self.assertNotIn('requested', board.since(mark))
        for value in (BYPASS, DOWNLOAD):
            board.write(REQUEST, word(value))
            board.control('reset')
            self.loader_waits(board)
            board.control('reset')
            board.wait_text(APP_A, fail=[LOADER])
            board.menu()
        board.control('button press')
        board.control('reset')
        self.loader_waits(board)

    def test_without_an_application_it_starts_by_itself(self):
        board = self.board({2: self.loader[1:]})
        self.loader_waits(board)
        board.sb(self.app[0])
        board.wait_text(APP_A, fail=['CRITICAL FAILURE'])
        self.assertEqual(self.slot(board, 1), self.app[2].ljust(SIZE[1], b'\xff'))
        # One that is damaged is wiped first: nothing that is not authentic lies beside a loader that runs.
        board = self.board({1: (self.app[1], flipped(self.app[2], 5000, 3)), 2: self.loader[1:]})
        board.control('button press')
        board.wait_text('Firmware signature check error')
        board.wait_text('Last execution status before Reboot was: Firmware signature check error')
        self.loader_waits(board)
        self.assertEqual(self.slot(board, 1), b'\xff' * SIZE[1])

    def test_one_that_is_not_authentic_is_never_started(self):
        header, image = self.loader[1:]
        wrong = {'first bit': (header, flipped(image, 0, 0)), 'code': (header, flipped(image, len(image) // 2, 5)),
                 'last bit': (header, flipped(image, len(image) - 1, 7)), 'tag': (flipped(header, 30, 1), image),
                 'signature': (flipped(header, 140, 1), image), 'beyond': (header, image.ljust(SIZE[2] - 1, b'\xff') + b'\x7f'),
                 'header of the application': (self.app[1], image), 'the application, whole': self.app[1:], 'no header': (b'\xff' * 8, image)}
        for what, images in wrong.items():
            with self.subTest(wrong=what):
                board = self.board({1: self.app[1:], 2: images})
                board.control('button press')
                board.wait_text('CRITICAL FAILURE', fail=[LOADER + ' '])
                board.wait_text('Last execution status before Reboot was: ')
                board.wait_text('No standalone loader', fail=[LOADER + ' '])
                board.wait_text(APP_A, fail=[LOADER + ' ', 'CRITICAL FAILURE'])
                board.menu()
                self.assertEqual(self.slot(board, 2), b'\xff' * SIZE[2])
                board.stop()

    def test_nothing_at_all_waits_and_does_not_reset(self):
        board = self.board({})
        board.wait_text('nothing will be started.')
        self.assertEqual(board.states().count('CHECK STATUS ON RESET'), 1)
        self.assertNotIn('REBOOT STATE MACHINE', board.states())

    def test_the_loader_is_replaced_by_a_newer_one_only(self):
        board = self.both()
        for file, answer in ((self.old_loader, 'Download refused: Firmware version rejected'), (self.new_loader, 'Successfully!')):
            board.menu()
            board.send('4')
            board.menu()
            board.send('2')
            board.wait_text('YMODEM> Send ....')
            board.wait_text('C')
            board.sb(file, check=False)
            board.wait_text(answer)
            board.menu()
            board.send('x' if file == self.old_loader else '4')
        board.wait_text('New FW to be installed from slot SLOT_DWL_2')
        board.wait_text(APP_A, fail=['CRITICAL FAILURE'])
        board.menu()
        board.send('7')
        self.loader_waits(board, '2.0.0')


if __name__ == '__main__':
    e2e.main()
