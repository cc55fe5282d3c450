#!/usr/bin/python3
"""Image states on a board that has them (test-l476-states): a new image that does not validate itself makes way for the one before
it; one that does stays; the minimum version is raised only then, and survives erasing both slots."""
import os
import shutil
import unittest

import e2e
from e2e import ARM, sim

FIRMWARE = f'{ARM}/test-l476-states'
HEADER, JOURNAL, ACTIVE, DOWNLOAD, PAGE, SLOT = 0x08080000, 0x08081800, 0x08088000, 0x08008000, 2048, 0x4000


def image(name):
    return e2e.clear_image('tiny-' + name, FIRMWARE)


class States(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.old = image('old')
        self.flash('--load', FIRMWARE + '/boot.elf')

    def flash(self, *args):
        sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def put(self, data, addr):
        self.flash('--load', e2e.write('part', data) + '@' + hex(addr))

    def install_old(self, version=e2e.version(1), state=b'\xff' * 32 + b'\0' * 64):
        """As an earlier life left it: installed and validated."""
        header = e2e.header(self.old, version)[:192] + state + b'\0' * 32
        self.put(header, HEADER)
        self.put(self.old, ACTIVE)

    def offer(self, name, number, **fields):
        data = image(name)
        file = e2e.sfb(data, number, **fields)
        self.put(b'\xff' * SLOT, DOWNLOAD)
        self.put(file[:320] + e2e.INSTALL, DOWNLOAD)
        self.put(file[512:], DOWNLOAD + PAGE)
        return data

    def boots(self, expected, until=None):
        """One power-on, until this application runs (and no further: what it does next is not done any more); what the console
        said."""
        ran = sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until',
                      until or f'TINY {expected} runs, engine answers\r\n', '--max-seconds', '60')
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        self.assertEqual(ran.returncode, 0, said + ran.stderr.decode())
        return said

    def test_a_new_image_that_does_not_validate_itself_is_rolled_back(self):
        self.install_old()
        self.offer('new', e2e.version(1, 1))
        self.boots('new')
        said = self.boots('old')
        self.assertIn('ROLLBACK PREV USER FIRMWARE', said)
        self.assertNotIn('TINY new', said)
        for _ in range(2):  # and that is the end of it
            said = self.boots('old')
            self.assertNotIn('ROLLBACK', said)
            self.assertNotIn('validated itself', said)

    def test_a_new_image_that_validates_itself_stays(self):
        self.install_old()
        self.offer('good', e2e.version(1, 1))
        self.boots('good', until='validated\r\n')
        for _ in range(2):
            said = self.boots('good')
            self.assertNotIn('ROLLBACK', said)

    def test_a_file_of_a_usb_drive_that_was_rolled_back_is_not_taken_again(self):
        self.install_old()
        # Neither validates itself; the higher version goes first.
        stick = e2e.drive({f'v1{minor}.sfb': e2e.sfb(image(name), e2e.version(1, minor)) for minor, name in ((1, 'new'), (2, 'old'))})
        with sim.Sim('--drive', stick, state=self.state) as board:
            said = b''
            for step in ('version 1.2.0', 'TINY old runs', 'ROLLBACK PREV', 'version 1.1.0', 'TINY new runs', 'ROLLBACK PREV', 'TINY old runs',
                         'TINY old runs'):
                board.wait_text(step, fail=['CRITICAL FAILURE'])
                if 'runs' in step:
                    said = bytes(board.text)
                    board.control('reset')
            self.assertEqual(said.count(b'USB drive: '), 2, said)

    def test_the_first_image_has_nothing_to_go_back_to_and_goes_on(self):
        self.offer('new', e2e.version(1))
        self.boots('new')
        for _ in range(2):
            self.assertIn('none to go back to', self.boots('new'))

    def test_a_damaged_backup_is_not_brought_back_and_not_tried_for_ever(self):
        self.install_old()
        self.offer('new', e2e.version(1, 1))
        self.boots('new')
        with open(self.state + '/flash.bin', 'r+b') as f:
            f.seek(DOWNLOAD + 2 * PAGE + 1000 - 0x08000000)
            byte = f.read(1)
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte[0] ^ 4]))
        said = self.boots('new')
        self.assertIn('Backed-up firmware not identified', said)
        self.assertNotIn('TINY old', said)
        self.assertIn('none to go back to', self.boots('new'))

    def test_another_authentic_image_in_the_backups_place_is_not_brought_back(self):
        self.install_old()
        self.offer('new', e2e.version(1, 1))
        self.boots('new')
        other = image('good')
        self.put(b'\xff' * (SLOT - PAGE), DOWNLOAD + PAGE)
        self.put(e2e.header(other, e2e.version(1)), DOWNLOAD + PAGE)
        self.put(other, DOWNLOAD + 2 * PAGE)
        said = self.boots('new')
        self.assertNotIn('TINY good', said)

    def test_a_power_cut_in_a_state_write_ends_with_one_image_for_good(self):
        self.install_old()
        self.offer('good', e2e.version(1, 1))
        # Installed, but not started yet: the next boot writes SELFTEST, and its application VALID.
        sim.run('--state', self.state, '--uart', 'none', '--until', 'REBOOT STATE MACHINE', '--max-seconds', '60').check_returncode()
        fresh = e2e.copy(self.state, 'fresh')
        seen = set()
        for operation in range(1, 9):
            for how in ('torn:1', 'torn:2', 'weak:3', 'before'):
                with self.subTest(operation=operation, how=how):
                    shutil.rmtree(self.state)
                    e2e.copy(fresh, self.state)
                    ran = sim.run('--state', self.state, '--uart', 'none', '--cut', f'{operation}:{how}', '--max-seconds', '60')
                    self.assertEqual(ran.returncode, 5, ran.stderr.decode())
                    story = []
                    for _ in range(4):
                        sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until', 'validated\r\n', '--until',
                                'TINY old runs, engine answers\r\n', '--max-seconds', '60').check_returncode()
                        with open('said', encoding='ascii', errors='replace') as f:
                            said = f.read()
                        self.assertNotIn('CRITICAL', said)
                        story.append('old' if 'TINY old runs' in said else 'good')
                    self.assertEqual(len(set(story)), 1, story)
                    seen.add(story[0])
        self.assertEqual(seen, {'old', 'good'})

    def test_the_minimum_is_raised_by_a_validated_image_only_and_survives_erasing_both_slots(self):
        for name, raised in (('new', False), ('good', True)):
            with self.subTest(name):
                shutil.rmtree(self.state)
                self.flash('--load', FIRMWARE + '/boot.elf')
                self.offer(name, e2e.version(3), minimum=e2e.version(2), flags=1)
                self.boots(name, until='validated\r\n' if raised else None)
                self.boots(name)
                for addr, size in ((HEADER, PAGE), (ACTIVE, SLOT)):
                    self.put(b'\xff' * size, addr)
                self.offer('old', e2e.version(1))
                if raised:
                    ran = sim.run('--state', self.state, '--uart', 'none', '--until', 'Firmware version rejected', '--until-fail',
                                  'TINY old', '--max-seconds', '60')
                    self.assertEqual(ran.returncode, 0)
                    self.offer('old', e2e.version(2))
                self.boots('old')


if __name__ == '__main__':
    e2e.main()
