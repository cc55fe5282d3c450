"""The hostile application (attacker.c): a board that has it, what it says, and that no key byte is among it."""
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


def symbol(board, name):
    return int(re.search(rf'^(\w+) . {name}$', e2e.sh('arm-none-eabi-nm', f'{firmware(board)}/boot.elf').decode(), re.M).group(1), 16)


def secrets(board, images=1):
    """What must never be seen: the AES keys, and the code that they are made of."""
    keys = []
    for image in range(1, images + 1):
        with open(e2e.KEYS + (f'-{image}' if image > 1 else '') + '/encryption_key.bin', 'rb') as f:
            keys.append(f.read())
    start, end = symbol(board, 'link_keys_start'), symbol(board, 'link_keys_end')
    with open(f'{firmware(board)}/boot.bin', 'rb') as f:
        code = f.read()[start - 0x08000000:end - 0x08000000]
    return keys, code


class Board(e2e.unittest.TestCase):
    """All of it on one board; a test file's classes are made of this one."""
    board_name, setup, images = 'test-l476-secure', None, 1
    outside_read = False  # a test has read what may be read

    @classmethod
    def setUpClass(cls):
        cls.keys, cls.key_code = secrets(cls.board_name, cls.images)
        cls.make('new')
        board = sim.Sim(state='new')
        board.wait_text('ATTACKER runs')  # the option bytes are set now
        board.stop()
        board.close()

    @classmethod
    def make(cls, state):
        device(cls.board_name, state, cls.setup)

    def setUp(self):
        self.board = sim.Sim('--stay', '--symbols', firmware(self.board_name) + '/boot.elf', state=e2e.copy('new', self.id()))
        self.addCleanup(self.board.close)
        self.addCleanup(self.nothing_leaked)
        self.board.wait_text('ATTACKER runs')

    def pieces(self):
        return [key[i:i + 4] for key in self.keys for i in range(13)]

    def nothing_leaked(self):
        said = bytes(self.board.text)
        words = [said.lower(), bytes.fromhex(''.join(re.findall(r'[0-9a-f]{8}', said.decode('latin-1').lower())))]
        little = struct.pack(f'<{len(words[1]) // 4}I', *struct.unpack(f'>{len(words[1]) // 4}I', words[1]))
        for piece in self.pieces():
            for stream in (said, words[1], little):
                self.assertNotIn(piece, stream, 'key bytes left the device')
            self.assertNotIn(piece.hex().encode(), words[0], 'key bytes left the device')
        for i in range(0, 32, 4):
            self.assertNotIn(self.key_code[i:i + 4], little, 'code of the keys left the device')
        if not self.outside_read:
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
