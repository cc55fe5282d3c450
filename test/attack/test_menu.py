#!/usr/bin/python3
"""The menu "Test Protections" of the manual (8.5.2) on nucleo-l476rg-secure: each choice has the effect that the manual states, and the
board goes on afterwards. Also what comes before: a blank chip gets its option bytes at the first start."""
import os
import sys

sys.path.insert(0, os.environ['PC_SOURCE'] + '/test/e2e')
import e2e  # noqa: E402
from e2e import sim  # noqa: E402

BOARD = 'nucleo-l476rg-secure'
FIRMWARE = f'{e2e.ARM}/{BOARD}'
TOOL = e2e.BUILD + '/portcullis'


class Menu(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name, version in (('a', '1.0.0'), ('b', '1.1.0')):
            e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version,
                   f'{FIRMWARE}/userapp-{name}.elf', '-o', f'{name}.sfb')
        sim.run('--state', 'installed', '--load', FIRMWARE + '/boot.elf', '--no-run', '--quiet').check_returncode()
        board = cls.start('installed')
        try:
            board.wait_text('Static protections are applied; the board restarts with them.')
            board.wait_text('YMODEM> Send ..')
            board.wait_text('C')
            board.sb('a.sfb')
            board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
            board.wait_text('Selection :')
            board.stop()
        finally:
            board.close()

    @staticmethod
    def start(state):
        return sim.Sim('--symbols', FIRMWARE + '/boot.elf', state=state)

    def setUp(self):
        self.board = self.start(e2e.copy('installed', self.id()))
        self.addCleanup(self.board.close)
        self.board.wait_text('Selection :')

    def choose(self, key):
        self.board.ask('2', 'Selection :')
        self.board.send(key)

    def rebooted_by(self, cause):
        self.board.wait_text(f'A Reboot has been triggered by a {cause} reset!', fail=['NOT PROTECTED'])

    def works_again(self):
        self.board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        self.board.wait_text('Selection :')

    def test_a_corrupt_image_fails_the_signature_check_of_the_next_boot(self):
        self.choose('1')
        self.rebooted_by('Software')
        self.board.wait_text('STATE: HANDLE CRITICAL FAILURE', fail=['User App'])
        self.board.wait_text('Firmware signature check error')
        self.board.wait_text('Waiting for the local download to start')

    def test_reading_the_engines_code_resets(self):
        self.choose('2')
        self.rebooted_by('Firewall')
        self.works_again()

    def test_reading_the_engines_ram_resets(self):
        self.choose('3')
        self.rebooted_by('Firewall')
        self.works_again()

    def test_the_key_area_can_neither_be_erased_nor_read(self):
        self.choose('4')
        self.board.wait_text('Refused by the flash controller: write protection error (WRPERR)')
        self.rebooted_by('Firewall')
        self.works_again()

    def test_the_boot_loader_cannot_be_erased(self):
        self.choose('5')
        self.board.wait_text('Refused by the flash controller: write protection error (WRPERR)', fail=['NOT PROTECTED'])
        self.board.ask('x', 'Selection :')

    def test_a_deadlock_ends_by_the_watchdog(self):
        self.choose('6')
        self.rebooted_by('Watchdog')
        self.works_again()

    def test_tampering_resets_and_is_reported(self):
        self.board.control('pin PA0 1')
        self.choose('7')
        self.board.wait_text('connect PA0')
        self.board.control('pin PA0 0')
        self.board.wait_text('Last execution status before Reboot was:')
        self.board.wait_text('Tampering fault')
        self.works_again()

    def test_an_update_installs_with_everything_on(self):
        self.board.send('1')
        self.board.wait_text('YMODEM> Send ....')
        self.board.wait_text('C')
        self.board.sb('b.sfb')
        self.board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        self.board.wait_text('Version 1.1.0')


if __name__ == '__main__':
    e2e.main()
