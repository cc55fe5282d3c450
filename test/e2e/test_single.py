#!/usr/bin/python3
"""NUCLEO-L476RG with a single slot: an application larger than half of the flash comes in through the boot loader; what breaks off leaves a device that
waits for the next transfer."""
import random

import e2e
import sim

TOOL = e2e.BUILD + '/portcullis'
BOARD = 'nucleo-l476rg-single'
FIRMWARE = f'{e2e.ARM}/{BOARD}'
LARGE = 0x7C000  # what no two slots could hold; the whole slot's 960 KiB take their time on the simulated line


def pack(name, size, version):
    e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{FIRMWARE}/tiny-full.elf', 'tiny.bin')
    with open('tiny.bin', 'rb') as f:
        head = f.read()
    e2e.write(name + '.img', head + random.Random(name).randbytes(size - len(head)))
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version,
           f'{name}.img@0x08010000', '-o', f'{name}.sfb')


class Single(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pack('full', LARGE, '1.0.0')
        pack('small', 0x8000, '1.1.0')
        sim.run('--state', 'blank', '--load', FIRMWARE + '/boot.elf', '--no-run', '--quiet').check_returncode()

    def board(self):
        board = sim.Sim('--board', 'nucleo-l476rg', '--symbols', FIRMWARE + '/boot.elf', state=e2e.copy('blank', self.id()), timeout=120)
        self.addCleanup(board.close)
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        return board

    def test_an_application_larger_than_any_dual_slot(self):
        board = self.board()
        board.sb('full.sfb')
        board.wait_text('TINY full runs, engine answers', fail=['CRITICAL FAILURE'])

    def test_a_transfer_that_breaks_off_leaves_a_device_that_waits(self):
        board = self.board()
        board.sb('small.sfb')
        board.wait_text('TINY full runs, engine answers', fail=['CRITICAL FAILURE'])
        board.control('button press')
        board.control('reset')
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        board.control('button release')
        with open('small.sfb', 'rb') as f:
            content = f.read()
        sender = e2e.Sender(board)
        sender.begin(len(content))
        sender.data(content[:8192])
        board.control('power-cycle')
        board.wait_text('An installation was interrupted: the firmware has to be sent again.', fail=['TINY'])
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        board.sb('small.sfb')
        board.wait_text('TINY full runs, engine answers', fail=['CRITICAL FAILURE'])


if __name__ == '__main__':
    e2e.main()
