#!/usr/bin/python3
"""A device with everything that belongs together in a product (test-l476-product): all protections up to the final lock, patches, two
images with states, one-time counter, USB drive. It goes through a life: every way of updating, and back; and nobody gets in any more.
Also the final lock of a production build (test-l476-final), which only looks."""
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.environ['PC_SOURCE'] + '/test/e2e')
import e2e  # noqa: E402
from e2e import sim  # noqa: E402
import openocd  # noqa: E402

TOOL = e2e.BUILD + '/portcullis'
PRODUCT, FINAL = 'test-l476-product', 'test-l476-final'
HEADER, ACTIVE, ACTIVE_2, DOWNLOAD, JOB, PAGE = 0x08080000, 0x08088000, 0x080F0000, 0x0800C000, 0x08078000, 2048
VALID = b'\xff' * 32 + bytes(96)  # fingerprint and states of an image that stays
OPTIONS, KEPT = 0x1FFF7800, 36
UNDER_RESET = ('reset_config srst_only srst_nogate connect_assert_srst',)


def folder(board):
    return f'{e2e.ARM}/{board}'


def image(board, name):
    e2e.sh('arm-none-eabi-objcopy', '-O', 'binary', f'{folder(board)}/tiny-{name}.elf', 'tiny')
    with open('tiny', 'rb') as f:
        data = f.read()
    return data + b'\xff' * (-len(data) % 16)


def sfb(board, name, *number, data=None, **fields):
    return e2e.write(f'{name}.sfb', e2e.sfb(data or image(board, name), e2e.version(*number), **fields))


def sfbp(old, new):
    out = new.replace('.sfb', '.sfbp')
    e2e.sh(TOOL, 'image', 'patch', '--keys', e2e.KEYS, '--effort', '1', old, new, '-o', out)
    return out


def contents(path):
    with open(path, 'rb') as f:
        return f.read()


def put(state, *parts):
    for data, addr in parts:
        sim.run('--state', state, '--load', e2e.write('part', data) + f'@{addr:#x}', '--no-run', '--quiet').check_returncode()


def factory(state, board, name):
    """Boot loader and application in flash, option bytes as delivered."""
    data = image(board, name)
    sim.run('--state', state, '--load', folder(board) + '/boot.elf', '--no-run', '--quiet').check_returncode()
    put(state, (e2e.header(data, e2e.version(1))[:192] + VALID, HEADER), (data, ACTIVE))
    return state


