#!/usr/bin/python3
"""Signed patches on the PC: what the tool makes is what openssl and an independent reading of the format find; what is wrong is
refused with the reason."""
import hashlib
import os

from tooltest import *


class Patch(ToolTest):
    @classmethod
    def setUpClass(cls):
        r = run('keys', 'new', 'keys')
        assert r.returncode == 0, r.stderr
        write('old.bin', app(4096))
        write('new.bin', app(2048) + b'something new    ' + app(4096)[2048:])
        for name, version in (('old', '1.0.0'), ('new', '1.1.0')):
            r = run('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', version, f'{name}.bin', '-o', f'{name}.sfb')
            assert r.returncode == 0, r.stderr
        r = run('image', 'patch', '--keys', 'keys', '--iv', '00' * 16, 'old.sfb', 'new.sfb', '-o', 'made.sfbp')
        assert r.returncode == 0, r.stderr

    def test_the_file_is_as_the_format_says(self):
        data, new = read('made.sfbp'), read('new.sfb')
        self.assertEqual(data[:8], b'SFP1\x02\0\0\0')
        size = int.from_bytes(data[8:12], 'little')
        self.assertEqual(len(data), 384 + (size + 15) // 16 * 16)
        self.assertEqual(int.from_bytes(data[12:16], 'little'), 0x01000000)
        old = read('old.bin') + b'\xff' * (-os.path.getsize('old.bin') % 16)
        self.assertEqual(int.from_bytes(data[16:20], 'little'), len(old))
        self.assertEqual(data[20:52], hashlib.sha256(old).digest())
        self.assertEqual(data[52:84], hashlib.sha256(new[:128]).digest())
        self.assertEqual(data[84:128], bytes(44))
        self.assertEqual(data[192:384], new[:192])
        clear = sh('openssl', 'enc', '-d', '-aes-128-cbc', '-nopad', '-K', read('keys/encryption_key.bin').hex(), '-iv', '00' * 16,
                   input=data[384:])
        self.assertEqual(clear[0], 0xD0)
        self.assertEqual(clear[size:], bytes(len(clear) - size))

    def test_it_verifies_and_gives_the_new_firmware(self):
        self.ok('image', 'verify', 'made.sfbp', '--keys', 'keys', '--base', 'old.bin')
        self.ok('image', 'decrypt', 'made.sfbp', '--keys', 'keys', '--base', 'old.bin', '-o', 'out.bin')
        self.ok('image', 'decrypt', 'new.sfb', '--keys', 'keys', '-o', 'whole.bin')
        self.assertEqual(read('out.bin'), read('whole.bin'))
        told = self.json('image', 'info', 'made.sfbp')
        self.assertEqual((told['from_version'], told['to']['version']), ('1.0.0', '1.1.0'))

    def test_without_an_old_firmware_it_is_the_compressed_image(self):
        said = self.ok('image', 'patch', '--keys', 'keys', 'new.sfb', '-o', 'compressed.sfbp')
        self.assertIn('not smaller than new.sfb', said)  # noise
        self.assertEqual(read('compressed.sfbp')[12:52], bytes(40))
        self.ok('image', 'decrypt', 'compressed.sfbp', '--keys', 'keys', '-o', 'out.bin')
        self.ok('image', 'decrypt', 'new.sfb', '--keys', 'keys', '-o', 'whole.bin')
        self.assertEqual(read('out.bin'), read('whole.bin'))
        self.assertEqual(run('image', 'patch', '--keys', 'keys', '--from-version', '1.0.0', 'new.sfb', '-o', 'never').returncode, 2)

    def test_a_clear_old_firmware_needs_its_version(self):
        r = run('image', 'patch', '--keys', 'keys', 'old.bin', 'new.sfb', '-o', 'never')
        self.assertEqual(r.returncode, 2)
        self.assertIn('--from-version', r.stderr)
        self.ok('image', 'patch', '--keys', 'keys', '--iv', '00' * 16, '--from-version', '1.0.0', 'old.bin', 'new.sfb', '-o',
                'again.sfbp')
        self.assertEqual(read('again.sfbp')[:128], read('made.sfbp')[:128])
        self.assertEqual(read('again.sfbp')[384:], read('made.sfbp')[384:])

    def test_damage_and_wrong_bases_are_refused(self):
        data = read('made.sfbp')
        for at in (0, 9, 25, 60, 90, 110, 130, 200, 330, 390, len(data) - 1):
            write('bad.sfbp', data[:at] + bytes([data[at] ^ 4]) + data[at + 1:])
            self.assertIn(run('image', 'verify', 'bad.sfbp', '--keys', 'keys', '--base', 'old.bin').returncode, (1, 3), at)
        for bad in (data[:-1], data + b'\0', data[:384]):
            write('bad.sfbp', bad)
            self.assertEqual(run('image', 'verify', 'bad.sfbp', '--keys', 'keys', '--base', 'old.bin').returncode, 1)
        self.assertEqual(run('image', 'verify', 'made.sfbp', '--keys', 'keys', '--base', 'new.bin').returncode, 1)
        self.assertEqual(run('image', 'verify', 'made.sfbp', '--keys', 'keys').returncode, 2)
        r = run('image', 'patch', '--keys', 'keys', 'new.sfb', 'old.sfb', '-o', 'never')
        self.assertEqual(r.returncode, 1)
        self.assertIn('older', r.stderr)
        self.assertFalse(os.path.exists('never'))


if __name__ == '__main__':
    unittest.main()
