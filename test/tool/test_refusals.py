#!/usr/bin/python3
"""What must not become an image: a message that says what and where, the right exit code, and no output file."""
import os
import struct

from tooltest import *


class Refusals(ToolTest):
    @classmethod
    def setUpClass(cls):
        r = run('keys', 'new', 'keys')
        assert r.returncode == 0, r.stderr
        write('app.bin', app())

    def pack_refused(self, code, message, source, *more, version='1.0.0'):
        self.refused(code, message, 'image', 'pack', '--keys', 'keys', '--no-ledger', '--version', version, source,
                     *more, out='out.sfb')

    def test_an_image_must_fit_the_active_slot(self):
        body = app(IMAGE_MAX)
        elf('big.elf', [(ACTIVE, body + b'x')])
        self.pack_refused(1, r'portcullis image pack: big.elf: segment 0x08088000-0x080ff000 does not fit the '
                          r'active slot \(0x08088000, 487424 bytes\)', 'big.elf')
        elf('low.elf', [(ACTIVE - 4, b'xxxx'), (ACTIVE, body[:100])])
        self.pack_refused(1, r'segment 0x08087ffc-0x08088063 does not fit', 'low.elf')
        elf('data.elf', [(ACTIVE, body[:100]), (0x20001800, b'data')])
        self.pack_refused(1, r'segment 0x20001800-0x20001803 does not fit', 'data.elf')
        elf('late.elf', [(ACTIVE + 0x200, body[:100])])
        self.pack_refused(1, r'late.elf: starts at 0x08088200; on nucleo-l476rg an image starts at 0x08088000',
                          'late.elf')
        self.pack_refused(1, r'segment 0x08000000-0x080003e7 does not fit', 'app.bin@0x08000000')
        self.pack_refused(3, r'go beyond the end of the address space', 'app.bin@0xfffffff0')

    def test_overlapping_segments_are_refused(self):
        body = app(400)
        elf('over.elf', [(ACTIVE, body), (ACTIVE + 399, b'xy')])
        self.pack_refused(3, r'over.elf: overlapping segments: 0x08088000-0x0808818f and 0x0808818f-0x08088190',
                          'over.elf')
        sh('srec_cat', 'app.bin', '-binary', '-offset', hex(ACTIVE), '-o', 'once.hex', '-intel')
        once = read('once.hex').splitlines(True)
        write('twice.hex', b''.join(once[:-1] + once[1:]))
        self.pack_refused(3, r'twice.hex: overlapping segments: 0x08088000-', 'twice.hex')

    def test_the_vector_table_must_be_plausible(self):
        for stack, reset, message in ((0x20000C00, None,
                                       r'vector table at 0x08088000: initial stack pointer 0x20000c00 lies in no RAM'),
                                      (0x20018004, None, 'lies in no RAM'), (0, None, 'lies in no RAM'),
                                      (0xFFFFFFFF, None, 'lies in no RAM'),
                                      (0x20018000, ACTIVE + 8, r'reset vector 0x08088008 is no Thumb address'),
                                      (0x20018000, 0x08000009, r'reset vector 0x08000009 is outside the image'),
                                      (0x20018000, ACTIVE + 1008 + 1, 'outside the image'),
                                      (0x20018000, 0xFFFFFFFF, 'outside the image')):
            write('vec.bin', app(1000, stack=stack, reset=reset))
            self.pack_refused(1, message, 'vec.bin')
        for stack in (0x20018000, 0x20001804, 0x10008000):
            write('vec.bin', app(1000, stack=stack))
            self.ok('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', '1.0.0', 'vec.bin', '-o', 'vec.sfb')
        write('data.bin', b'data')
        self.ok('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', '1.0.0', '--no-vectors', 'data.bin',
                '-o', 'vec.sfb')

    def test_versions_that_the_header_cannot_hold_are_refused(self):
        for version, message in (('256.0.0', 'major is larger than 255'), ('1.256.0', 'minor is larger than 255'),
                                 ('1.0.65536', 'patch is larger than 65535'),
                                 ('1.0.99999999999999999999', 'patch is larger'),
                                 ('1.2', 'looks like 1.2.3'), ('1.2.3.4', 'looks like'), ('v1.2.3', 'looks like'),
                                 ('1.2.3-rc1', 'looks like'),
                                 ('', 'looks like'), ('-1.0.0', 'looks like'), ('1..2', 'looks like')):
            self.pack_refused(2, message, 'app.bin', version=version)
        self.pack_refused(2, 'up to 65535', 'app.bin', '--protocol', '1', version='65536')
        self.pack_refused(2, 'plain number', 'app.bin', '--protocol', '1', version='1.2.3')
        self.pack_refused(2, 'hold no product', 'app.bin', '--protocol', '1', '--product', '1', version='1')
        self.pack_refused(2, 'must lie within 1 and 2', 'app.bin', '--protocol', '3')
        self.pack_refused(2, 'is newer than the image itself', 'app.bin', '--minimum-version', '1.0.1')
        self.pack_refused(2, '--minimum-version 300.0.0: major', 'app.bin', '--minimum-version', '300.0.0')
        self.pack_refused(2, '--product 0x100000000: must lie within', 'app.bin', '--product', '0x100000000')
        self.pack_refused(2, '--product L476: not a number', 'app.bin', '--product', 'L476')
        self.pack_refused(2, 'board nucleo-l476rg has 1 image', 'app.bin', '--image', '2')
        self.pack_refused(2, "no board 'toaster'; 'portcullis board list'", 'app.bin', '--board', 'toaster')

    def test_a_version_is_never_given_to_two_images(self):
        write('one.bin', app(seed=1))
        write('two.bin', app(seed=2))
        self.ok('keys', 'new', 'l')
        pack = ('image', 'pack', '--keys', 'l', '--version')
        self.ok(*pack, '1.2.3', 'one.bin', '-o', 'one.sfb')
        self.ok(*pack, '1.2.3', 'one.bin', '-o', 'again.sfb')
        self.refused(1, r'version 1.2.3 of product 0x4c343736 was already used for another image '
                     r'\(tag [0-9a-f]{16}..., in l/packed_versions.txt\); choose a new version, or --force',
                     *pack, '1.2.3', 'two.bin', out='two.sfb')
        self.ok(*pack, '1.2.30', 'two.bin', '-o', 'two.sfb')
        self.ok(*pack, '1.2.3', '--product', '7', 'two.bin', '-o', 'two.sfb')
        self.ok(*pack, '3', '--protocol', '1', 'two.bin', '-o', 'two.sfb')
        lines = [l for l in read('l/packed_versions.txt').decode().splitlines() if not l.startswith('#')]
        self.assertEqual([l.split(' tag ')[0] for l in lines], ['1.2.3 product 0x4c343736 image 1',
                                                                '1.2.30 product 0x4c343736 image 1',
                                                                '1.2.3 product 0x00000007 image 1',
                                                                '3 product 0x00000000 image 1'])
        self.ok(*pack, '1.2.3', '--force', 'two.bin', '-o', 'forced.sfb')
        self.ok(*pack, '1.2.3', 'two.bin', '-o', 'forced.sfb')
        self.ok(*pack, '9.0.0', '--ledger', 'elsewhere.txt', 'two.bin', '-o', 'forced.sfb')
        self.assertIn(b'9.0.0', read('elsewhere.txt'))
        self.refused(3, r'no/where.txt: No such file or directory \(the ledger', *pack, '9.9.9', '--ledger',
                     'no/where.txt', 'two.bin', out='n.sfb')
        self.refused(2, 'contradict', *pack, '9.9.9', '--ledger', 'x', '--no-ledger', 'two.bin', out='n.sfb')
        # Keys given one by one: the ledger lies next to the signing key.
        os.mkdir('aes')
        os.rename('l/encryption_key.bin', 'aes/key.bin')
        self.refused(1, 'already used', 'image', 'pack', '--sign-key', 'l/signing_key.pem', '--encryption-key',
                     'aes/key.bin', '--version', '1.2.30', 'one.bin', out='n.sfb')

    def test_wrong_keys_make_no_image(self):
        self.ok('keys', 'new', 'bad')
        self.ok('keys', 'new', 'good')
        pack = ('image', 'pack', '--version', '1.0.0', 'app.bin')
        write('bad/encryption_key.bin', b'k' * 32)
        self.refused(3, 'bad/encryption_key.bin: 32 bytes; an AES-128 key has 16', *pack, '--keys', 'bad', out='k.sfb')
        write('bad/encryption_key.bin', b'k' * 16)
        write('bad/signing_pub.pem', read('good/signing_pub.pem'))
        self.refused(1, 'bad/signing_pub.pem is not the public half of the signing key', *pack, '--keys', 'bad',
                     out='k.sfb')
        os.chmod('good/signing_key.pem', 0o644)
        self.refused(1, r'good/signing_key.pem: others may read or write this key \(mode 644\)', *pack, '--keys',
                     'good', out='k.sfb')
        self.refused(3, 'missing/encryption_key.bin: No such file', *pack, '--keys', 'missing', out='k.sfb')
        self.refused(2, 'which key. Give --keys DIR or --sign-key', *pack, '--encryption-key',
                     'bad/encryption_key.bin', out='k.sfb')
        self.refused(2, 'which key. Give --keys DIR or --encryption-key', *pack, '--sign-key', 'bad/signing_key.pem',
                     out='k.sfb')
        sh('openssl', 'ecparam', '-name', 'secp256k1', '-genkey', '-noout', '-out', 'k1.pem')
        os.chmod('k1.pem', 0o600)
        self.refused(3, 'k1.pem: a key on curve secp256k1; the scheme needs P-256', *pack, '--keys', 'bad',
                     '--sign-key', 'k1.pem', out='k.sfb')
        write('public.pem', read('good/signing_pub.pem'))
        os.chmod('public.pem', 0o600)
        self.refused(3, 'public.pem: no private key in PEM form', *pack, '--keys', 'bad', '--sign-key', 'public.pem',
                     out='k.sfb')

    def test_files_that_cannot_be_read_or_written_are_named(self):
        self.pack_refused(3, 'absent.elf: No such file or directory', 'absent.elf')
        write('empty.bin', b'')
        self.pack_refused(3, 'empty.bin: is empty', 'empty.bin')
        os.mkdir('folder')
        self.pack_refused(3, 'folder: Is a directory', 'folder')
        elf('x86.elf', [(ACTIVE, app())], machine=62)
        self.pack_refused(3, 'x86.elf: an ELF, but not for 32-bit little-endian ARM', 'x86.elf')
        write('cut.elf', read(elf('whole.elf', [(ACTIVE, app())]))[:700])
        self.pack_refused(3, 'cut.elf: broken ELF: segment 0 lies outside the file', 'cut.elf')
        write('bad.hex', b':020000040808EA\n:10800000000001200980080800000000000000000F\n:00000001FF\n')
        self.pack_refused(3, 'bad.hex:2: checksum is 0f, must be', 'bad.hex')
        self.refused(3, 'no/dir.sfb', 'image', 'pack', '--keys', 'keys', '--no-ledger', '--version', '1.0.0',
                     'app.bin', out='no/dir.sfb')
        self.refused(3, 'absent.sfb: No such file', 'image', 'info', 'absent.sfb')

    def test_a_failed_write_leaves_the_old_file_and_no_ledger_entry(self):
        """A full disk, made with a file size limit."""
        import resource
        import subprocess
        self.ok('keys', 'new', 'f')
        write('kept.sfb', b'old')
        write('large.bin', app(40000))

        def limit():
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
        before = sorted(os.listdir('.'))
        r = run('image', 'pack', '--keys', 'f', '--version', '1.0.0', 'large.bin', '-o', 'kept.sfb', preexec_fn=limit)
        self.assertEqual(r.returncode, 3, r.stderr)
        self.assertIn('kept.sfb: File too large', r.stderr)
        self.assertEqual(read('kept.sfb'), b'old')
        self.assertEqual(sorted(os.listdir('.')), before)
        self.assertNotIn(b'1.0.0', read('f/packed_versions.txt'))

    def test_the_command_line_itself_is_checked(self):
        for args, message in ((('image', 'pack'), '--output FILE is missing'),
                              (('image', 'frobnicate'), "no command 'image frobnicate'"),
                              (('frobnicate',), "no command 'frobnicate'"),
                              (('image', 'info'), 'argument missing: FILE'),
                              (('image', 'info', 'a', 'b'), "unexpected argument 'b'"),
                              (('image', 'info', '--colour'), 'unknown option --colour'),
                              (('image', 'info', 'a', '-x'), 'unknown option -x'),
                              (('image', 'pack', '--version'), '--version needs a value'),
                              (('image', 'pack', '--force=yes'), '--force takes no value'),
                              (('image', 'pack', '--version', '1.0.0', '--version=1.0.1'), '--version is given twice')):
            self.refused(2, message, *args)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run('image').returncode, 2)


main()
