#!/usr/bin/python3
"""Attacks of a hostile application (attacker.c) on a board with all protections: each ends as the manual says, and no byte of a key ever
leaves the device."""
import struct

import attacker
from attacker import ACTIVE, ERR_PARAM, ERR_SIGNATURE, ERR_STATE, HEADER, OK, WRPERR, device, e2e, sim

RAM, MAILBOX, LOOT = 0x20000000, 0x20012000, 0x20012100

class Development(attacker.Board):
    """All of them: static protections are applied by the boot loader, interrupts are served while the engine works."""

    # ---- reading ----
    def test_reading_keys_ram_and_data_of_the_engine_resets(self):
        for letter in 'abcA':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_first_and_last_word_of_each_segment_are_closed(self):
        """And what lies in front of the segments and behind them is not."""
        start, end = (attacker.symbol(self.board_name, 'link_engine_' + x) for x in ('start', 'end'))
        for first, after, in_front in ((start, end, True), (HEADER, ACTIVE, False), (RAM, RAM + 0xB00, False)):
            for address in (first, after - 4):
                with self.subTest(hex(address)):
                    self.board.write(MAILBOX, struct.pack('<I', address))
                    self.ends_by('M', 'Firewall')
            for address in (after, first - 4) if in_front else (after,):
                self.board.write(MAILBOX, struct.pack('<I', address))
                self.attack('M')
        self.outside_read = True  # of these words, which are no secrets

    def test_option_bytes_are_out_of_reach_in_both_banks(self):
        for address in (0x1FFF7800, 0x1FFF7FFC, 0x1FFFF800, 0x1FFFFFFC):
            with self.subTest(hex(address)):
                self.board.write(MAILBOX, struct.pack('<I', address))
                self.ends_by('M', 'Software')

    def test_option_bytes_are_those_of_the_table(self):
        first, last = (attacker.symbol(self.board_name, 'link_keys_' + x) - 0x08000000 for x in ('start', 'end'))
        words = struct.unpack('<18I', self.board.read(0x1FFF7800, 40)[:40] + self.board.read(0x1FFFF808, 32))
        optr, pcrop_start, pcrop_end, wrp_a, wrp_b, *bank_2 = words[::2]
        self.assertEqual((optr & 0xFF, optr >> 16 & 1, optr >> 20 & 1, optr >> 23 & 1, optr >> 25 & 1), (0xBB, 0, 0, 1, 0))
        self.assertEqual((pcrop_start & 0xFFFF, pcrop_end & 0x8000FFFF), (first // 8, 0x80000000 | last // 8 - 1))
        self.assertEqual((wrp_a & 0xFF00FF, wrp_b & 0xFF00FF), (15 << 16, 0xFF))
        self.assertEqual([w & 0xFFFF for w in bank_2[:2]], [0xFFFF, 0])
        self.assertEqual([w & 0xFF00FF for w in bank_2[2:]], [0xFF, 0xFF])

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

    def test_the_engine_works_on_no_stack_that_others_see(self):
        self.assertEqual(self.values('touched', self.attack('O')), ['00000000'])
        self.still_works()
        self.assertEqual(b''.join(self.board.read(0x10000000 + at, 1024) for at in range(0, 0x800, 1024)), bytes(0x800))

    def test_boot_services_are_locked(self):
        self.assertEqual(set(self.values('status', self.attack('h'))), {ERR_STATE})
        self.still_works()

    def test_unprivileged_callers_are_refused(self):
        self.board.send('x')
        self.board.wait_text(f'status {ERR_STATE}')

    def test_a_fault_or_a_tick_at_the_gate_uses_neither_the_vectors_nor_the_stack_of_the_caller(self):
        """The vector table is said to lie in a header in the engine's RAM, every word of which is the function that writes the key out."""
        key_function = attacker.symbol(self.board_name, 'link_keys_start') | 1
        self.board.write(MAILBOX, struct.pack('<II', 0, key_function))
        self.attack('G')
        ram = b''.join(self.board.read(RAM + at, 256) for at in range(0, 0xB00, 256))
        header = ram.index(struct.pack('<I', key_function) * 80)
        table = (RAM + header + 127) // 128 * 128
        for letter, cause in (('H', 'Watchdog'), ('I', 'Software'), ('J', 'Firewall'), ('K', 'Software'), ('L', 'Software')):
            with self.subTest(letter):
                self.attack('G')
                self.board.write(MAILBOX, struct.pack('<II', table, key_function))
                self.board.write(LOOT, bytes(16))
                self.ends_by(letter, cause)
                self.assertEqual(self.board.read(LOOT, 16), bytes(16))
        self.still_works()

    def test_nothing_is_left_in_the_registers(self):
        self.assertEqual(self.values('left', self.attack('N')), ['00000000'])

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
        said = self.attack('z')
        self.assertEqual((self.values('pins', said), self.values('trace', said)), (['0000003f'], ['0000000f']))

    def test_no_key_remains_in_ram_when_the_application_starts(self):
        ram = b''.join(self.board.read(0x20000000 + at, 1024) for at in range(0, 0x18000, 1024))
        ram2 = b''.join(self.board.read(0x10000000 + at, 1024) for at in range(0, 0x8000, 1024))
        for memory in (ram, ram2):
            for piece in self.pieces():
                self.assertNotIn(piece, memory)
        self.assertEqual(ram2[:0x800], bytes(0x800), 'the memory for secrets is not wiped')
        self.assertEqual(ram[0xC00:0x1800], bytes(0xC00), 'the boot loader\'s RAM is not wiped')

    def test_option_bytes_taken_away_stop_the_device_until_power_on_then_they_are_back(self):
        self.board.send('o')
        self.board.wait_text('System Security Check failed', fail=['ATTACKER runs'])
        self.board.control('power off')
        self.board.control('power on')
        self.board.wait_text('Static protections are applied', fail=['ATTACKER runs'])
        self.board.wait_text('ATTACKER runs')


class Production(attacker.Board):
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

    def test_one_option_bit_that_differs_stops_the_device(self):
        with open('new/options.bin', 'rb') as f:
            good = f.read()
        optr, pcrop_start, pcrop_end, wrp_a, wrp_b, pcrop_2_start, pcrop_2_end, wrp_2_a, wrp_2_b = range(9)
        for word, bits in ((optr, 0xBB ^ 0xAA), (optr, 1 << 16), (optr, 1 << 20), (optr, 1 << 23), (optr, 1 << 25), (pcrop_start, 1), (pcrop_end, 1),
                           (pcrop_end, 1 << 31), (wrp_a, 1), (wrp_a, 1 << 16), (wrp_b, 0xFF), (pcrop_2_start, 0xFFFF), (pcrop_2_end, 1),
                           (wrp_2_a, 0xFF), (wrp_2_b, 0xFF)):
            with self.subTest(f'{word} {bits:#x}'):
                state = e2e.copy('new', f'{word} {bits:#x}')
                value = struct.unpack_from('<I', good, 8 * word)[0] ^ bits
                e2e.write(state + '/options.bin', good[:8 * word] + struct.pack('<II', value, value ^ 0xFFFFFFFF) + good[8 * word + 8:])
                ran = sim.run('--state', state, '--uart', 'none', '--transcript', 'said', '--until', 'Nothing will be started', '--max-seconds', '1')
                with open('said', encoding='ascii', errors='replace') as f:
                    said = f.read()
                self.assertEqual((ran.returncode, 'STATE' in said), (0, False), said)

    def test_a_device_that_was_never_protected_starts_nothing(self):
        device(self.board_name, 'bare')
        board = sim.Sim(state='bare')
        self.addCleanup(board.close)
        board.wait_text('Nothing will be started', fail=['ATTACKER runs', 'STATE'])


if __name__ == '__main__':
    e2e.main()
