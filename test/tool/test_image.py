#!/usr/bin/python3
"""Images: what the tool packs is what openssl and an independent reading of the format find, and vice versa."""
import hashlib
import os
import struct

from tooltest import *


class Image(ToolTest):
    @classmethod
    def setUpClass(cls):
        r = run('keys', 'new', 'keys')
        assert r.returncode == 0, r.stderr
        cls.key = read('keys/encryption_key.bin')
        cls.public = 'keys/signing_pub.pem'

    def pack(self, source, out, version='1.2.3', *more):
        return self.json('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', version, source, '-o', out,
                         *more)

    def test_a_packed_image_is_what_the_format_says(self):
        clear = app(1001)
        write('app.bin', clear)
        answer = self.pack('app.bin', 'app.sfb', '2.200.60000', '--product', '0x12345678', '--minimum-version',
                           '2.100.7')
        padded = clear + b'\xff' * 7
        self.assertEqual(answer['padding'], 7)
        sfb = read('app.sfb')
        self.assertEqual(len(sfb), 512 + len(padded))
        magic, protocol, v16, size, p_offset, p_size = struct.unpack_from('<4sHHIII', sfb)
        self.assertEqual((magic, protocol, v16, size, p_offset, p_size), (b'SFU1', 2, 2 << 8 | 200, 1008, 0, 1008))
        tag = hashlib.sha256(padded).digest()
        self.assertEqual((sfb[20:52], sfb[52:84]), (tag, tag))
        version, product, minimum, flags, external = struct.unpack_from('<5I', sfb, 100)
        self.assertEqual((version, product, minimum, flags, external),
                         (2 << 24 | 200 << 16 | 60000, 0x12345678, 2 << 24 | 100 << 16 | 7, 1, 0))
        self.assertEqual(sfb[120:128], bytes(8))
        self.assertEqual(sfb[192:512], b'\xff' * 320)
        self.assertTrue(openssl_signature_ok(self.public, sfb[:128], sfb[128:192]))
        self.assertEqual(cbc('-d', self.key, sfb[84:100], sfb[512:]), padded)
        self.ok('image', 'verify', 'app.sfb', '--keys', 'keys', '--board', 'nucleo-l476rg')
        self.ok('image', 'decrypt', 'app.sfb', '--keys', 'keys', '-o', 'back.bin')
        self.assertEqual(read('back.bin'), padded)

    def test_the_iv_is_random_unless_it_is_given(self):
        write('iv.bin', bytes(range(16)))
        write('app.bin', app())
        ivs = {self.pack('app.bin', 'r.sfb')['iv'] for _ in range(3)}
        self.assertEqual(len(ivs), 3)
        for iv in ('000102030405060708090a0b0c0d0e0f', 'iv.bin'):
            self.assertEqual(self.pack('app.bin', 'i.sfb', '1.2.3', '--iv', iv)['iv'], bytes(range(16)).hex())
        write('iv.bin', bytes(15))
        self.refused(3, 'iv.bin: 15 bytes; an IV has 16', 'image', 'pack', '--keys', 'keys', '--version', '1.0.0',
                     'app.bin', '--iv',
                     'iv.bin', out='i2.sfb')

    def test_every_input_format_gives_the_same_image(self):
        """objcopy and srec_cat write; the tool reads."""
        clear = app(0x12345 & ~15)  # crosses 64 KiB
        elf('f.elf', [(ACTIVE, clear[:600]), (ACTIVE + 600, clear[600:])])
        write('f.bin', clear)
        sh('arm-none-eabi-objcopy', '-I', 'binary', '-O', 'ihex', '--change-addresses', hex(ACTIVE), 'f.bin', 'f.hex')
        sh('arm-none-eabi-objcopy', '-I', 'binary', '-O', 'srec', '--change-addresses', hex(ACTIVE), 'f.bin', 'f.srec')
        sh('srec_cat', 'f.bin', '-binary', '-offset', hex(ACTIVE), '-o', 'g.hex', '-intel')
        sh('srec_cat', 'f.bin', '-binary', '-offset', hex(ACTIVE), '-o', 'g.srec', '-motorola')
        tag = hashlib.sha256(clear).hexdigest()
        for source in ('f.elf', 'f.bin', 'f.bin@' + hex(ACTIVE), 'f.hex', 'f.srec', 'g.hex', 'g.srec'):
            self.assertEqual(self.pack(source, 'f.sfb')['tag'], tag, source)
            self.assertEqual(self.json('image', 'sha256', source)['tag'], tag, source)

    def test_holes_are_filled_with_ff(self):
        a, b = app(100), b'tail'
        elf('hole.elf', [(ACTIVE, a), (ACTIVE + 140, b)])
        self.assertEqual(self.pack('hole.elf', 'hole.sfb')['tag'],
                         hashlib.sha256(a + b'\xff' * 40 + b + b'\xff' * 0).hexdigest())

    def test_the_largest_image_fits(self):
        write('max.bin', app(IMAGE_MAX))
        self.assertEqual(self.pack('max.bin', 'max.sfb')['size'], IMAGE_MAX)
        self.ok('image', 'verify', 'max.sfb', '--keys', 'keys', '--board', 'nucleo-l476rg')

    def test_images_of_the_vendors_tool_are_accepted(self):
        clear = app(2000)
        iv = bytes(range(100, 116))
        for reserved, fill in ((b'\0' * 28, b'\xff'), (b'\xff' * 28, b'\0')):
            write('vendor.sfb', vendor_sfb('keys/signing_key.pem', self.key, iv, 7, clear, reserved, fill))
            info = self.json('image', 'info', 'vendor.sfb')
            self.assertEqual((info['magic'], info['protocol'], info['version'], info['size'], info['state'],
                              info['complete']),
                             ('SFU1', 1, '7', 2000, 'new', True))
            self.assertEqual((info['iv'], info['tag']), (iv.hex(), hashlib.sha256(clear).hexdigest()))
            self.assertEqual(info['reserved'], reserved.hex())
            self.assertTrue(self.json('image', 'verify', 'vendor.sfb', '--keys', 'keys')['valid'])
            self.assertIn('X-CUBE-SBSFU', self.ok('image', 'info', 'vendor.sfb'))

    def test_protocol_1_is_packed_as_the_vendors_tool_would(self):
        clear, iv = app(2000), bytes(16)
        write('app.bin', clear)
        self.pack('app.bin', 'p1.sfb', '65535', '--protocol', '1', '--iv', iv.hex())
        ours, theirs = read('p1.sfb'), vendor_sfb('keys/signing_key.pem', self.key, iv, 65535, clear)
        self.assertEqual(ours[:128], theirs[:128])
        self.assertEqual(ours[192:288], theirs[192:288])
        self.assertEqual(ours[512:], theirs[512:])
        self.assertTrue(openssl_signature_ok(self.public, ours[:128], ours[128:192]))

    def test_every_header_field_is_shown(self):
        write('app.bin', app(64))
        answer = self.pack('app.bin', 'shown.sfb', '1.2.3', '--minimum-version', '1.0.0')
        sfb = read('shown.sfb')
        info = self.json('image', 'info', 'shown.sfb')
        self.assertEqual(info, {
            'file': 'shown.sfb', 'magic': 'SFU1', 'image': 1, 'protocol': 2, 'version': '1.2.3', 'size': 64,
            'partial_offset': 0, 'partial_size': 64, 'product': '0x4c343736', 'minimum_version': '1.0.0', 'flags': 1,
            'external_offset': 0, 'tag': answer['tag'], 'partial_tag': answer['tag'], 'iv': answer['iv'],
            'reserved': sfb[100:128].hex(), 'signature_r': sfb[128:160].hex(), 'signature_s': sfb[160:192].hex(),
            'state': 'new', 'fingerprint': 'ff' * 32, 'payload_size': 64, 'complete': True})
        text = self.ok('image', 'info', 'shown.sfb')
        for word in ('1.2.3', '"L476"', answer['tag'], answer['iv'], info['signature_r'], info['signature_s'],
                     'state            new'):
            self.assertIn(word, text)

    def test_states_and_fingerprints_are_named(self):
        write('app.bin', app(64))
        self.pack('app.bin', 's.sfb')
        sfb = read('s.sfb')
        fields = {'new': (255, 255, 255), 'selftest': (255, 255, 0), 'valid-all': (255, 0x55, 0), 'valid': (255, 0, 0),
                  'invalid': (0, 0, 0), 'torn': (0, 255, 255)}
        for name, (a, b, c) in fields.items():
            state = bytes([a]) * 32 + bytes([b]) * 32 + bytes([c]) * 32
            write('t.sfb', sfb[:192] + state + bytes([1]) * 32 + sfb[320:])
            info = self.json('image', 'info', 't.sfb')
            self.assertEqual((info['state'], info['fingerprint']), (name, '01' * 32))

    def test_one_bit_flipped_anywhere_is_refused(self):
        write('app.bin', app(64))
        self.pack('app.bin', 'whole.sfb')
        sfb = read('whole.sfb')
        for at in [*range(0, 192, 5), *range(512, len(sfb), 13), len(sfb) - 1]:
            broken = bytearray(sfb)
            broken[at] ^= 1 << at % 8
            write('broken.sfb', broken)
            r = run('image', 'verify', 'broken.sfb', '--keys', 'keys')
            self.assertIn(r.returncode, (1, 3), f'offset {at}: {r.stdout}{r.stderr}')
            self.assertRegex(r.stderr, "signature is not|not match the header's tag|header:|not a firmware image",
                             f'offset {at}')

    def test_verify_says_why(self):
        write('app.bin', app(64))
        self.pack('app.bin', 'v.sfb')
        self.ok('keys', 'new', 'others')
        self.refused(1, "signature is not this key's", 'image', 'verify', 'v.sfb', '--keys', 'others')
        answer = self.json('image', 'verify', 'v.sfb', '--keys', 'others', code=1)
        self.assertEqual(answer['valid'], False)
        self.assertIn('signature', answer['reason'])
        self.refused(1, 'does not match the header.s tag', 'image', 'verify', 'v.sfb', '--public-key', self.public,
                     '--encryption-key',
                     'others/encryption_key.bin')
        sfb = read('v.sfb')
        write('short.sfb', sfb[:-16])
        self.refused(1, 'holds 48 bytes of image after offset 512; its header says 64', 'image', 'verify', 'short.sfb',
                     '--keys', 'keys')
        write('long.sfb', sfb + b'\0')
        self.refused(1, 'holds 65 bytes', 'image', 'verify', 'long.sfb', '--keys', 'keys')
        self.refused(1, 'long.sfb', 'image', 'decrypt', 'long.sfb', '--keys', 'keys', out='clear.bin')
        for name, data, message in (('tiny.sfb', sfb[:319], '319 bytes; a firmware header alone has 320'),
                                    ('junk.sfb', b'x' * 400, 'no magic'),
                                    ('empty.sfb', b'\xff' * 512, 'no magic'),
                                    ('size.sfb', sfb[:8] + b'\1' + sfb[9:], 'no multiple of 16'),
                                    ('proto.sfb', sfb[:4] + b'\3' + sfb[5:], 'neither 1 nor 2'),
                                    ('flags.sfb', sfb[:112] + b'\2' + sfb[113:], 'unknown flags'),
                                    ('two.sfb', sfb[:103] + b'\x09' + sfb[104:], 'contradict'),
                                    ('zero.sfb', sfb[:120] + b'\x09' + sfb[121:], '120-127'),
                                    ('part.sfb', sfb[:12] + b'\x10' + sfb[13:], 'partial range')):
            write(name, data)
            self.refused(3, f'{name}: .*{message}', 'image', 'verify', name, '--keys', 'keys')
            self.refused(3, message, 'image', 'info', name)

    def test_step_by_step_gives_the_same_file(self):
        write('app.bin', app(1000))
        write('iv.bin', b'0123456789abcdef')
        self.pack('app.bin', 'once.sfb', '3.2.1', '--iv', 'iv.bin')
        self.ok('image', 'sha256', 'app.bin', '-o', 'app.tag')
        self.ok('image', 'encrypt', '--keys', 'keys', '--iv', 'iv.bin', 'app.bin', '-o', 'app.enc')
        self.ok('image', 'header', 'app.bin', '--version', '3.2.1', '--iv', 'iv.bin', '-o', 'a.hdr')
        self.ok('image', 'header', '--tag', 'app.tag', '--size', '1008', '--version', '3.2.1', '--iv', 'iv.bin', '-o',
                'b.hdr')
        self.assertEqual(read('a.hdr'), read('b.hdr'))
        self.ok('image', 'sign', '--keys', 'keys', 'a.hdr', '-o', 'a.signed')
        self.ok('image', 'assemble', 'a.signed', 'app.enc', '-o', 'steps.sfb')
        once, steps = read('once.sfb'), read('steps.sfb')
        self.assertEqual(once[:128] + once[192:], steps[:128] + steps[192:])
        self.ok('image', 'verify', 'steps.sfb', '--keys', 'keys')
        self.ok('image', 'header', 'app.bin', '--version', '3.2.1', '--iv', 'iv.bin', '--state', 'valid', '-o', 'v.hdr')
        self.assertEqual(self.json('image', 'info', 'v.hdr')['state'], 'valid')
        self.ok('keys', 'new', 'production')
        self.ok('image', 'sign', '--keys', 'production', 'once.sfb', '-o', 'resigned.sfb')
        self.ok('image', 'verify', 'resigned.sfb', '--public-key', 'production/signing_pub.pem', '--encryption-key',
                'keys/encryption_key.bin')
        write('other.enc', read('app.enc')[16:])
        self.refused(1, 'other.enc: 992 bytes; the header in a.signed says 1008', 'image', 'assemble', 'a.signed',
                     'other.enc', out='x.sfb')
        self.refused(2, '--iv is missing', 'image', 'encrypt', '--keys', 'keys', 'app.bin', out='x.enc')
        self.refused(2, '--tag and --size are needed', 'image', 'header', '--version', '3.2.1', '--iv', 'iv.bin',
                     out='x.hdr')
        self.refused(2, 'must be a multiple of 16', 'image', 'header', '--tag', 'app.tag', '--size', '1001',
                     '--version', '3.2.1', '--iv',
                     'iv.bin', out='x.hdr')

    def test_diff_finds_the_changed_range(self):
        old = app(4000)
        new = old[:1005] + b'##########' + old[1015:3000] + b'!' + old[3001:]
        write('old.bin', old)
        write('new.bin', new)
        self.assertEqual(self.json('image', 'diff', 'old.bin', 'new.bin', '-o', 'range.bin'),
                         {'old_size': 4000, 'new_size': 4000, 'offset': 992, 'size': 2016})
        self.assertEqual(read('range.bin'), new[992:992 + 2016])
        answer = self.json('image', 'diff', 'old.bin', 'new.bin', '--align', '512')
        self.assertEqual((answer['offset'], answer['size']), (512, 2560))
        write('longer.bin', old + b'more')
        answer = self.json('image', 'diff', 'old.bin', 'longer.bin')
        self.assertEqual((answer['offset'], answer['size']), (4000, 16))
        write('shorter.bin', old[:3200])
        answer = self.json('image', 'diff', 'old.bin', 'shorter.bin')
        self.assertEqual((answer['offset'], answer['size']), (3184, 16))
        self.assertEqual(self.json('image', 'diff', 'old.bin', 'old.bin')['size'], 0)
        self.refused(1, 'do not differ', 'image', 'diff', 'old.bin', 'old.bin', out='none.bin')
        self.refused(2, 'multiple of 16', 'image', 'diff', 'old.bin', 'new.bin', '--align', '24')

    def test_a_partial_image_holds_the_changed_range_and_both_tags(self):
        old = app(4000)
        new = old[:1000] + b'#' * 100 + old[1100:] + b'x' * 32
        new = new[:2000] + old[2000:4000] + b'x' * 32
        write('old.bin', old)
        write('new.bin', new)
        answer = self.pack('new.bin', 'part.sfb', '1.2.4', '--partial-from', 'old.bin')
        offset, size = answer['partial_offset'], answer['partial_size']
        self.assertEqual((offset, size, answer['size']), (992, 4032 - 992, 4032))
        sfb = read('part.sfb')
        self.assertEqual(sfb[20:52], hashlib.sha256(new).digest())
        self.assertEqual(sfb[52:84], hashlib.sha256(new[offset:offset + size]).digest())
        self.assertEqual(cbc('-d', self.key, sfb[84:100], sfb[512:]), new[offset:offset + size])
        self.ok('image', 'verify', 'part.sfb', '--keys', 'keys', '--base', 'old.bin')
        self.assertIn('not checked', self.ok('image', 'verify', 'part.sfb', '--keys', 'keys'))
        write('other.bin', app(4000, seed=9))
        self.refused(1, 'does not give the image', 'image', 'verify', 'part.sfb', '--keys', 'keys', '--base', 'other.bin')
        self.refused(3, 'not named like a raw binary', 'image', 'verify', 'part.sfb', '--keys', 'keys', '--base', 'part.sfb')
        write('flipped.sfb', sfb[:-1] + bytes([sfb[-1] ^ 1]))
        self.refused(1, "does not match the header's tag", 'image', 'verify', 'flipped.sfb', '--keys', 'keys')
        theirs = vendor_sfb('keys/signing_key.pem', self.key, bytes(16), 9, new, partial=(offset, size))
        write('vpart.sfb', theirs)
        self.ok('image', 'verify', 'vpart.sfb', '--keys', 'keys', '--base', 'old.bin')
        self.refused(1, 'do not differ: there is nothing to pack', 'image', 'pack', '--keys', 'keys', '--version',
                     '1.2.5', '--partial-from',
                     'old.bin', 'old.bin', out='none.sfb')

    def test_boards_come_from_their_memory_maps(self):
        names = [b['name'] for b in self.json('board', 'list')]
        self.assertEqual(sorted(names), sorted(d for d in os.listdir(SOURCE + '/board')
                                               if os.path.exists(f'{SOURCE}/board/{d}/map.h')))
        board = self.json('board', 'show', 'nucleo-l476rg')
        self.assertEqual((board['boot']['base'], board['images'][0]['active'], board['images'][0]['image_max']),
                         ('0x08000000', hex(ACTIVE).replace('0x', '0x0'), IMAGE_MAX))
        self.assertIn('0x08088000', self.ok('board', 'show', 'nucleo-l476rg'))
        self.refused(2, "no board 'nucleo'", 'board', 'show', 'nucleo')


main()
