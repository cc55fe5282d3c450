#!/usr/bin/python3
"""The debug port of a board with all protections, under the real openocd and under our own tool: protections go on and off as the manual
says (UM2262 8.6), and at no level, at no moment and after no power cut does a byte of a key leave the device."""
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.environ['PC_SOURCE'] + '/test/e2e')
import e2e  # noqa: E402
from e2e import sim  # noqa: E402
import openocd  # noqa: E402

TOOL = e2e.BUILD + '/portcullis_san'
SECURE, PRODUCTION = 'test-l476-secure', 'test-l476-production'
HEADER, ACTIVE, DOWNLOAD = 0x08080000, 0x08088000, 0x08008000
UNDER_RESET = ('reset_config srst_only srst_nogate connect_assert_srst',)
os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'  # libp11's own


def boot(board):
    return f'{e2e.ARM}/{board}/boot.elf'


def image(board, name):
    e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{e2e.ARM}/{board}/tiny-{name}.elf', 'tiny')
    with open('tiny', 'rb') as f:
        data = f.read()
    return data + b'\xff' * (-len(data) % 16)


def factory(state, board, candidate=None):
    """A device with boot loader and application in its flash, and maybe a candidate that is to be installed; option bytes as delivered."""
    parts = [(e2e.header(image(board, 'old'), e2e.version(1)), HEADER), (image(board, 'old'), ACTIVE)]
    if candidate:
        file = e2e.sfb(image(board, candidate), e2e.version(2))
        parts += [(file[:320] + e2e.INSTALL, DOWNLOAD), (file[512:], DOWNLOAD + e2e.PAGE)]
    loads = []
    for i, (data, addr) in enumerate(parts):
        loads += ['--load', '%s@%#x' % (e2e.write('part%d' % i, data), addr)]
    sim.run('--state', state, '--load', boot(board), *loads, '--no-run', '--quiet').check_returncode()
    return state


def symbol(name):
    listing = e2e.sh('arm-none-eabi-nm', boot(SECURE)).decode()
    return int(re.search(rf'^(\w+) . {name}$', listing, re.M).group(1), 16)


def windows(data, step=1):
    """Pieces of 8 bytes, which do not turn up by chance; fillings are no secrets."""
    return {data[i:i + 8] for i in range(0, len(data) - 7, step)} - {b'\xff' * 8, bytes(8)}


