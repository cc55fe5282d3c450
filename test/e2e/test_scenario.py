#!/usr/bin/python3
"""Chapter 8 of the X-CUBE-SBSFU manual, played with the real `sb`: a blank board gets UserApp A through the boot
loader and UserApp B through A. The transcript has the manual's states in the manual's order."""
import os
import subprocess

import e2e

TOOL = e2e.BUILD + '/portcullis'
WAITS = ['CHECK STATUS ON RESET', 'CHECK NEW FIRMWARE TO DOWNLOAD', 'CHECK USER FW STATUS',
         'DOWNLOAD NEW USER FIRMWARE']
INSTALLS = ['CHECK STATUS ON RESET', 'CHECK NEW FIRMWARE TO DOWNLOAD', 'CHECK USER FW STATUS',
            'INSTALL NEW USER FIRMWARE', 'REBOOT STATE MACHINE']
RUNS = ['CHECK STATUS ON RESET', 'CHECK NEW FIRMWARE TO DOWNLOAD', 'CHECK USER FW STATUS', 'VERIFY USER FW SIGNATURE',
        'EXECUTE USER FIRMWARE']


class Scenario(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name, version in (('a', '1.0.0'), ('b', '1.1.0')):
            e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', e2e.BOARD, '--version', version,
                   f'{e2e.FIRMWARE}/userapp-{name}.elf', '-o', f'{name}.sfb')
        cls.running_a = e2e.with_application('running-a', 'a.sfb')

    def board(self, state, *args, **options):
        board = e2e.Board(e2e.copy(state, self.id()), *args, **options)
        self.addCleanup(board.close)
        return board

    def test_from_a_blank_board_to_user_app_b(self):
        board = e2e.Board(e2e.blank('blank'))
        self.addCleanup(board.close)
        board.loader_waits()
        self.assertEqual(board.states(), WAITS)
        text = board.since(0)
        for words in ('System Security Check successfully passed. Starting...',
                      'SECURE ENGINE INITIALIZATION SUCCESSFUL',
                      'A Reboot has been triggered by a Power-on reset!',
                      'No valid FW found in the active slots nor new FW to be installed',
                      'Waiting for the local download to start...', 'File> Transfer> YMODEM> Send ..'):
            self.assertIn(words, text)

        mark = len(board.text)
        board.sb('a.sfb')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        board.menu()
        self.assertEqual(board.states(mark), ['REBOOT STATE MACHINE'] + INSTALLS + RUNS)
        text = board.since(mark)
        self.assertEqual(text.count('End of Execution'), 2)
        self.assertEqual(text.count('A Reboot has been triggered by a Software reset!'), 2)
        self.assertIn('New FW to be installed from slot SLOT_DWL_1', text)
        self.assertIn('A FW is detected in the slot SLOT_ACTIVE_1', text)
        self.assertIn('Version 1.0.0', text)
        self.assertNotIn('Last execution status', text)

        mark = len(board.text)
        board.app_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        board.menu()
        self.assertEqual(board.states(mark), INSTALLS + RUNS)
        self.assertIn('Version 1.1.0', board.since(mark))

        # B goes on running: after a reset, and after the power was away.
        mark = len(board.text)
        board.control('reset')
        board.menu()
        self.assertEqual(board.states(mark), RUNS)
        self.assertIn('A Reboot has been triggered by a Hardware reset!', board.since(mark))
        mark = len(board.text)
        board.control('power off')
        board.control('power on')
        board.menu()
        self.assertEqual(board.states(mark), RUNS)
        self.assertIn('User App #B', board.since(mark))

    def test_the_menu_tells_version_and_size_and_what_comes_later(self):
        board = self.board(self.running_a)
        board.menu()
        size = len(e2e.clear_image('userapp-a'))
        tag = e2e.hashlib.sha256(e2e.clear_image('userapp-a')).hexdigest()
        board.send('3')
        text = board.wait_text('Selection :').decode()
        self.assertIn('Firmware Current Version : 1.0.0\r\n', text)
        self.assertIn(f'Firmware Current Size    : {size} bytes\r\n', text)
        self.assertIn(tag, text)
        for key, words in (('2', 'not in this build'), ('a', 'not in this build'), ('7', 'Invalid selection')):
            board.send(key)
            self.assertIn(words, board.wait_text('Selection :').decode())
        board.send('5')
        board.wait_text('Return: ')
        board.send('1\r')
        self.assertIn('image states', board.wait_text('Selection :').decode())

    def test_multiple_download_installs_when_triggered(self):
        board = self.board(self.running_a)
        board.menu()
        board.send('4')
        board.menu()
        board.send('1')
        board.wait_text('YMODEM> Send ....')
        board.wait_text('C')
        board.sb('b.sfb')
        board.wait_text('Completed Successfully')
        board.menu()
        mark = len(board.text)
        board.send('4')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        board.menu()
        self.assertEqual(board.states(mark), INSTALLS + RUNS)

    def test_the_user_button_held_at_reset_forces_a_download(self):
        board = self.board(self.running_a)
        board.menu()
        mark = len(board.text)
        board.control('button press')
        board.control('reset')
        board.loader_waits()
        board.control('button release')
        self.assertEqual(board.states(mark), [s for s in WAITS if s != 'CHECK USER FW STATUS'])
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_128_byte_packets_and_a_pseudo_terminal(self):
        """sb as the manual's reader would start it: on the terminal's device file."""
        link = os.path.abspath('line')
        board = self.board(self.running_a, '--until', 'User App #B', '--until-fail', 'CRITICAL FAILURE',
                           uart='pty:' + link)
        # A terminal program sees the menu and makes the choice; then it hands the line to sb.
        with open(os.open(link, os.O_RDWR | os.O_NOCTTY), 'r+b', buffering=0) as line:
            e2e.sim.tty.setraw(line, e2e.sim.termios.TCSANOW)
            seen = b''
            while b'Selection :' not in seen:
                seen += line.read(4096)
            line.write(b'1')
            while not seen.endswith(b'C'):
                seen += line.read(4096)
            done = subprocess.run(['sb', 'b.sfb'], stdin=line, stdout=line, stderr=subprocess.PIPE, timeout=60,
                                  check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(board.wait(), 0, board.log())


e2e.main()
