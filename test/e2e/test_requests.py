#!/usr/bin/python3
"""Who can ask for a download or an install, and how: the hand-over word of an application, the user button, `load` typed
within a second. What is no request is none."""
import struct

import e2e
from e2e import version

REQUEST = 0x20000B08  # port_shared.request (docs/format.md, "Shared RAM")
DOWNLOAD, INSTALL, BYPASS = 0x6C0A4D31, 0x15E2B7C8, 0x7A951D46
CHECK = 0x48616E64
OPTIONS = 'test-l476-options'


def word(value):
    return struct.pack('<II', value, ~value & 0xFFFFFFFF ^ CHECK)


class Words(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        e2e.write('a.sfb', e2e.sfb(e2e.clear_image('userapp-a'), version(1)))
        e2e.write('b.sfb', e2e.sfb(e2e.clear_image('userapp-b'), version(1, 1)))
        e2e.with_application('running-a', 'a.sfb')

    def board(self):
        board = e2e.Board(e2e.copy('running-a', self.id()))
        self.addCleanup(board.close)
        board.menu()
        return board

    def ask(self, board, what):
        board.write(REQUEST, what)
        mark = len(board.text)
        board.control('reset')
        return mark

    def test_download_brings_the_loader_once(self):
        board = self.board()
        for value in (DOWNLOAD, BYPASS):  # this board has no standalone loader
            mark = self.ask(board, word(value))
            board.loader_waits()
            self.assertIn('Download requested by the application.', board.since(mark))
            self.assertNotIn('CHECK USER FW STATUS', board.since(mark))
            self.assertEqual(board.read(REQUEST, 8), bytes(8))
            mark = len(board.text)
            board.control('reset')
            board.menu()
            self.assertNotIn('requested', board.since(mark))
        self.ask(board, word(DOWNLOAD))
        board.loader_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_garbage_is_no_request(self):
        board = self.board()
        for what in (bytes(8), b'\xff' * 8, struct.pack('<II', DOWNLOAD, 0), struct.pack('<II', DOWNLOAD, DOWNLOAD),
                     struct.pack('<II', DOWNLOAD, ~DOWNLOAD & 0xFFFFFFFF), word(DOWNLOAD ^ 1), word(1), word(0xFFFFFFFF),
                     word(DOWNLOAD)[:7] + bytes([word(DOWNLOAD)[7] ^ 0x80]), word(INSTALL | DOWNLOAD)):
            with self.subTest(word=what.hex()):
                mark = self.ask(board, what)
                board.menu()
                self.assertNotIn('requested', board.since(mark))

    def test_install_is_not_put_off_by_the_button(self):
        board = self.board()
        board.app_waits()
        # The application is reset by itself after a download; the button is held by then.
        board.control('button press')
        board.write(REQUEST, word(INSTALL))
        mark = len(board.text)
        board.sb('b.sfb')
        board.wait_text('INSTALL NEW USER FIRMWARE', fail=['YMODEM> Send ..'])
        board.control('button release')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        self.assertIn('Installation requested by the application.', board.since(mark))

    def test_a_power_cut_forgets_what_was_asked_for(self):
        board = self.board()
        board.write(REQUEST, word(DOWNLOAD))
        mark = len(board.text)
        board.control('power off')
        board.control('power on')
        board.menu()
        self.assertNotIn('requested', board.since(mark))

    def test_progress_is_told_in_percents_and_not_in_dots(self):
        board = self.board()
        mark = len(board.text)
        board.app_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        text = board.since(mark)
        install = text[text.index('Image verified; installing.'):text.index('FW installation succeeded')]
        told = [int(n) for n in e2e.re.findall(r'\t  (\d+) %', install)]
        self.assertEqual(told[-1], 100)
        self.assertEqual(told, sorted(set(told)))
        self.assertEqual(install.count('\n'), 2, 'one line, rewritten')
        self.assertNotIn('..', install)
        verify = text[text.index('VERIFY USER FW SIGNATURE'):text.index('EXECUTE USER FIRMWARE')]
        self.assertIn('\r\n\t  100 %', verify)


class Typed(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = f'{e2e.ARM}/{OPTIONS}'
        cls.images = {}
        for name, number in (('old', version(1)), ('new', version(1, 2, 3))):
            e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{folder}/tiny-{name}.elf', 'tiny')
            with open('tiny', 'rb') as f:
                image = f.read()
            cls.images[name] = image + b'\xff' * (-len(image) % 16)
            e2e.write(name + '.sfb', e2e.sfb(cls.images[name], number))
        e2e.sim.run('--state', 'blank', '--load', folder + '/boot.elf', '--no-run', '--quiet').check_returncode()

    def start(self, state):
        board = e2e.Board(state)
        self.addCleanup(board.close)
        return board

    def test_load_typed_in_time_brings_the_loader_and_the_slots_are_listed(self):
        board = self.start(e2e.copy('blank', self.id()))
        board.wait_text('Type `load`')
        board.loader_waits()
        self.assertIn('SLOT_ACTIVE_1: empty\r\n\t  SLOT_DWL_1: empty', board.since(0))
        board.sb('old.sfb')
        board.wait_text('TINY old runs', fail=['CRITICAL FAILURE'])
        mark = len(board.text)
        self.assertIn('SLOT_DWL_1: %d bytes, version 1.0.0' % len(self.images['old']), board.since(0))
        board.control('reset')
        board.wait_text('Type `load`')
        board.send('lload')
        board.loader_waits()
        text = board.since(mark)
        self.assertIn('SLOT_ACTIVE_1: %d bytes, version 1.0.0' % len(self.images['old']), text)
        self.assertIn('Download requested on the console.', text)
        board.sb('new.sfb')
        board.wait_text('TINY new runs', fail=['CRITICAL FAILURE'])
        self.assertIn('SLOT_DWL_1: %d bytes, version 1.2.3' % len(self.images['new']), board.since(mark))

        # Anything else, and the application starts after a second.
        for typed in ('laod', 'loa', 'LOAD', '\r\n', ''):
            mark = len(board.text)
            board.control('reset')
            board.wait_text('Type `load`')
            board.send(typed)
            board.wait_text('TINY new runs', fail=['DOWNLOAD NEW USER'])
            self.assertNotIn('requested', board.since(mark))
        # The button does, without a wait.
        mark = len(board.text)
        board.control('button press')
        board.control('reset')
        board.loader_waits()
        self.assertIn('Download requested with the user button.', board.since(mark))
        self.assertNotIn('Type `load`', board.since(mark))


e2e.main()
