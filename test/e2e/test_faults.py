#!/usr/bin/python3
"""Messages of table 6 that the processor causes: the boot loader meets a fault, and says which at the next boot."""
import struct

import e2e


class Faults(e2e.unittest.TestCase):
    def fault(self, board_name, code, message):
        """The loader waits; the function that fetches its next byte gets other code."""
        elf = f'{e2e.ARM}/{board_name}/boot.elf'
        symbols = e2e.sh('arm-none-eabi-nm', elf).decode().split('\n')
        line_get = int([s for s in symbols if s.endswith(' line_get')][0].split()[0], 16)
        state = self.id()
        e2e.sim.run('--state', state, '--load', elf, '--no-run', '--quiet').check_returncode()
        board = e2e.Board(state)
        self.addCleanup(board.close)
        board.loader_waits()
        at = line_get & ~7
        before = board.read(at, 16)
        mark = len(board.text)
        board.write(at, before[:line_get - at] + code + before[line_get - at + len(code):])
        board.wait_text('Last execution status before Reboot was: ' + message)
        self.assertIn('A Reboot has been triggered by a Software reset!', board.since(mark))
        board.write(at, before)  # and all is well again
        board.loader_waits()

    def test_hard_fault(self):
        self.fault(e2e.BOARD, struct.pack('<H', 0xDE00), 'Hard fault')  # undefined instruction

    def test_memory_fault(self):
        # mov.w r0, #0x40000000; adds r0, #1; bx r0: peripherals are no place for code
        code = struct.pack('<HHHH', 0xF04F, 0x4080, 0x3001, 0x4700)
        self.fault('nucleo-l476rg-secure', code, 'Memory fault')


e2e.main()