def round_keys(key):
    """AES-128 key schedule (FIPS 197, 5.2): whoever has a later round key has the first."""
    box, p, q = [0x63] * 256, 1, 1
    while True:  # p runs through the field, q is its inverse
        p ^= (p << 1 ^ (0x1B if p & 0x80 else 0)) & 0xFF
        for shift in (1, 2, 4):
            q ^= q << shift & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        box[p] = q ^ 0x63
        for shift in range(1, 5):
            box[p] ^= (q << shift | q >> (8 - shift)) & 0xFF
        if p == 1:
            break
    words, constant = [key[i:i + 4] for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        t = words[-1]
        if i % 4 == 0:
            t = bytes(box[b] for b in t[1:] + t[:1])
            t = bytes([t[0] ^ constant]) + t[1:]
            constant = constant << 1 ^ (0x11B if constant & 0x80 else 0)
        words.append(bytes(a ^ b for a, b in zip(words[i - 4], t)))
    return b''.join(words)


def dump(board, *regions, under_reset=True, timeout=60):
    """What openocd gets out of (address, size): a list of bytes, None where it was refused. None instead of the list: no debug port."""
    commands = ['init', 'reset halt' if under_reset else openocd.attempt('halt')]
    for i, (addr, size) in enumerate(regions):
        if os.path.exists('dump%d' % i):
            os.remove('dump%d' % i)
        commands.append(openocd.attempt(f'mdw {addr:#x}'))  # quick to say no
        commands.append(f'if {{![catch {{read_memory {addr:#x} 32 1}}]}} {{{openocd.attempt(f"dump_image dump{i} {addr:#x} {size}")}}}')
    said = openocd.run(board, *commands, before=UNDER_RESET if under_reset else (), check=False, timeout=timeout)
    if 'all ones' in said:
        return None
    got = []
    for i in range(len(regions)):
        got.append(None)
        if os.path.exists('dump%d' % i):
            with open('dump%d' % i, 'rb') as f:
                got[-1] = f.read()
    return got


SRAM1, SRAM2, BOOT = (0x20000000, 0x18000), (0x10000000, 0x8000), (0x08000000, 0x400)  # the keys' code is there


class DebugPort(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(e2e.KEYS + '/encryption_key.bin', 'rb') as f:
            cls.key = f.read()
        with open(f'{e2e.ARM}/{SECURE}/boot.bin', 'rb') as f:
            cls.code = f.read()[symbol('link_keys_start') - 0x08000000:symbol('link_keys_end') - 0x08000000]
        cls.secrets = windows(cls.key) | windows(round_keys(cls.key), 4) | windows(cls.code, 2)
        factory('secure', SECURE, 'new')
        sim.run('--state', 'secure', '--uart', 'none', '--until', 'successfully passed', '--max-seconds', '9',
                '--quiet').check_returncode()

    def leaked(self, memory):
        return any(piece in memory for piece in self.secrets)

    def start(self, state, *args):
        board = sim.Sim('--stay', '--symbols', boot(SECURE), *args, state=state, jtag=True)
        self.addCleanup(board.close)
        return board

    def tool(self, board, command, *args):
        return subprocess.run([TOOL, 'device', command, '--jtag', '127.0.0.1:%d' % board.jtag_port, *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60, check=False)

    # ---- on and off ----

    def test_protections_on_the_board_works_protections_off_everything_is_gone(self):
        board = self.start(factory('line', PRODUCTION))
        wants = ('--board', PRODUCTION, '--boot', boot(PRODUCTION))
        board.wait_text('Nothing will be started', fail=['runs'])  # production mode only checks
        self.assertEqual(self.tool(board, 'status', '--under-reset', *wants).returncode, 1)
        board.wait_text('Nothing will be started')
        done = self.tool(board, 'protect', *wants)
        self.assertEqual(done.returncode, 0, done.stderr)
        board.control('power-cycle')
        board.wait_text('TINY old runs', fail=['Nothing will be started'])
        closed = self.tool(board, 'status', '--json')
        self.assertEqual(json.loads(closed.stdout), {'port': 'closed'})  # the program has the pins
        status = self.tool(board, 'status', '--json', '--under-reset', *wants)
        self.assertEqual(status.returncode, 0, status.stderr)
        found = json.loads(status.stdout)
        self.assertEqual((found['rdp'], found['device'], found['as_the_board_wants'], found['wrp']),
                         (1, 'stm32l476', True, [{'first': '0x08000000', 'last': '0x08007fff'}]))
        board.control('power-cycle')
        board.wait_text('TINY old runs')
        self.assertEqual(self.tool(board, 'unprotect').returncode, 1)  # nobody said yes
        board.control('power-cycle')
        board.wait_text('TINY old runs')
        done = self.tool(board, 'unprotect', '--yes')
        self.assertEqual(done.returncode, 0, done.stderr)
        for addr in (0x08000000, HEADER, ACTIVE):
            self.assertEqual(board.read(addr, 256), b'\xff' * 256)
        openocd.run(board, 'init', 'reset halt', f'program {boot(PRODUCTION)} verify reset')  # the next boot loader
        board.wait_text('Nothing will be started')

    def test_level_2_is_for_good(self):
        board = self.start(factory('final', PRODUCTION))
        board.wait_text('Nothing will be started')
        wants = ('--board', PRODUCTION, '--boot', boot(PRODUCTION), '--level', '2')
        self.assertEqual(self.tool(board, 'protect', *wants).returncode, 1)  # nobody said yes
        board.control('power-cycle')
        board.wait_text('Nothing will be started')
        done = self.tool(board, 'protect', '--yes', *wants)
        self.assertEqual(done.returncode, 0, done.stderr)
        board.control('power-cycle')
        board.wait_text('TINY old runs')
        self.assertIsNone(dump(board, SRAM1))
        self.assertIsNone(dump(board, SRAM1, under_reset=False))
        board.wait_text('TINY old runs')  # NRST is all that it can do
        refused = self.tool(board, 'unprotect', '--yes')
        self.assertEqual(refused.returncode, 1)
        self.assertIn('for good', refused.stderr)

    def test_what_is_no_probe_is_said_so(self):
        board = self.start(e2e.copy('secure', 'wire'))
        done = subprocess.run([TOOL, 'device', 'status', '--jtag', '127.0.0.1:1'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.tool(board, 'protect', '--board', 'nucleo-l476rg').returncode, 1)  # has none
        self.assertEqual(self.tool(board, 'protect', '--board', SECURE).returncode, 2)  # where are the keys?
        wrong = self.tool(board, 'protect', '--board', SECURE, '--boot', __file__)
        self.assertEqual((wrong.returncode, 'not an ELF file' in wrong.stderr), (3, True), wrong.stderr)

    def test_a_chip_that_the_board_does_not_have_is_left_alone(self):
        with sim.Sim('--device', 'stm32l462', '--stay', '--halt', state='l462', jtag=True) as other:
            wants = ('--board', SECURE, '--boot', boot(SECURE))
            self.assertEqual(self.tool(other, 'status', *wants).returncode, 1)
            done = self.tool(other, 'protect', '--yes', '--level', '2', *wants)
            self.assertEqual((done.returncode, 'the chip is an stm32l462' in done.stderr), (1, True), done.stderr)
            self.assertEqual(json.loads(self.tool(other, 'status', '--json').stdout)['rdp'], 0)

    def test_a_probe_that_answers_anything_is_survived(self):
        dice = random.Random(5)
        for alphabet in (b'01', b'0', b'1', bytes(range(256)), b''):
            with self.subTest(alphabet), socket.create_server(('127.0.0.1', 0)) as server:
                def serve(server=server, alphabet=alphabet):
                    c, _ = server.accept()
                    with c:
                        c.settimeout(60)
                        while alphabet and (got := c.recv(65536)):
                            c.sendall(bytes(dice.choice(alphabet) for _ in range(got.count(b'R'))))
                thread = threading.Thread(target=serve)
                thread.start()
                done = subprocess.run([TOOL, 'device', 'unprotect', '--yes', '--jtag', '127.0.0.1:%d' % server.getsockname()[1]],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
                thread.join()
                self.assertIn(done.returncode, (1, 3), done.stderr)

    # ---- attaching while keys are in use ----

    def test_whenever_a_debugger_comes_it_sees_no_key(self):
        seen = 0
        for moment in ('start_reset', 'engine_key_aes_1', 'mbedtls_aes_setkey_dec', 'mbedtls_internal_aes_decrypt', 'boot_verify'):
            with self.subTest(moment):
                board = self.start(e2e.copy('secure', moment), '--halt')
                board.control('break 0x%08x' % symbol(moment))
                board.control('run')
                board.control('wait stopped')
                seen += self.leaked(board.read(*SRAM2))
                board.control('break none')
                hot = dump(board, SRAM1, SRAM2, BOOT, under_reset=False)
                if moment == 'start_reset':
                    self.assertIsNotNone(hot)
                else:
                    self.assertIsNone(hot)  # the pins are the program's
                got = hot or dump(board, SRAM1, SRAM2, BOOT)
                self.assertTrue(got[1] is None and got[2] is None, 'SRAM2 or flash can be read')
                self.assertEqual(len(got[0]), SRAM1[1])
                self.assertFalse(self.leaked(got[0]), 'key bytes left the device')
                board.close()
        self.assertGreater(seen, 0)  # the judge has seen the key at one of these moments at least

    # ---- power cuts in the middle of option bytes ----

    def test_a_power_cut_on_the_way_to_level_0_lets_no_key_out(self):
        opened = 0
        for n, mode in [(1, 'before'), (1, 'clean'), (1, 'torn 3'), (1, 'weak 1'), (2, 'before'), (2, 'clean'), (2, 'weak 1')] + \
                [(2, 'torn %d' % seed) for seed in range(1, 9)]:
            with self.subTest(f'{n} {mode}'):
                board = self.start(e2e.copy('secure', f'{n} {mode}'), '--halt')
                board.control(f'cut after {n} flash operation {mode}')
                self.assertNotEqual(self.tool(board, 'unprotect', '--yes').returncode, 0)
                board.control('wait off')
                board.control('power on')
                got = dump(board, BOOT, SRAM2, (0x20000000, 0x1000))
                if got is not None and got[0] is not None:
                    opened += 1
                    self.assertFalse(self.leaked(got[0]), 'code of the keys left the device')
                self.assertFalse(any(self.leaked(m) for m in got or [] if m), 'key bytes left the device')
                board.close()
        self.assertGreater(opened, 0)  # some cuts come after the end

    def test_a_power_cut_while_protections_go_on_never_runs_an_application_without_them(self):
        factory('bare', SECURE)
        stuck = 0
        for n, mode in [(1, 'before'), (1, 'clean'), (1, 'weak 1')] + [(1, 'torn %d' % seed) for seed in range(1, 9)]:
            with self.subTest(mode):
                board = self.start(e2e.copy('bare', 'bare ' + mode), '--cut', '%d:%s' % (n, mode.replace(' ', ':')))
                board.control('wait off')
                board.control('power on')
                ran = self.ends(board)
                status = self.tool(board, 'status', '--json', '--under-reset', '--board', SECURE, '--boot', boot(SECURE))
                found = json.loads(status.stdout)
                if ran:
                    self.assertEqual((status.returncode, found['rdp']), (0, 1), found)
                else:  # the way out is a regression, and it is open
                    stuck += 1
                    self.assertEqual(self.tool(board, 'unprotect', '--yes').returncode, 0)
                    self.assertEqual(board.read(0x08000000, 64), b'\xff' * 64)
                board.close()
        self.assertGreater(stuck, 0)
        self.assertLess(stuck, 11)

    def ends(self, board):
        """Until the application runs (True), or the boot loader gives up, or the core; a device may restart once or twice on the way."""
        for _ in range(60):
            try:
                line = board.wait_text('\n', timeout=2)
            except sim.SimTimeout:
                return False
            if b'runs' in line:
                return True
            if b'Nothing will be started' in line or b'will not be started' in line:
                return False
        self.fail('restarts for ever: ' + board.text.decode('latin-1'))


if __name__ == '__main__':
    e2e.main()
