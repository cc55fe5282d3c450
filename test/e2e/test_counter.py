#!/usr/bin/python3
"""The minimum version in one-time programmable words (COUNTER otp), on the simulated chip: it outlives everything that can be
erased, and power cuts while it is raised."""
import e2e
from e2e import sim, version

BOARD = 'test-l476-options'
FOLDER = f'{e2e.ARM}/{BOARD}'
HEADER, ACTIVE, DOWNLOAD, PAGE = 0x08080000, 0x08088000, 0x08008000, 2048
RAISE = {'flags': 1, 'minimum': version(2)}
REFUSED = 'Firmware version rejected (anti-rollback)'


def image(name):
    return e2e.clear_image('tiny-' + name, FOLDER)


class Counter(e2e.unittest.TestCase):
    def setUp(self):
        self.state = self.id()
        self.flash('--load', FOLDER + '/boot.elf')

    def flash(self, *args):
        sim.run('--state', self.state, '--no-run', '--quiet', *args).check_returncode()

    def put(self, data, addr):
        self.flash('--load', e2e.write('part', data) + '@' + hex(addr))

    def offer(self, name, number, **fields):
        file = e2e.sfb(image(name), number, **fields)
        self.put(file[:320] + e2e.INSTALL, DOWNLOAD)
        self.put(file[512:], DOWNLOAD + PAGE)

    def active(self, name, number):
        """As a programmer would put it there."""
        self.put(e2e.header(image(name), number), HEADER)
        self.put(image(name), ACTIVE)

    def boots(self, until, *args):
        ran = sim.run('--state', self.state, '--uart', 'none', '--skip-idle', '--transcript', 'said', '--until', until, '--max-seconds',
                      '60', *args)
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        return ran.returncode, said

    def runs(self, until):
        code, said = self.boots(until)
        self.assertEqual(code, 0, said)
        return said

    def otp(self):
        with open(self.state + '/otp.bin', 'rb') as f:
            return f.read()

    def only_from_two_on(self):
        """After a mass erase: neither a candidate nor an active image below 2.0.0, but any from there on."""
        self.flash('--erase', '--load', FOLDER + '/boot.elf')
        self.offer('old', version(1, 9))
        said = self.runs('Last execution status before Reboot was: ' + REFUSED)
        self.assertNotIn('INSTALL NEW USER', said)
        self.active('old', version(1, 9))
        said = self.runs('Last execution status before Reboot was: ' + REFUSED)
        self.assertNotIn('EXECUTE', said)
        self.assertNotIn('TINY', said)
        self.flash('--erase', '--load', FOLDER + '/boot.elf')
        self.offer('old', version(2))
        self.runs('TINY old runs')

    def test_it_outlives_a_mass_erase(self):
        self.offer('old', version(1))
        self.runs('TINY old runs')
        self.assertEqual(self.otp(), b'\xff' * 1024)
        self.offer('new', version(2), **RAISE)
        self.runs('TINY new runs')
        words = self.otp()
        self.assertNotEqual(words[:24], b'\xff' * 24)
        self.assertEqual(words[24:], b'\xff' * 1000)
        self.runs('TINY new runs')
        self.assertEqual(self.otp(), words, 'stored once')
        self.only_from_two_on()

    def test_power_cuts_while_it_is_raised(self):
        self.active('old', version(1))
        self.active('new', version(2))
        self.put(e2e.header(image('new'), version(2), **RAISE), HEADER)
        start = e2e.copy(self.state, self.state + '.start')
        for at in (1, 2, 3):
            for seed in (1, 2):
                with self.subTest(operation=at, seed=seed):
                    self.state = e2e.copy(start, f'{self.id()}.{at}.{seed}')
                    code, said = self.boots('TINY new runs', '--cut', f'{at}:torn:{seed}')
                    self.assertEqual(code, 5, said)
                    self.runs('TINY new runs')
                    self.only_from_two_on()

    def test_full_is_a_reason_to_refuse_and_none_not_to_start(self):
        self.active('old', version(1))
        e2e.write(self.state + '/otp.bin', (b'\0' * 8 * 107).ljust(1024, b'\xff'))  # 5 of 112 free: not enough for a cut
        self.offer('new', version(2), **RAISE)
        self.runs('Last execution status before Reboot was: ' + REFUSED)
        self.runs('TINY old runs')
        self.offer('new', version(2))
        self.runs('TINY new runs')
        # Accepted when there was room, and now there is none: it runs.
        e2e.write(self.state + '/otp.bin', (b'\0' * 8 * 110).ljust(1024, b'\xff'))
        self.put(e2e.header(image('new'), version(2), **RAISE), HEADER)
        self.runs('TINY new runs')


e2e.main()
