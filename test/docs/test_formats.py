#!/usr/bin/python3
"""The tables of docs/format.md and docs/sfi.md, read as they stand, are enough to take our files apart with openssl alone: every field
is where its row says, and every byte of a file belongs to a row."""
import hashlib
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ['PC_SOURCE'], 'test', 'sfi'))
from sfitest import *


def table(page, heading, columns=('offset', 'size')):
    """[(offset, size, text of the row)] of the first table below a heading."""
    text = read(os.path.join(SOURCE, 'docs', page)).decode()
    rows, inside = [], False
    for line in text[text.index('\n' + heading):].splitlines()[2:]:
        cells = [c.strip() for c in line.strip('|').split('|')] if line.startswith('|') else []
        if cells and tuple(cells[:2]) == columns:
            inside = True
        elif inside and not cells:
            break
        elif inside and cells[0].isdigit():
            rows.append((int(cells[0]), int(cells[1]) if cells[1].isdigit() else None, ' '.join(cells[2:]).strip()))
    assert rows, (page, heading)
    return rows


class Layout:
    """Bytes, by the words of the table's rows."""

    def __init__(self, rows, data):
        self.rows, self.data = rows, data

    def __getitem__(self, words):
        found = [(at, size) for at, size, text in self.rows if text.startswith(words)]
        assert len(found) == 1, (words, found)
        at, size = found[0]
        return self.data[at:at + size] if size is not None else self.data[at:]

    def number(self, words):
        return int.from_bytes(self[words], 'little')


def without_gaps(rows, size):
    at = 0
    for offset, length, text in rows:
        if text.startswith('reserved'):  # the rows that follow say what lies in it
            continue
        assert offset == at, (offset, at, text)
        at += length if length is not None else size - at
    return at


