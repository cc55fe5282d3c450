#!/usr/bin/python3
"""Patches between programs that a compiler made: the families of test/delta/firmware, the small ones here (bench/delta measures
the large ones), through the command line, and decoded by the ARM decoder on the simulator."""
import json
import os
import subprocess
import sys
import unittest

SOURCE, BUILD, ARM = (os.environ[name] for name in ('PC_SOURCE', 'PC_BUILD', 'PC_ARM'))
sys.path.insert(0, SOURCE + '/test/delta/firmware')
sys.path.insert(0, SOURCE + '/test/delta')
import samples  # noqa: E402
import second  # noqa: E402

TOOL = BUILD + '/portcullis'


def run(*command, code=0):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def padded(path):
    return read(path) + b'\xff' * (-os.path.getsize(path) % 16)


class Firmware(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        samples.make('.', list(samples.TEST_PAIRS) + ['grown', 'm0-release', 'recorder-clang'])

    def pair(self, name, *options):
        told = json.loads(run(TOOL, 'delta', 'make', *options, f'{name}.from', f'{name}.to', '-o', f'{name}.delta', '--json'))
        self.assertEqual(told['size'], os.path.getsize(f'{name}.delta'))
        run(TOOL, 'delta', 'apply', f'{name}.from', f'{name}.delta', '-o', f'{name}.applied')
        self.assertEqual(read(f'{name}.applied'), padded(f'{name}.to'))
        return told

    def test_small_programs(self):
        for name in samples.TEST_PAIRS:
            told = self.pair(name)
            self.assertEqual(told['mode'], 'patch')
            run('bsdiff', f'{name}.from', f'{name}.to', 'bsdiff')
            self.assertLess(told['size'], os.path.getsize('bsdiff'), name)

    def test_load_addresses_are_found_and_may_be_told(self):
        told = self.pair('grown', '--effort', '1')
        self.assertEqual((told['from_address'], told['to_address']), ('0x08010000', '0x08010000'))
        again = self.pair('grown', '--effort', '1', '--from-address', '0x08010000', '--to-address', '0x08010000')
        self.assertEqual(again['size'], told['size'])

    def test_the_arm_decoder_gives_the_same(self):
        for name in ('grown', 'm0-release', 'recorder-clang'):  # the last: another compiler
            self.pair(name, '--effort', '1')
            for side in ('from', 'to'):
                with open(f'{name}.{side}.padded', 'wb') as f:
                    f.write(padded(f'{name}.{side}'))
            for chunk in ('1', '64', '1000000'):
                told = json.loads(run(BUILD + '/bench-decode', ARM + '/delta-decode.bin', f'{name}.from.padded', f'{name}.delta',
                                      f'{name}.to.padded', chunk))
                self.assertLessEqual(told['state'] + told['stack'], 4096)

    def test_a_second_implementation_written_from_the_page_gives_the_same(self):
        for name in list(samples.TEST_PAIRS) + ['m0-release']:
            self.pair(name, '--effort', '1')
            decoder = second.Decoder(padded(f'{name}.from'), read(f'{name}.delta'))
            self.assertEqual(decoder.run(), padded(f'{name}.to'), name)

    def test_in_place(self):
        """Each pair, with little scratch and with much; the command applies as a device does, over the old pages."""
        for name in list(samples.TEST_PAIRS) + ['m0-release']:
            plain = self.pair(name, '--effort', '1')
            largest = max(os.path.getsize(f'{name}.{side}') for side in ('from', 'to'))
            for page, scratch, spare in ((256, 5, 2),) if name not in samples.TEST_PAIRS else ((256, 1, 0), (256, 5, 2), (2048, 2, 1), (2048, 8, 0)):
                slot = (-(-largest // page) + spare) * page
                told = self.pair(name, '--effort', '1', '--in-place', '--page-size', str(page), '--slot-size', str(slot), '--scratch',
                                 str(scratch), '--patch-area', '100000')
                self.assertLessEqual(told['in_place']['scratch'], scratch)
                self.assertLessEqual(told['in_place']['shift'], (slot - os.path.getsize(f'{name}.from')) // page)
                self.assertGreaterEqual(told['size'], plain['size'])
                if name in samples.TEST_PAIRS:
                    decoder = second.Decoder(padded(f'{name}.from'), read(f'{name}.delta'))
                    self.assertEqual(decoder.run(), padded(f'{name}.to'), (name, page, scratch))

    def test_in_place_is_refused_when_it_cannot_be(self):
        board = ('--in-place', '--page-size', '2048', '--slot-size', '0x20000', '--scratch', '8')
        make = (TOOL, 'delta', 'make', '--effort', '1', 'tiny-o2.from', 'tiny-o2.to', '-o', 'never')
        self.assertIn('patch area takes 16', run(*make, *board, '--patch-area', '2256', code=1))
        self.assertIn('does not fit', run(*make, '--in-place', '--page-size', '256', '--slot-size', '1024', '--scratch', '8', '--patch-area', '8192', code=1))
        self.assertIn('--in-place', run(*make, '--scratch', '8', code=2))
        self.assertIn('--in-place takes', run(*make, *board, code=2))
        self.assertIn('no patches in place', run(*make, '--in-place', '--board', 'nucleo-l476rg', code=1))
        self.assertFalse(os.path.exists('never'))

    def test_a_useless_source_gives_the_compressed_image_and_says_so(self):
        with open('none.bin', 'wb') as f:
            f.write(os.urandom(16))
        text = run(TOOL, 'delta', 'make', 'none.bin', 'tiny-grown.to', '-o', 'image.delta')
        self.assertIn('compressed image', text)
        self.assertIn('compressed image', run(TOOL, 'delta', 'info', 'image.delta'))
        run(TOOL, 'delta', 'apply', 'tiny-grown.from', 'image.delta', '-o', 'image.applied')
        self.assertEqual(read('image.applied'), padded('tiny-grown.to'))

    def test_refusals_say_why_and_write_nothing(self):
        self.pair('tiny-grown')
        patch = bytearray(read('tiny-grown.delta'))
        for at in range(len(patch)):
            damaged = bytes(patch[:at]) + bytes([patch[at] ^ 0x10]) + bytes(patch[at + 1:])
            with open('damaged.delta', 'wb') as f:
                f.write(damaged)
            text = run(TOOL, 'delta', 'apply', 'tiny-grown.from', 'damaged.delta', '-o', 'never', code=1)
            self.assertIn('damaged.delta: ', text)
            self.assertFalse(os.path.exists('never'))
        self.assertIn('multiple of 256', run(TOOL, 'delta', 'make', 'tiny-grown.from', 'tiny-grown.to', '--from-address', '12', '-o',
                                             'never', code=2))
        self.assertIn('--from-size', run(TOOL, 'delta', 'info', 'tiny-grown.delta', code=2))


if __name__ == '__main__':
    unittest.main()
