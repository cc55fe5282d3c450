#!/usr/bin/python3
"""FAT reader against dosfstools and mtools: volumes of every FAT width and cluster size, filled by mcopy, read by the
boot loader's code (fatcat, under the sanitizers), compared byte for byte with what mcopy reads back.

usage: images.py FATCAT    (in a directory of its own)"""
import os
import random
import re
import struct
import subprocess
import sys
import unittest

FATCAT = os.path.abspath(sys.argv.pop(1))
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin', LC_ALL='C.UTF-8', MTOOLS_SKIP_CHECK='1')
OK, BLANK = '5ac33ca5', 'e1e10f80'
rng = random.Random(5)


def run(*args, **kwargs):
    done = subprocess.run(args, env=ENV, capture_output=True, **kwargs)
    if done.returncode:
        raise AssertionError(f'{args[0]}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}')
    return done.stdout.decode()


class Volume:
    """An image with a FAT volume, after `start` sectors with a partition table in front if start is not 0."""
    count = 0

    def __init__(self, bits, sectors, cluster_sectors, start=0, *options):
        Volume.count += 1
        self.image = f'v{Volume.count}.img'
        self.folder = f'v{Volume.count}'
        self.at = f'{self.image}@@{start * 512}'
        with open(self.image, 'wb') as f:
            f.truncate((start + sectors) * 512)
            if start:
                f.seek(440)
                f.write(b'DISK\0\0')
                empty = bytes(16)
                other = struct.pack('<B3sB3sII', 0, b'\0\2\0', 0x83, b'\0\3\0', 1, 1)
                kind = {12: 0x01, 16: 0x06, 32: 0x0C}[bits]
                ours = struct.pack('<B3sB3sII', 0x80, b'\xfe\xff\xff', kind, b'\xfe\xff\xff', start, sectors)
                f.write(other + ours + empty + empty + b'\x55\xaa')
        run('mkfs.vfat', '-F', str(bits), '-s', str(cluster_sectors), *options, '--offset', str(start), self.image,
            str(sectors // 2))

    def copy_in(self, *paths):
        for i in range(0, len(paths), 250):
            run('mcopy', '-n', '-i', self.at, *paths[i:i + 250], '::')

    def delete(self, *names):
        run('mdel', '-i', self.at, *['::' + n for n in names])

    def read(self, piece=4096):
        """What the reader finds: {name: (content or None, is_long, attributes)}, and the number of sector reads."""
        out = self.folder + '.ours'
        os.makedirs(out, exist_ok=True)
        lines = run(FATCAT, self.image, str(piece), out).splitlines()
        mount, listing, reads = lines.pop().split()
        assert (mount, listing) == (OK, BLANK), (mount, listing)
        found = {}
        for line in lines:
            number, size, attributes, kind, status, name = line.split(' ', 5)
            assert name not in found, name
            content = None
            if not int(attributes) & 0x10:
                assert status == OK, line
                with open(os.path.join(out, number), 'rb') as f:
                    content = f.read()
                assert len(content) == int(size)
            found[name] = (content, kind == 'long', int(attributes))
        return found, int(reads)

    def mtools_files(self):
        """The same from mcopy."""
        out = self.folder + '.mtools'
        os.makedirs(out, exist_ok=True)
        run('mcopy', '-n', '-m', '-i', self.at, '::*', out)
        files = {}
        for name in os.listdir(out):
            with open(os.path.join(out, name), 'rb') as f:
                files[name] = f.read()
        return files


def make_file(name, size, folder='in'):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.write(rng.randbytes(size))
    return path


class Images(unittest.TestCase):
    def compare(self, volume, expected, piece=4096):
        found, reads = volume.read(piece)
        theirs = volume.mtools_files()
        self.assertEqual(set(theirs), set(expected))
        self.assertEqual({name: f[0] for name, f in found.items() if f[0] is not None}, theirs)
        return found, reads

    def test_every_width_and_cluster_size_with_and_without_partition_table(self):
        clusters = {12: 300, 16: 4500, 32: 66000}
        cases = [(bits, cs, start)
                 for bits, sizes in ((12, (1, 2, 4, 8, 16, 32, 64, 128)), (16, (1, 2, 8, 64)), (32, (1, 4, 64)))
                 for cs in sizes
                 for start in ((0,) if cs not in (1, 64) else (0, 63))]
        for n, (bits, cs, start) in enumerate(cases):
            with self.subTest(bits=bits, cluster=cs * 512, start=start):
                v = Volume(bits, clusters[bits] * cs + (1200 if bits == 32 else 200), cs, start)
                c = cs * 512
                sizes = [0, 1, 511, 512, 513, c - 1, c, c + 1, 3 * c, 2 * c + 700]
                paths = [make_file(f'file {i} of {size}.bin', size) for i, size in enumerate(sizes)]
                v.copy_in(*paths)
                info = run('minfo', '-i', v.at, '::')
                self.assertIn('fats: 2', info)
                self.compare(v, map(os.path.basename, paths), (1000, 512, 4096, 100000)[n % 4])

    def test_fat_types_are_told_by_the_cluster_count(self):
        """At the limits of the specification, 4084 and 4085 clusters, mtools and we must see the same."""
        for bits, clusters, sectors in ((12, 4084, 4092), (16, 4085, 4108), (16, 65524, 65748)):
            with self.subTest(bits=bits, clusters=clusters):
                # mkfs.vfat stays away from the limits: the size of its volume is changed afterwards.
                v = Volume(bits, sectors, 1, 0, '-R', '1', '-f', '1', '-r', '16', '-a')
                os.truncate(v.image, (sectors + 300) * 512)
                with open(v.image, 'r+b') as f:
                    boot = f.read(512)
                    data = 1 + struct.unpack_from('<H', boot, 22)[0] + 1
                    f.seek(19)
                    f.write(struct.pack('<H', data + clusters if data + clusters < 65536 else 0))
                    f.seek(32)
                    f.write(struct.pack('<I', data + clusters if data + clusters >= 65536 else 0))
                # Up to the last cluster of the volume.
                big = make_file('fills', (clusters - 1) * 512)
                small = make_file('last', 512)
                v.copy_in(big, small)
                self.compare(v, ['fills', 'last'], 65536)

    def test_fragmented_files(self):
        for bits, sectors, cs in ((12, 2200, 1), (16, 9000, 2), (32, 67000, 1)):
            with self.subTest(bits=bits):
                v = Volume(bits, sectors, cs)
                c = cs * 512
                names = [f's{i}' for i in range(100)]
                v.copy_in(*[make_file(n, c * (1 + i % 3), 'small') for i, n in enumerate(names)])
                free = (v.free() - 20 * c) if bits != 32 else 0
                if free > 0:  # leave the gaps as the only room
                    v.copy_in(make_file('filler', free // c * c))
                v.delete(*[n for i, n in enumerate(names) if i % 2])
                if bits == 32:  # mtools goes on behind the last cluster used: have it look from the start
                    v.hint_free_cluster(2)
                v.copy_in(make_file('in pieces.sfbp', 40 * c + 77))
                chain = run('mshowfat', '-i', v.at, '::in pieces.sfbp')
                self.assertGreater(chain.count('<'), 8, chain)
                expected = [n for i, n in enumerate(names) if not i % 2] + ['in pieces.sfbp'] + ['filler'] * (free > 0)
                for piece in (1, 333, 65536):
                    self.compare(v, expected, piece)

    def test_long_names(self):
        names = ['a', 'A', 'b.C', 'lower.txt', 'UPPER.TXT', 'Mixed.Txt', 'other.TXT', 'two  spaces.x', '.hidden',
                 'many.dots.in.it.sfbp', 'firmware_v1.2.3_v1.2.4.sfbp', '+,;=[].sfb', 'no extension but long']
        names += ['n' * n for n in (8, 9, 12, 13, 14, 25, 26, 27, 39, 65, 246, 247, 248, 254, 255)]
        names.remove('A')  # the same as 'a' on the drive
        v = Volume(16, 9000, 1)
        v.copy_in(*[make_file(n, 10 + i, 'names') for i, n in enumerate(names)])
        run('mmd', '-i', v.at, '::A folder.sfbp')
        found, _ = self.compare(v, names)
        self.assertIsNone(found['A folder.sfbp'][0])
        self.assertTrue(found['n' * 255][1])
        self.assertFalse(found['UPPER.TXT'][1])

    def test_characters_that_a_terminal_may_not_show_are_question_marks(self):
        v = Volume(12, 2000, 1)
        v.copy_in(make_file('Größe_\u4e2d.sfbp', 5, 'odd'))
        self.assertEqual(set(v.read()[0]), {'Gr??e_?.sfbp'})

    def test_a_volume_label_is_no_file(self):
        v = Volume(12, 2000, 1, 0, '-n', 'LABEL')
        v.copy_in(make_file('one', 5, 'label'))
        self.compare(v, ['one'])

    def test_an_empty_drive(self):
        for bits, sectors in ((12, 2000), (16, 9000), (32, 67000)):
            self.assertEqual(Volume(bits, sectors, 1).read()[0], {})

    def test_a_thousand_files_and_deleted_ones_between(self):
        v = Volume(32, 67000, 1)
        names = [f'P{i:04}.SFB' if i % 8 else f'patch number {i:04} of many.sfbp' for i in range(1100)]
        v.copy_in(*[make_file(n, i % 700, 'many') for i, n in enumerate(names)])
        gone = set(names[5::12])
        v.delete(*gone)
        kept = [n for n in names if n not in gone]
        self.assertGreater(len(kept), 1000)
        _, reads = self.compare(v, kept)
        self.assertLess(reads, 6 * len(kept))


def _free(volume):
    text = run('mdir', '-i', volume.at, '::')
    return int(re.search(r'([\d ]+) bytes free', text).group(1).replace(' ', ''))


def _hint(volume, cluster):
    with open(volume.image, 'r+b') as f:
        f.seek(512 + 492)
        f.write(struct.pack('<I', cluster))


Volume.free = _free
Volume.hint_free_cluster = _hint

if __name__ == '__main__':
    unittest.main()
