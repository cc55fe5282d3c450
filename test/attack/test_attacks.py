#!/usr/bin/python3
"""Attacks of a hostile application (attacker.c) on a board with all protections: each ends as the manual says, and no byte of a key ever
leaves the device."""
import os
import re
import struct
import sys

sys.path.insert(0, os.environ['PC_SOURCE'] + '/test/e2e')
import e2e  # noqa: E402
from e2e import sim  # noqa: E402

TOOL = e2e.BUILD + '/portcullis'
HEADER, ACTIVE = 0x08080000, 0x08088000
ERR_PARAM, ERR_STATE, ERR_SIGNATURE, OK = 'e1e10f01', 'e1e1f004', 'e1e10f04', '5ac33ca5'
WRPERR = 0x10


def firmware(board):
    return f'{e2e.ARM}/{board}'


def device(board, state, setup=None):
    """A board as it leaves the factory with the attacker installed. `setup`: the board whose boot loader sets the option bytes."""
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', board, '--version', '3.2.1',
           f'{firmware(board)}/tiny-attacker.elf', '-o', 'attacker.sfb')
    e2e.sh(TOOL, 'image', 'decrypt', '--keys', e2e.KEYS, 'attacker.sfb', '-o', 'attacker.bin')
    with open('attacker.sfb', 'rb') as f:
        e2e.write('attacker.head', f.read(320))
    if setup:
        sim.run('--state', state, '--load', f'{firmware(setup)}/boot.elf', '--uart', 'none', '--until', 'successfully passed',
                '--max-seconds', '5', '--quiet').check_returncode()
    sim.run('--state', state, '--load', f'{firmware(board)}/boot.elf', '--load', f'attacker.head@{HEADER:#x}',
            '--load', f'attacker.bin@{ACTIVE:#x}', '--no-run', '--quiet').check_returncode()
    return state


def secrets(board):
    """What must never be seen: pieces of the AES key, and of the code that it is made of."""
    with open(e2e.KEYS + '/encryption_key.bin', 'rb') as f:
        key = f.read()
    listing = e2e.sh('arm-none-eabi-nm', f'{firmware(board)}/boot.elf').decode()
    start, end = (int(re.search(rf'^(\w+) . link_keys_{x}$', listing, re.M).group(1), 16) for x in ('start', 'end'))
    with open(f'{firmware(board)}/boot.bin', 'rb') as f:
        code = f.read()[start - 0x08000000:end - 0x08000000]
    return key, code


class Board(e2e.unittest.TestCase):
    board_name, setup = 'test-l476-secure', None

    @classmethod
    def setUpClass(cls):
        cls.key, cls.key_code = secrets(cls.board_name)
        device(cls.board_name, 'new', cls.setup)
        board = sim.Sim(state='new')
        board.wait_text('ATTACKER runs')  # the option bytes are set now
        board.stop()
        board.close()

    def setUp(self):
        self.board = sim.Sim('--stay', '--symbols', firmware(self.board_name) + '/boot.elf', state=e2e.copy('new', self.id()))
        self.addCleanup(self.board.close)
        self.addCleanup(self.nothing_leaked)
        self.board.wait_text('ATTACKER runs')

    def nothing_leaked(self):
        said = bytes(self.board.text)
        words = [said.lower(), bytes.fromhex(''.join(re.findall(r'[0-9a-f]{8}', said.decode('latin-1').lower())))]
        little = struct.pack(f'<{len(words[1]) // 4}I', *struct.unpack(f'>{len(words[1]) // 4}I', words[1]))
        for piece in [self.key[i:i + 4] for i in range(13)]:
            for stream in (said, words[1], little):
                self.assertNotIn(piece, stream, 'key bytes left the device')
            self.assertNotIn(piece.hex().encode(), words[0], 'key bytes left the device')
        for i in range(0, 32, 4):
            self.assertNotIn(self.key_code[i:i + 4], little, 'code of the keys left the device')
        self.assertNotIn(b'stolen', said)

    def attack(self, letter):
        """What the attacker said until it was over. None: it did not get there."""
        self.board.send(letter)
        return self.board.wait_text('over')

    def ends_by(self, letter, cause):
        self.board.send(letter)
        self.board.wait_text(f'A Reboot has been triggered by a {cause} reset!', fail=['over', 'survived', 'stolen', 'RAM runs'])
        self.board.wait_text('ATTACKER runs')

    def values(self, name, said):
        return re.findall(rf'{name} (\w{{8}})', said.decode() if isinstance(said, bytes) else said)

    def still_works(self):
        said = self.attack('C')
        self.assertEqual(self.values('status', said), [OK])
        self.assertEqual(self.values('version', said), ['03020001'])


