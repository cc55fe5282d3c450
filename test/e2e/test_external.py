#!/usr/bin/python3
"""B-L475E-IOT01A: the download slot lies in the serial flash outside the chip. Updates come through the boot loader and through
the application; nothing in clear ever stands outside; and what somebody puts there meanwhile is worth nothing."""
import e2e
import sim

TOOL = e2e.BUILD + '/portcullis'
BOARD = 'b-l475e-iot01a'
FIRMWARE = f'{e2e.ARM}/{BOARD}'
DOWNLOAD, ACTIVE = 0x90000000, 0x08010000


def pack(name, version):
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version,
           f'{FIRMWARE}/userapp-{name[0]}.elf', '-o', f'{name}.sfb')
    e2e.sh(TOOL, 'image', 'decrypt', '--keys', e2e.KEYS, f'{name}.sfb', '-o', f'{name}.bin')


class External(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name, version in (('a', '1.1.0'), ('b', '1.2.0'), ('a-old', '1.0.0')):
            pack(name, version)
        sim.run('--board', BOARD, '--state', 'blank', '--load', FIRMWARE + '/boot.elf', '--no-run',
                '--quiet').check_returncode()
        with cls.start('blank') as board:
            board.loader_waits()
            board.sb('a.sfb')
            board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
            board.menu()
            cls.text = board.since(0)
            board.stop()

    @staticmethod
    def start(state, *args):
        class OnBoard(e2e.Board):
            def __init__(self):
                self.state = state
                sim.Sim.__init__(self, '--board', BOARD, '--symbols', FIRMWARE + '/boot.elf', *args, state=state)
        return OnBoard()

    def board(self, *args):
        board = self.start(e2e.copy('blank', self.id()), *args)
        self.addCleanup(board.close)
        return board

    def outside(self, board):
        board.stop()
        with open(board.state + '/nor.bin', 'rb') as f:
            return f.read()

    def assert_nothing_in_clear(self, nor):
        for name in ('a', 'b'):
            with open(f'{name}.bin', 'rb') as f:
                clear = f.read()
            blocks = {clear[at:at + 16] for at in range(0, len(clear) - 16, 16)}
            found = [at for at in range(0, len(nor), 16) if nor[at:at + 16] in blocks and len(set(nor[at:at + 16])) > 2]
            self.assertEqual(found, [], f'{name} stands outside in clear')

    def test_the_application_brings_the_next_one_in(self):
        self.assertIn('New FW to be installed from slot SLOT_DWL_1', self.text)
        board = self.board()
        board.menu()
        board.app_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE', 'refused'])
        board.menu()
        board.control('power-cycle')
        board.menu()
        self.assertIn('Version 1.2.0', board.since(0))
        for problem in ('MX25R6435F', 'QUADSPI'):
            self.assertNotIn(problem, board._show())
        nor = self.outside(board)
        with open('b.sfb', 'rb') as f:
            cipher = f.read()[512:]
        self.assertEqual(nor[0x1000:0x1000 + len(cipher)], cipher)  # it did come through there,
        self.assertEqual(nor[:0x1000], b'\xff' * 0x1000)  # and is no candidate any more
        self.assert_nothing_in_clear(nor)

    def candidate(self, board, name):
        """As somebody with a clip on the flash's pins."""
        with open(f'{name}.sfb', 'rb') as f:
            sfb = f.read()
        board.write(DOWNLOAD, sfb[:320] + e2e.INSTALL)
        board.write(DOWNLOAD + 0x1000, sfb[512:])

    def test_an_older_image_put_outside_is_refused(self):
        board = self.board()
        board.menu()
        self.candidate(board, 'a-old')
        mark = len(board.text)
        board.control('reset')
        board.wait_text('Firmware version rejected (anti-rollback)')
        board.menu()
        self.assertIn('Version 1.1.0', board.since(mark))

    def test_an_image_exchanged_between_check_and_install_does_not_run(self):
        board = self.board()
        board.menu()
        self.candidate(board, 'b')
        board.control('reset')
        board.wait_text('Image verified; installing.')
        with open('b.sfb', 'rb') as f:
            body = f.read()[512:]
        board.write(DOWNLOAD + 0x1000, bytes(byte ^ 1 for byte in body[:64]) + body[64:])
        mark = len(board.text)
        board.wait_text('Waiting for the local download', fail=['User App'])
        self.assertIn('Firmware signature check error', board.since(mark))
        board.loader_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])


    def test_a_reset_or_a_torn_operation_during_the_download_costs_the_download_only(self):
        board = self.board()
        board.menu()
        with open('b.sfb', 'rb') as f:
            content = f.read()
        for what in ('reset', 'cut after 2 flash operations torn 3', 'cut after 4 flash operations torn 8'):
            if what != 'reset':
                board.control(what)
            board.app_waits()
            sender = e2e.Sender(board)
            sender.begin(len(content))
            board.send(e2e.packet(1, content[:1024]))  # header and 512 bytes: two sectors, two programs
            if what == 'reset':
                board.control('reset')  # the flash goes on with it while the boot loader starts
            else:
                board.control('wait off')
                board.control('power on')
            mark = len(board.text)
            board.menu()
            self.assertNotIn('External Flash', board.since(mark))
            self.assertNotIn('New FW to be installed', board.since(mark))
        board.app_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE', 'refused'])

    def test_a_sleeping_flash_is_woken(self):
        board = self.board()
        board.menu()
        self.candidate(board, 'b')
        board.write(0xA0001014, (0x1B9).to_bytes(4, 'little'))  # deep power-down, as an application may leave it
        board.control('reset')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE', 'External Flash'])

    def test_a_flash_that_does_not_answer_is_told_and_stops_nobody(self):
        state = e2e.copy('blank', self.id())
        e2e.write(state + '/nor-registers.bin', b'\x01\0\0')  # busy for ever
        board = self.start(state)
        self.addCleanup(board.close)
        board.menu()
        self.assertIn('External Flash configuration error', board.since(0))
        self.assertIn('Version 1.1.0', board.since(0))


if __name__ == '__main__':
    e2e.main()
