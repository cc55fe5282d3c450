#!/usr/bin/python3
"""A standalone loader on a board with all protections (test-l476-secure-loader): it installs what is authentic and newer, nothing else; and a
loader that was taken over gets no further than an application does: no keys, no closed service, no code but its own."""
import attacker
from attacker import ACTIVE, ERR_PARAM, ERR_STATE, HEADER, OK, TOOL, WRPERR, e2e, sim

BOARD = 'test-l476-secure-loader'
AT = {1: (HEADER, ACTIVE), 2: (HEADER + e2e.PAGE, 0x0808C000)}
OPTIONS = 0x1FFF7800


def pack(image, version, name):
    out = f'{name}-{version}.sfb'
    e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS + (f'-{image}' if image > 1 else ''), '--board', BOARD, '--image', image,
           '--version', version, f'{attacker.firmware(BOARD)}/{name}.elf', '-o', out)
    return out


def install(state, image, name):
    """An image as it lies on a board that has validated it."""
    file = pack(image, '1.0.0', name)
    e2e.sh(TOOL, 'image', 'decrypt', '--keys', e2e.KEYS + (f'-{image}' if image > 1 else ''), file, '-o', 'clear')
    with open(file, 'rb') as f:
        e2e.write('head', f.read(192) + b'\xff' * 32 + bytes(96))
    sim.run('--state', state, '--load', f'head@{AT[image][0]:#x}', '--load', f'clear@{AT[image][1]:#x}', '--no-run', '--quiet').check_returncode()


def device(state, application, loader):
    sim.run('--state', state, '--load', f'{attacker.firmware(BOARD)}/boot.elf', '--no-run', '--quiet').check_returncode()
    install(state, 1, application)
    install(state, 2, loader)


class Updates(e2e.unittest.TestCase):
    def test_what_is_authentic_and_newer_is_installed_and_nothing_else(self):
        device('updates', 'userapp-a', 'loader')
        files = {name: open(pack(1, version, 'userapp-b'), 'rb').read() for name, version in (('new', '2.0.0'), ('old', '0.9.0'))}
        with open(pack(2, '2.0.0', 'loader'), 'rb') as f:
            files['loader'] = f.read()
        board = sim.Sim('--symbols', attacker.firmware(BOARD) + '/boot.elf', state='updates')
        self.addCleanup(board.close)
        board.wait_text('Static protections are applied')
        board.wait_text('User App #A')
        board.wait_text('Selection :')
        options = board.read(OPTIONS, 36)
        board.send('7')
        board.wait_text('Standalone loader  1.0.0', fail=['User App', 'CRITICAL FAILURE'])
        # The header is judged by the engine, through the gate: the loader hears no, and waits for the next file.
        new = files['new']
        for bad, why in ((new[:150] + bytes([new[150] ^ 1]) + new[151:], 'header authentication error'), (files['old'], 'version rejected'),
                         (files['loader'], 'another slot')):
            board.wait_text('YMODEM> Send ....')
            board.wait_text('C')
            board.sb(e2e.write('bad.sfb', bad), check=False)
            board.wait_text(why, fail=['Successfully', 'A Reboot'])
        # What is wrong behind the header the boot loader finds, before it touches the application.
        board.wait_text('YMODEM> Send ....')
        board.wait_text('C')
        board.sb(e2e.write('bad.sfb', new[:5000] + bytes([new[5000] ^ 1]) + new[5001:]))
        board.wait_text('INSTALL NEW USER FIRMWARE')
        board.wait_text('User App #A', fail=['User App #B', 'Watchdog', 'Firewall'])
        board.wait_text('Selection :')
        board.control('button press')
        board.control('reset')
        board.wait_text('YMODEM> Send ....', fail=['User App'])
        board.wait_text('C')
        board.control('button release')
        board.sb(e2e.write('new.sfb', new))
        board.wait_text('User App #B', fail=['CRITICAL FAILURE', 'User App #A', 'Watchdog', 'Firewall'])
        board.wait_text('Selection :')
        self.assertEqual(board.read(OPTIONS, 36), options)


class HostileLoader(attacker.Board):
    board_name, images = BOARD, 2

    @classmethod
    def make(cls, state):
        device(state, 'tiny-attacker', 'tiny-attacker-loader')

    def setUp(self):
        super().setUp()
        self.board.control('button press')  # held: at each reset it is the loader that starts
        self.board.control('reset')
        self.board.wait_text('START STANDALONE LOADER')
        self.board.wait_text('ATTACKER runs')

    def test_it_reads_nothing_of_the_engine_and_enters_it_through_the_gate_only(self):
        for letter in 'abAlrdejt':
            with self.subTest(letter):
                self.ends_by(letter, 'Firewall')

    def test_closed_services_and_pointers_into_the_engine_are_refused(self):
        said = self.attack('h')
        self.assertEqual(len(self.values('status', said)), 32)
        self.assertEqual(set(self.values('status', said)), {ERR_STATE})
        said = self.attack('g')
        self.assertEqual(set(self.values('status', said) + self.values('nowhere', said)), {ERR_PARAM})
        self.assertEqual(self.values('status', self.attack('i')), [OK])
        said = self.attack('C')
        self.assertEqual((self.values('status', said), self.values('version', said)), ([OK], ['01000000']))

    def test_nothing_executes_but_itself_and_the_engine(self):
        for letter in 'yBEF':  # RAM, the boot loader, reading option bytes, the application
            with self.subTest(letter):
                self.ends_by(letter, 'Software')

    def test_the_loader_does_not_execute_while_the_application_runs(self):
        self.board.control('button release')
        self.board.control('reset')
        self.board.wait_text('ATTACKER runs', fail=['STANDALONE'])
        self.ends_by('F', 'Software')

    def test_the_boot_loader_can_neither_be_written_nor_erased_and_the_rest_holds(self):
        said = self.attack('n')
        results = self.values('write', said) + self.values('erase', said) + self.values('mass', said)
        self.assertEqual(len(results), 18)
        for result in results:
            self.assertTrue(int(result, 16) & WRPERR, result)
        self.assertEqual(self.values('pins', self.attack('z')), ['0000003f'])
        self.ends_by('q', 'Watchdog')

    def test_no_key_remains_in_ram_when_it_starts(self):
        for base, size in ((0x20000000, 0x18000), (0x10000000, 0x8000)):
            memory = b''.join(self.board.read(base + at, 1024) for at in range(0, size, 1024))
            for piece in self.pieces():
                self.assertNotIn(piece, memory)


if __name__ == '__main__':
    e2e.main()