def device(board, command, *args):
    return subprocess.run([TOOL, 'device', command, '--jtag', '127.0.0.1:%d' % board.jtag_port, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60, check=False)


class Case(e2e.unittest.TestCase):
    def start(self, state, *args, name=PRODUCT, **options):
        board = sim.Sim('--symbols', folder(name) + '/boot.elf', *args, state=state, **options)
        self.addCleanup(board.close)
        return board

    def locked(self, board, wants):
        """No probe, hot or under reset; the tool says so; what it is told to do it does not."""
        for before, halt in (((), openocd.attempt('halt')), (UNDER_RESET, 'reset halt')):
            self.assertIn('all ones', openocd.run(board, 'init', halt, before=before, check=False, timeout=60))
        status = device(board, 'status', '--under-reset', *wants)
        self.assertEqual((status.returncode, status.stdout), (0, 'The debug port is closed.\n'), status.stderr)
        self.assertIn('read protection level 2', status.stderr)
        for refused in (device(board, 'unprotect', '--yes'), device(board, 'protect', *wants, '--level', '1')):
            self.assertEqual(refused.returncode, 1)
            self.assertIn('for good', refused.stderr)


class Product(Case):
    @classmethod
    def setUpClass(cls):
        cls.first_start('served', 'served', 'TINY served runs')

    @staticmethod
    def first_start(state, name, text):
        """A device from the factory that has locked itself; what it said."""
        factory(state, PRODUCT, name)
        ran = sim.run('--state', state, '--uart', 'none', '--transcript', state + '.said', '--until', text, '--max-seconds', '20')
        with open(state + '.said', encoding='ascii', errors='replace') as f:
            said = f.read()
        assert ran.returncode == 0, said
        return said

    def test_the_final_lock_is_set_last_and_for_good(self):
        said = self.first_start('attacker', 'attacker', 'ATTACKER runs')
        self.assertEqual(said.count('Static protections are applied'), 1)
        self.assertEqual(said.count('The final lock is set'), 1)
        self.assertLess(said.index('Static protections are applied'), said.index('The final lock is set'))
        self.assertNotIn('Last execution status', said)
        board = self.start('attacker', '--stay', jtag=True)
        board.wait_text('ATTACKER runs')
        before = board.read(OPTIONS, KEPT)
        self.assertEqual(before[0], 0xCC)
        for letter in 'op':  # the hostile application changes option bytes, starts a regression
            board.send(letter)
            board.wait_text('A Reboot has been triggered by a', fail=['over', 'Security Check failed'])
            board.wait_text('ATTACKER runs', fail=['Security Check failed'])
            self.assertEqual(board.read(OPTIONS, KEPT), before)
        self.locked(board, ('--board', PRODUCT, '--boot', folder(PRODUCT) + '/boot.elf'))
        board.control('power-cycle')
        board.wait_text('ATTACKER runs')
        self.assertEqual(board.read(OPTIONS, KEPT), before)

    def test_power_lost_on_the_way_never_leads_to_the_lock_of_a_device_that_lacks_something(self):
        """Only where the lock itself is written, with all option bytes in one go, can it come together with torn ones."""
        factory('bare', PRODUCT, 'old')
        running = 0
        for n, modes in ((1, ('before', 'clean', 'torn:1', 'torn:2', 'torn:3', 'torn:4', 'weak:1')), (2, ('before', 'clean'))):
            for mode in modes:
                with self.subTest(f'{n} {mode}'):
                    state = e2e.copy('bare', f'bare {n} {mode}')
                    sim.run('--state', state, '--uart', 'none', '--cut', f'{n}:{mode}', '--max-seconds', '20', '--quiet')
                    ran = sim.run('--state', state, '--uart', 'none', '--transcript', 'said', '--until', 'TINY old runs', '--max-seconds', '8')
                    with open(state + '/options.bin', 'rb') as f:
                        now = f.read()
                    runs = ran.returncode == 0
                    running += runs
                    level_2 = now[0] == 0xCC and now[4] == 0x33
                    self.assertTrue(runs or not level_2, 'locked for good, and does not run')
                    self.assertTrue(level_2 or not runs, 'runs without its final lock')
        self.assertGreater(running, 4)

    def test_a_life_with_every_kind_of_update(self):
        state = e2e.copy('served', 'life')
        for name, number in (('served', (1,)), ('good', (2,)), ('new', (3,)), ('old', (4,))):
            sfb(PRODUCT, name, *number, **({'flags': 1, 'minimum': e2e.version(4)} if name == 'old' else {}))
        # 1: the application hands a patch over; the new image validates itself
        file = contents(sfbp('served.sfb', 'good.sfb'))
        put(state, (struct.pack('<5I', 0x4A4F4231, len(file), 100, 0, 0) + file, JOB))
        board = self.start(state)
        board.wait_text('TINY good runs, engine answers', fail=['CRITICAL FAILURE', 'refused'])
        board.wait_text('validated')
        # 2: a patch over the serial line, after `load`; that image does not validate itself, and goes again
        self.load(board, sfbp('good.sfb', 'new.sfb'))
        board.wait_text('TINY new runs, engine answers', fail=['CRITICAL FAILURE'])
        board.control('reset')
        board.wait_text('ROLLBACK PREV USER FIRMWARE', fail=['TINY'])
        board.wait_text('TINY good runs, engine answers', fail=['CRITICAL FAILURE'])
        # 3: the second image
        data = random.Random(2).randbytes(5000)
        e2e.sh(TOOL, 'image', 'pack', '--no-ledger', '--keys', e2e.KEYS + '-2', '--board', PRODUCT, '--image', '2', '--version', '2.0.0',
               '--no-vectors', e2e.write('data', data) + f'@{ACTIVE_2:#x}', '-o', 'second.sfb')
        self.load(board, 'second.sfb')
        board.wait_text('TINY good runs, engine answers', fail=['CRITICAL FAILURE'])
        self.assertEqual(board.read(ACTIVE_2, len(data)), data)
        # 4: what does not fit is refused, and nothing changes
        spoiled = bytearray(contents(sfbp('good.sfb', 'old.sfb')))
        spoiled[150] ^= 1
        wrong = sfbp('served.sfb', 'old.sfb')
        for refused in (wrong, e2e.write('spoiled.sfbp', bytes(spoiled)), 'served.sfb'):
            self.load(board, refused, check=False)
            board.wait_text('Download refused')
            board.wait_text('TINY good runs, engine answers', fail=['INSTALL NEW'])
        board.stop()
        # 5: from a USB drive; this image raises the minimum for good
        e2e.sh('truncate', '-s', '4M', 'drive.img')
        e2e.sh('mkfs.vfat', 'drive.img')
        e2e.sh('mcopy', '-i', 'drive.img', sfbp('good.sfb', 'old.sfb'), '::v4.sfbp')
        board = self.start(state, '--drive', 'drive.img')
        board.wait_text('version 2.0.0 -> 4.0.0')
        board.wait_text('TINY old runs, engine answers', fail=['CRITICAL FAILURE', 'Refused'])
        board.wait_text('validated')
        board.control('reset')
        board.wait_text('TINY old runs, engine answers', fail=['ROLLBACK', 'CRITICAL FAILURE'])
        board.stop()
        with open(state + '/otp.bin', 'rb') as f:
            self.assertNotEqual(f.read(24), b'\xff' * 24)
        # 6: no way back, not even with the old image and its old header put where they were
        put(state, (e2e.header(image(PRODUCT, 'good'), e2e.version(2))[:192] + VALID, HEADER), (b'\xff' * 0x2000, ACTIVE),
            (image(PRODUCT, 'good'), ACTIVE))
        board = self.start(state)
        board.wait_text('Firmware version rejected (anti-rollback)', fail=['TINY'])

    def test_a_large_image_from_a_small_patch_does_not_meet_the_watchdog(self):
        """Hundreds of pages come of one piece of a patch: longer than the watchdog waits."""
        small = image(PRODUCT, 'good')
        data = small + random.Random(1).randbytes(390 * 1024 - len(small))
        state = e2e.copy('served', 'large')
        put(state, (e2e.header(data, e2e.version(2))[:192] + VALID, HEADER), (data, ACTIVE))
        sfb(PRODUCT, 'large', 2, data=data)
        sfb(PRODUCT, 'larger', 3, data=data[:-16] + bytes(16))
        patch = sfbp('large.sfb', 'larger.sfb')
        self.assertLess(os.path.getsize(patch), 1024)
        board = self.start(state)
        board.wait_text('TINY good runs, engine answers', fail=['CRITICAL FAILURE'])
        self.load(board, patch)
        board.wait_text('FW installation succeeded', fail=['Watchdog'], timeout=60)
        board.wait_text('TINY good runs, engine answers')
        self.assertEqual(board.read(ACTIVE + 390 * 1024 - 16, 16), bytes(16))

    @staticmethod
    def load(board, file, check=True):
        board.control('reset')
        board.wait_text('SLOT_DWL_2')
        board.send('load\r')
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        board.sb(file, check=check)


class Final(Case):
    """A production build only looks at the lock."""

    def test_level_1_is_not_enough_and_level_2_is(self):
        state = factory('final', FINAL, 'old')
        wants = ('--board', FINAL, '--boot', folder(FINAL) + '/boot.elf')
        board = self.start(state, '--stay', name=FINAL, jtag=True)
        board.wait_text('Nothing will be started')
        done = device(board, 'protect', *wants, '--level', '1')
        self.assertEqual(done.returncode, 0, done.stderr)
        board.control('power-cycle')
        board.wait_text('Nothing will be started', fail=['STATE', 'TINY'])
        self.assertEqual(device(board, 'status', '--under-reset', *wants).returncode, 1)
        board.control('power-cycle')
        board.wait_text('Nothing will be started')
        done = device(board, 'protect', *wants, '--yes')
        self.assertEqual(done.returncode, 0, done.stderr)
        board.control('power-cycle')
        board.wait_text('TINY old runs, engine answers', fail=['Nothing will be started'])
        self.locked(board, wants)
        board.control('power-cycle')
        board.wait_text('TINY old runs')
        # An update works as ever.
        board.control('button press')
        board.control('reset')
        board.wait_text('YMODEM> Send ..')
        board.wait_text('C')
        board.control('button release')
        board.sb(sfb(FINAL, 'new', 2))
        board.wait_text('TINY new runs, engine answers', fail=['CRITICAL FAILURE'])


if __name__ == '__main__':
    e2e.main()
