#!/usr/bin/python3
"""Updates from a USB drive: an image file made by mkfs.vfat and mtools, behind the simulator's block device."""
import os
import shutil
import unittest

import e2e
from e2e import ARM, sim

FIRMWARE = f'{ARM}/test-l476-drive'
HEADER, ACTIVE, DOWNLOAD, PAGE, SLOT = 0x08080000, 0x08088000, 0x08008000, 2048, 0x4000
NAMES = {'old': (1, 0), 'new': (1, 1), 'third': (1, 2)}


def image(name):
    return e2e.clear_image('tiny-' + name, FIRMWARE)


def sfb(name, **fields):
    return e2e.sfb(image(name), e2e.version(*NAMES[name]), **fields)


class Drive(unittest.TestCase):
    def setUp(self):
        self.state = self.id().rsplit('.', 1)[1]
        self.flash('--load', FIRMWARE + '/boot.elf')

    def flash(self, *args):
        sim.run('--state', self.state, *args, '--no-run', '--quiet').check_returncode()

    def install(self, name='old'):
        """As an earlier life left it: installed and validated."""
        data = image(name)
        header = e2e.active_header(data, e2e.version(*NAMES[name]))
        self.flash('--load', e2e.write('header', header) + '@' + hex(HEADER))
        self.flash('--load', e2e.write('active', data) + '@' + hex(ACTIVE))

    def boots(self, expected, *args):
        """One power-on, until this application runs; what the console said."""
        ran = sim.run('--state', self.state, '--uart', 'none', '--transcript', 'said', '--until',
                      f'TINY {expected} runs, engine answers\r\n', '--max-seconds', '60', *args)
        with open('said', encoding='ascii', errors='replace') as f:
            said = f.read()
        self.assertEqual(ran.returncode, 0, said + ran.stderr.decode())
        return said

    def test_the_highest_image_is_installed_and_the_drive_then_left_alone(self):
        self.install()
        stick = e2e.drive({'v1.1 full update of the product.sfb': sfb('new'), 'V12.SFB': sfb('third'), 'notes.txt': b'read me'})
        said = self.boots('third', '--drive', stick)
        self.assertIn('USB drive: V12.SFB, version 1.2.0', said)
        self.assertNotIn('version 1.1.0', said)
        said = self.boots('third', '--drive', stick)
        self.assertNotIn('USB drive', said)

    def test_a_board_without_firmware_gets_it_from_the_drive_of_any_fat(self):
        for fat, size in ((('-F', '12'), '1M'), (('-F', '16'), '16M'), (('-F', '32', '-s', '1'), '40M')):
            shutil.rmtree(self.state)
            self.flash('--load', FIRMWARE + '/boot.elf')
            said = self.boots('new', '--drive', e2e.drive({'a long name.sfb': sfb('new')}, size, fat))
            self.assertIn('USB drive: a long name.sfb, version 1.1.0', said)

    def test_a_refused_file_is_passed_over_for_the_next_best(self):
        self.install()
        bad = bytearray(sfb('third'))
        bad[130] ^= 1
        said = self.boots('new', '--drive', e2e.drive({'best.sfb': bytes(bad), 'good.sfb': sfb('new'),
                                                   'other.sfb': sfb('third', product=0x12345678)}))
        self.assertRegex(said, r'best.sfb, version 1.2.0\s+Refused: ')
        self.assertNotIn('other.sfb', said)

    def test_an_image_that_is_refused_when_it_is_installed_is_not_taken_again(self):
        self.install()
        bad = bytearray(sfb('third'))
        bad[-1] ^= 1
        stick = e2e.drive({'bad.sfb': bytes(bad)})
        said = self.boots('old', '--drive', stick)
        self.assertEqual(said.count('USB drive: bad.sfb'), 1, said)
        self.assertEqual(said.count('HANDLE CRITICAL FAILURE'), 1, said)

    def test_many_bad_files_do_not_keep_the_application_from_starting(self):
        self.install()
        files = {}
        for i in range(9):
            bad = bytearray(sfb('third', minimum=i))
            bad[-1] ^= 1
            files[f'bad{i}.sfb'] = bytes(bad)
        said = self.boots('old', '--drive', e2e.drive(files))
        self.assertEqual(said.count('USB drive: bad'), 6, said)

    def test_no_drive_an_empty_one_and_a_broken_one_are_no_obstacle(self):
        self.install()
        self.assertNotIn('USB', self.boots('old'))
        self.assertNotIn('USB', self.boots('old', '--drive', e2e.drive({})))
        self.assertNotIn('USB', self.boots('old', '--drive', e2e.write('tiny.img', b'')))
        broken = e2e.drive({'v1.sfb': sfb('new')})
        with open(broken, 'r+b') as f:  # the boot sector says that the volume is larger than the device
            f.seek(19)
            f.write(b'\xff\xff')
        self.assertIn('file system is damaged', self.boots('old', '--drive', broken))

    def test_a_drive_that_is_taken_out_while_it_is_read_changes_nothing(self):
        self.install()
        stick = e2e.drive({'v1.sfb': sfb('new')})
        with sim.Sim('--drive', stick, state=self.state) as board:
            board.wait_text('USB drive: v1.sfb')
            board.control('drive eject')
            board.wait_text('Refused: ')
            board.wait_text('TINY old runs, engine answers', fail=['CRITICAL'])
            board.control('drive insert ' + os.path.abspath(stick))
            board.control('power-cycle')
            board.wait_text('TINY new runs, engine answers')

    def test_a_power_cut_while_a_file_is_received_leaves_the_old_application_and_the_update_comes_later(self):
        self.install()
        stick = e2e.drive({'v1.sfb': sfb('new')})
        for n in (1, 2, 40, 400):
            shutil.rmtree('cut', ignore_errors=True)
            shutil.copytree(self.state, 'cut')
            sim.run('--state', 'cut', '--uart', 'none', '--drive', stick, '--cut', f'{n}:torn:{n}', '--max-seconds', '60')
            whole, self.state = self.state, 'cut'
            self.boots('old' if n < 400 else 'new', *(() if n < 400 else ('--drive', stick)))
            self.boots('new', '--drive', stick)
            self.state = whole


unittest.main(verbosity=2)