class Development(Board):
    """All of them: static protections are applied by the boot loader, interrupts are served while the engine works."""

    # ---- reading ----
    def test_reading_keys_ram_and_data_of_the_engine_resets(self):
        for letter in 'abcA':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_copying_by_dma_resets(self):
        for letter in 'lm':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_taking_the_firewall_down_resets_or_does_nothing(self):
        for letter in 'tD':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_swapping_the_banks_does_not_open_another_way(self):
        for letter in 'rs':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    # ---- entering ----
    def test_jumping_in_past_the_gate_resets(self):
        for letter in 'def':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_a_return_address_inside_resets(self):
        self.ends_by('j', 'Firewall')
        self.ends_by('k', 'Software')  # no way back from an exception that never was

    def test_pointers_into_the_engine_and_wrapping_ones_are_refused_and_faults_inside_end_the_request_only(self):
        said = self.attack('g')
        self.assertEqual(set(self.values('status', said)), {ERR_PARAM})
        self.assertEqual(set(self.values('nowhere', said)), {ERR_PARAM})
        self.still_works()

    def test_a_stack_inside_the_engine_is_not_used(self):
        self.assertEqual(self.values('status', self.attack('i')), [OK])
        self.still_works()

    def test_boot_services_are_locked(self):
        self.assertEqual(set(self.values('status', self.attack('h'))), {ERR_STATE})
        self.still_works()

    def test_unprivileged_callers_are_refused(self):
        self.board.send('x')
        self.board.wait_text(f'status {ERR_STATE}')

    # ---- interrupts ----
    def test_interrupts_are_served_while_the_engine_works_and_it_ends_right(self):
        for _ in range(2):
            said = self.attack('u')
            self.assertEqual(self.values('status', said), [ERR_SIGNATURE])
            self.assertGreater(int(self.values('ticks', said)[0], 16), 1000)
            self.assertLess(int(self.values('latest', said)[0], 16), 400)
        self.still_works()

    def test_a_vector_table_inside_the_engine_is_read_outside_only(self):
        self.ends_by('v', 'Firewall')

    def test_coming_back_from_an_interrupt_that_never_left_is_refused(self):
        self.assertEqual(self.values('status', self.attack('w')), [ERR_STATE])
        self.still_works()

    # ---- executing ----
    def test_only_the_slot_and_the_engine_execute(self):
        for letter in 'yBE':  # RAM, the boot loader, reading option bytes
            with self.subTest(letter):
                self.ends_by(letter, 'Software')

    # ---- writing ----
    def test_the_boot_loader_can_neither_be_written_nor_erased(self):
        said = self.attack('n')
        results = self.values('write', said) + self.values('erase', said) + self.values('mass', said)
        self.assertEqual(len(results), 18)
        for result in results:
            self.assertTrue(int(result, 16) & WRPERR, result)
        self.board.control('reset')
        self.board.wait_text('ATTACKER runs')

    def test_a_regression_of_the_read_protection_takes_everything_with_it(self):
        self.board.send('p')
        self.board.wait_text('attack')
        self.board.control('wait lockup')  # an empty chip has nothing to start
        for base in (0x08000000, 0x08000200, HEADER, ACTIVE):
            self.assertEqual(self.board.read(base, 256), b'\xff' * 256)

    # ---- the rest ----
    def test_the_watchdog_cannot_be_stopped(self):
        self.ends_by('q', 'Watchdog')

    def test_the_debug_port_is_off(self):
        self.assertEqual(self.values('pins', self.attack('z')), ['0000003f'])

    def test_no_key_remains_in_ram_when_the_application_starts(self):
        ram = b''.join(self.board.read(0x20000000 + at, 1024) for at in range(0, 0x18000, 1024))
        ram2 = b''.join(self.board.read(0x10000000 + at, 1024) for at in range(0, 0x8000, 1024))
        for memory in (ram, ram2):
            for i in range(13):
                self.assertNotIn(self.key[i:i + 4], memory)
        self.assertEqual(ram2[:0x800], bytes(0x800), 'the memory for secrets is not wiped')

    def test_option_bytes_taken_away_stop_the_device_until_power_on_then_they_are_back(self):
        self.board.send('o')
        self.board.wait_text('System Security Check failed', fail=['ATTACKER runs'])
        self.board.control('power off')
        self.board.control('power on')
        self.board.wait_text('Static protections are applied', fail=['ATTACKER runs'])
        self.board.wait_text('ATTACKER runs')


class Production(Board):
    """What differs: static protections are only checked; interrupts are masked while the engine works."""
    board_name, setup = 'test-l476-production', 'test-l476-secure'

    def test_interrupts_are_served_while_the_engine_works_and_it_ends_right(self):
        said = self.attack('u')
        self.assertEqual(self.values('status', said), [ERR_SIGNATURE])
        self.assertLess(int(self.values('ticks', said)[0], 16), 10)
        self.still_works()

    def test_pointers_stacks_and_return_addresses_inside_lead_nowhere(self):
        said = self.attack('g')
        self.assertEqual(set(self.values('status', said) + self.values('nowhere', said)), {ERR_PARAM})
        self.assertEqual(self.values('status', self.attack('i')), [OK])
        self.assertEqual(self.values('status', self.attack('w')), [ERR_STATE])
        self.still_works()
        for letter in 'jdav':
            self.ends_by(letter, 'Firewall')

    def test_option_bytes_taken_away_stop_the_device_for_good(self):
        self.board.send('o')
        self.board.wait_text('Nothing will be started', fail=['ATTACKER runs'])
        self.board.control('power off')
        self.board.control('power on')
        self.board.wait_text('Nothing will be started', fail=['ATTACKER runs'])

    def test_a_device_that_was_never_protected_starts_nothing(self):
        device(self.board_name, 'bare')
        board = sim.Sim(state='bare')
        self.addCleanup(board.close)
        board.wait_text('Nothing will be started', fail=['ATTACKER runs', 'STATE'])


del Board
if __name__ == '__main__':
    e2e.main()
