#!/usr/bin/python3
"""32L496GDISCOVERY: an image of 300 KiB of program and 4 MiB of assets in the serial flash is signed, installed, patched and
verified as one; a patch of one line installs without touching the sectors that do not change."""
import os
import random
import struct

import e2e
import sim

TOOL = e2e.BUILD + '/portcullis'
BOARD = '32l496gdiscovery'
FIRMWARE = f'{e2e.ARM}/{BOARD}'
ACTIVE, ACTIVE_2, DOWNLOAD, DOWNLOAD_2, OFFSET = 0x08010000, 0x90000000, 0x08088000, 0x90400000, 0x77000
SECTOR, ASSETS = 0x1000, 4 << 20


def tool(*args):
    return e2e.sh(TOOL, *args)


def assets(edition):
    """Pictures, as random as their compression leaves them, and flat ones."""
    r = random.Random(4)
    flat = b''.join(bytes([r.choice((0, 0, 255, 15))]) * r.randrange(8, 400) for _ in range(5000))
    head = f'Assets, edition {edition}\n'.encode().ljust(64)
    return (head + r.randbytes(ASSETS - len(head) - len(flat)) + flat)[:ASSETS]


def pack(name, program, version, data):
    args = ['image', 'pack', '--no-ledger', '--keys', e2e.KEYS, '--board', BOARD, '--version', version,
            f'{FIRMWARE}/tiny-assets-{program}.elf']
    if data is not None:
        e2e.write(f'{name}.assets', data)
        args.append(f'{name}.assets')
    tool(*args, '-o', f'{name}.sfb')


def file(name):
    with open(name, 'rb') as f:
        return f.read()


class Segments(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.assets = assets('one')
        pack('a', 'a', '1.0.0', cls.assets)
        pack('b', 'b', '1.1.0', cls.assets)
        tool('image', 'merge', '--boot', FIRMWARE + '/boot.elf', '--image', 'a.sfb', '--keys', e2e.KEYS, '--board', BOARD,
             '-o', 'factory.hex')
        sim.run('--board', BOARD, '--state', 'factory', '--load', 'factory.hex', '--no-run', '--quiet').check_returncode()

    def board(self, candidate=None, edit=None):
        """A board from the factory; `candidate`: a .sfb that its application has put into the download slot."""
        Segments.states = getattr(Segments, 'states', 0) + 1
        state = e2e.copy('factory', f'{self.id()}-{Segments.states}')
        load = []
        if candidate is not None:
            sfb = candidate if isinstance(candidate, bytes) else file(candidate)
            body = sfb[512:]
            e2e.write('in.bin', (sfb[:320] + e2e.INSTALL).ljust(SECTOR, b'\xff') + body[:OFFSET])
            e2e.write('out.bin', body[OFFSET:])
            load = ['--load', f'in.bin@{DOWNLOAD:#x}'] + (['--load', f'out.bin@{DOWNLOAD_2:#x}'] if body[OFFSET:] else [])
        if edit is not None:
            name, at, new = edit
            data = bytearray(file(f'{state}/{name}'))
            data[at:at + len(new)] = new
            e2e.write(f'{state}/{name}', bytes(data))
        if load:
            sim.run('--board', BOARD, '--state', state, *load, '--no-run', '--quiet').check_returncode()

        class OnBoard(e2e.Board):
            def __init__(self):
                self.state = state
                sim.Sim.__init__(self, '--board', BOARD, '--symbols', FIRMWARE + '/boot.elf', state=state)
        board = OnBoard()
        self.addCleanup(board.close)
        return board

    def outside(self, board):
        """Sectors outside that were erased: of the active slot, and of the download slot."""
        erased = [int(a, 0) for a, n in board.stats()['outside_erases'].items() for _ in range(n)]
        return sum(a < DOWNLOAD_2 for a in erased), sum(a >= DOWNLOAD_2 for a in erased)

    def test_the_program_finds_its_assets_where_they_are_mapped(self):
        board = self.board()
        board.wait_text('sum ', fail=['CRITICAL', 'FAULT'])
        board.wait_text('\r\n')
        total = sum(struct.unpack('<%dI' % (ASSETS // 4), self.assets)[::256]) & 0xFFFFFFFF
        self.assertIn(f'assets: Assets, edition one                                       '[:68].rstrip(), board.since(0))
        self.assertIn(f'sum {total:08x}', board.since(0))
        board.send('f')  # the flash driver takes the flash out of the map, and puts it back
        board.wait_text('flash done', fail=['FAULT'])
        board.wait_text(f'sum {total:08x}', fail=['FAULT'])

    def test_a_whole_image_installs_without_rewriting_what_is_the_same(self):
        board = self.board('b.sfb')
        board.wait_text('ASSETS assets-b runs', fail=['CRITICAL'])
        board.wait_text('sum ')
        self.assertEqual(self.outside(board), (0, 0))
        board.control('power-cycle')
        board.wait_text('version 01010000')

    def test_a_patch_of_one_line_changes_only_what_it_must(self):
        tool('image', 'patch', '--keys', e2e.KEYS, '--effort', '1', 'a.sfb', 'b.sfb', '-o', 'ab.sfbp')
        self.assertLess(os.path.getsize('ab.sfbp'), 1500)
        board = self.board()
        board.wait_text('Type `load` within a second')
        board.send('load\r')
        board.wait_text('Send ..')
        board.sb('ab.sfbp')
        board.wait_text('ASSETS assets-b runs, with one line more', fail=['CRITICAL'])
        board.wait_text('sum ')
        self.assertEqual(self.outside(board), (0, 0))

    def test_an_install_that_is_cut_goes_on(self):
        board = self.board('b.sfb')
        for nth in (100, 5000, 15000):
            board.control(f'cut after {nth} flash operations torn {nth}')
            board.control('wait off')
            board.control('power on')
        board.wait_text('ASSETS assets-b runs', fail=['CRITICAL'])
        board.wait_text('version 01010000')
        self.assertEqual(board.since(0).count('An installation was interrupted'), 3)
        self.assertEqual(self.outside(board), (0, 0))

    def test_a_second_segment_that_begins_elsewhere_is_refused(self):
        for external in (OFFSET - SECTOR, OFFSET + 16, 0):
            board = self.board(e2e.sfb(bytes(OFFSET + 2 * SECTOR), e2e.version(1, 2), product=0x4C343936, external=external))
            board.wait_text('ASSETS assets-a runs', fail=['New FW to be installed'])
            board.close()

    def test_altered_bytes_of_either_part_are_refused(self):
        for edit in (('nor.bin', 100, b'X'), ('nor.bin', ASSETS - 1, b'X'), ('flash.bin', 0x20000, b'Z')):
            board = self.board(edit=edit)
            board.wait_text('Waiting for the local download', fail=['runs'])
            board.close()


if __name__ == '__main__':
    e2e.main()