class Formats(ToolTest):
    @classmethod
    def setUpClass(cls):
        do('keys', 'new', 'keys')
        cls.aes = read('keys/encryption_key.bin')
        write('old.bin', app(1500))
        write('new.bin', app(1400) + b'something else' * 20)
        pack = ('image', 'pack', '--keys', 'keys', '--no-ledger')
        do(*pack, '--version', '1.2.3', '--product', '0x11223344', 'old.bin', '-o', 'old.sfb')
        do(*pack, '--version', '1.3.515', '--product', '0x11223344', '--minimum-version', '1.1.0', 'new.bin', '-o', 'new.sfb')
        do('image', 'patch', '--keys', 'keys', 'old.sfb', 'new.sfb', '-o', 'a.sfbp')

    def test_the_header_and_the_sfb(self):
        data, clear = read('new.sfb'), read('new.bin')
        clear += b'\xff' * (-len(clear) % 16)
        rows = table('format.md', '## Firmware header')
        self.assertEqual(without_gaps(rows, 320), 320)
        h = Layout(rows, data[:320])
        self.assertEqual(h['magic'], b'SFU1')
        self.assertEqual((h.number('protocol'), h.number('firmware version')), (2, 0x0103))
        self.assertEqual((h.number('firmware size'), h.number('partial offset'), h.number('partial size')), (len(clear), 0, len(clear)))
        self.assertEqual((h['firmware tag'], h['partial tag']), (hashlib.sha256(clear).digest(),) * 2)
        self.assertEqual((h.number('version'), h.number('product'), h.number('minimum version')), (0x01030203, 0x11223344, 0x01010000))
        self.assertEqual((h.number('flags'), h.number('external offset')), (1, 0))
        signed = [at for at, size, text in rows if text.startswith('signature')][0]
        self.assertTrue(openssl_signature_ok('keys/signing_pub.pem', data[:signed], h['signature']))
        self.assertEqual(set(h['image state'] + h['fingerprint']), {0xff})
        files = table('format.md', '## .sfb', ('offset', 'content'))
        self.assertEqual([at for at, _, _ in files], [0, 320, 512])
        self.assertEqual(set(data[320:512]), {0xff})
        self.assertEqual(cbc('-d', self.aes, h['IV'], data[512:]), clear)

    def test_the_sfbp(self):
        data, old, new = read('a.sfbp'), read('old.bin'), read('new.sfb')
        old += b'\xff' * (-len(old) % 16)
        rows = table('format.md', '## .sfbp')
        self.assertEqual(without_gaps(rows, len(data)), len(data))
        h = Layout(rows, data)
        self.assertEqual((h['magic'], h.number('protocol')), (b'SFP1', 2))
        self.assertEqual((h.number('FROM version'), h.number('FROM size'), h['FROM tag']), (0x01020003, len(old), hashlib.sha256(old).digest()))
        self.assertEqual(h['SHA-256 of bytes 0-127 of the TO header'], hashlib.sha256(new[:128]).digest())
        self.assertEqual(h['TO header'], new[:192])
        signed = [at for at, size, text in rows if text.startswith('signature')][0]
        self.assertTrue(openssl_signature_ok('keys/signing_pub.pem', data[:signed], h['signature']))
        clear, size = cbc('-d', self.aes, h['IV of the patch'], h['ciphertext']), h.number('patch size')
        self.assertEqual(len(clear), (size + 15) // 16 * 16)
        self.assertEqual(set(clear[size:]) - {0}, set())
        # What it becomes: the patch in clear, applied
        write('old.clear', old)
        write('patch.delta', clear[:size])
        self.ok('delta', 'apply', 'old.clear', 'patch.delta', '-o', 'to.bin')
        self.assertEqual(read('to.bin'), cbc('-d', self.aes, new[84:100], new[512:]))

    def test_the_sfi(self):
        key, nonce = bytes(range(16)), bytes(range(100, 112))
        secret('fw.key', key)
        write('fw.nonce', nonce)
        write('fw.bin', l462(1001))
        csv()
        self.ok('sfi', 'pack', '--firmware', 'fw.bin@0x08001000', '--key', 'fw.key', '--nonce', 'fw.nonce', '--option-bytes', 'ob.csv', '--version',
                7, '--device', 'stm32l462ce', '--no-ledger', '-o', 'out.sfi')
        data = read('out.sfi')
        header, area = table('sfi.md', '## .sfi, protocol'), table('sfi.md', 'Then the areas')
        size = without_gaps(header, 28)
        h = Layout(header, data[:size])
        self.assertEqual((h['`SFIMAGIC`'], h.number('protocol')), (b'SFIMAGIC', 1))
        self.assertEqual(gcm_open(key, iv_of(nonce, 0), data[:12], b'', h['tag']), b'')
        at, clear = size, []
        for index in range(1, h.number('number of areas') + 1):
            d = Layout(area, data[at:])
            self.assertEqual((d.number('image version'), d.number('index'), d.number('number of areas')), (7, index, h.number('number of areas')))
            end = area[-1][0] + d.number('size of the ciphertext')
            clear.append((d['type'], d.number('load address'),
                          gcm_open(key, iv_of(nonce, index), data[at:at + 14], data[at + area[-1][0]:at + end], d['tag'])))
            at += end
        self.assertEqual(at, len(data))
        options = struct.pack('<5I', *(v for _, v in OPTIONS))
        self.assertEqual(clear, [(b'F', 0x08001000, read('fw.bin')), (b'C', 0, options)])

    def test_the_licence(self):
        """As a device opens it, with openssl: ECDH, HKDF, AES-GCM."""
        sh('openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'device.pem')
        point = raw_public('device.pem', None)
        write('key', bytes(range(16)))
        write('nonce', bytes(range(12)))
        sh(os.path.join(BUILD, 'sfi.make_licence'), point.hex(), 'key', 'nonce', 'a.lic')
        data, rows = read('a.lic'), table('sfi.md', '## Licences')
        self.assertEqual(without_gaps(rows, len(data)), len(data))
        x = Layout(rows, data)
        self.assertEqual((x['`PCLI`'], x.number('version'), x.number('size'), x.number('count left')), (b'PCLI', 1, len(data), 7))
        self.assertEqual(x['firmware identifier'].rstrip(b'\0'), b'test firmware')
        self.assertEqual(x["SHA-256 of the device's public key"], hashlib.sha256(point).digest())
        self.assertEqual(x['challenge'], bytes(16))
        spki = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') + x["the card's ephemeral public key"]
        write('card.der', spki)
        shared = sh('openssl', 'pkeyutl', '-derive', '-inkey', 'device.pem', '-peerkey', 'card.der', '-peerform', 'DER')
        self.assertEqual(len(shared), 32)
        label = re.search(r'the 24 characters `([^`]*)`', read(SOURCE + '/docs/sfi.md').decode()).group(1).encode()
        self.assertEqual(len(label), 24)
        okm = sh('openssl', 'kdf', '-binary', '-keylen', '28', '-kdfopt', 'digest:SHA2-256', '-kdfopt', 'hexkey:' + shared.hex(), '-kdfopt',
                 'hexsalt:' + data[92:156].hex(), '-kdfopt', 'hexinfo:' + (label + data[:92]).hex(), 'HKDF')
        self.assertEqual(gcm_open(okm[:16], okm[16:], data[:156], x['ciphertext of firmware key'], x['tag']), read('key') + read('nonce'))


main()
