#!/usr/bin/python3
"""Headers that must not be believed, over the wire: flipped bits, and every field at its extremes under a good
signature (made by openssl). Nothing is erased, nothing is programmed, nothing else ever runs, and the refusal is
told in words."""
import random

import e2e
from e2e import version

DAMAGED = 'no firmware file, or its header is damaged'
SIGNATURE = 'Firmware header authentication error'
TOO_BIG = 'FW too big'
PRODUCT = 'firmware for another product'
PARTIAL = 'partial images are not in this build'
VERSION = 'Firmware version rejected (anti-rollback)'

# Fields with a good signature, and what the application says. UserApp A, version 1.0.0, is running.
EXTREMES = (
    ({'magic': b'SFU2'}, DAMAGED),
    ({'magic': b'SFU3'}, DAMAGED),
    ({'magic': b'SFU0'}, DAMAGED),
    ({'magic': b'SFU4'}, DAMAGED),
    ({'magic': b'\xff\xff\xff\xff'}, DAMAGED),
    ({'magic': bytes(4)}, DAMAGED),
    ({'protocol': 0}, DAMAGED),
    ({'protocol': 3}, DAMAGED),
    ({'protocol': 0xFFFF}, DAMAGED),
    ({'protocol': 1}, VERSION),  # protocol 2 is active
    ({'version16': 0}, DAMAGED),
    ({'version16': 0xFFFF}, DAMAGED),
    ({'size': 0}, DAMAGED),
    ({'size': 1}, DAMAGED),
    ({'size': 15}, DAMAGED),
    ({'size': e2e.SLOT + 16, 'partial_size': e2e.SLOT + 16}, TOO_BIG),
    ({'size': 0x7FFFFFF0, 'partial_size': 0x7FFFFFF0}, TOO_BIG),
    ({'size': 0x80000000, 'partial_size': 0x80000000}, TOO_BIG),
    ({'size': 0xFFFFFFF0, 'partial_size': 0xFFFFFFF0}, TOO_BIG),
    ({'size': 0xFFFFFFFF, 'partial_size': 0xFFFFFFFF}, DAMAGED),
    ({'size': 0x10000}, PARTIAL),
    ({'size': 0x10000, 'partial_offset': 0x8000}, PARTIAL),
    ({'partial_offset': 16}, DAMAGED),
    ({'partial_offset': 0x80000000}, DAMAGED),
    ({'partial_offset': 0xFFFFFFF0}, DAMAGED),
    ({'partial_offset': 0xFFFFFFFF}, DAMAGED),
    ({'partial_size': 0}, DAMAGED),
    ({'partial_size': 8}, DAMAGED),
    ({'partial_size': 0xFFFFFFF0}, DAMAGED),
    ({'partial_offset': 32, 'partial_size': 0xFFFFFFE0}, DAMAGED),
    ({'version': version(0, 255, 65535), 'version16': 255}, VERSION),
    ({'version': 0, 'version16': 0}, VERSION),
    ({'product': 1}, PRODUCT),
    ({'product': 0xFFFFFFFF}, PRODUCT),
    ({'product': e2e.PRODUCT ^ 1}, PRODUCT),
    ({'flags': 2}, DAMAGED),
    ({'flags': 0x80000000}, DAMAGED),
    ({'flags': 0xFFFFFFFF}, DAMAGED),
    ({'external': 0xFFFFFFFF}, DAMAGED),
    ({'external': 0x7FFFFFFF}, DAMAGED),
    ({'zero': bytes(7) + b'\1'}, DAMAGED),
    ({'zero': b'\xff' * 8}, DAMAGED),
)


class Headers(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.b = e2e.clear_image('userapp-b')
        e2e.write('a.sfb', e2e.sfb(e2e.clear_image('userapp-a'), version(1)))
        cls.good = e2e.sfb(cls.b, version(1, 1))
        e2e.with_application('running-a', 'a.sfb')
        e2e.blank('blank')

    def board(self, state):
        board = e2e.Board(e2e.copy(state, self.id()))
        self.addCleanup(board.close)
        return board

    def refused_by_application(self, board, content, announced=None):
        """The reason that the application gives. No flash operation, and the menu is there again."""
        before = board.work()
        board.app_waits()
        self.assertFalse(e2e.Sender(board).file(content, announced), 'not refused')
        board.wait_text('Download refused: ')
        words = board.wait_text('\r\n').decode().strip()
        self.assertNotIn('no image now', board.wait_text('Selection :').decode())
        self.assertEqual(board.work(), before, 'the flash was touched')
        return words

    def still_runs_a(self, board):
        board.control('reset')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        board.menu()
        self.assertNotIn(b'User App #B', board.text)
        self.assertEqual(board.page(e2e.DOWNLOAD), self.header_page, 'the download slot')

    def start(self):
        board = self.board('running-a')
        board.menu()
        # Something lies in the download slot's header page that must stay: whatever it was before.
        self.header_page = board.page(e2e.DOWNLOAD)
        return board

    def test_a_flipped_bit_in_what_is_signed_is_refused(self):
        board = self.start()
        bits = random.Random(1)
        for at in range(0, 192, 3):
            header = bytearray(self.good)
            header[at] ^= 1 << bits.randrange(8)
            with self.subTest(byte=at):
                self.assertIn(self.refused_by_application(board, bytes(header)),
                              (DAMAGED, SIGNATURE, PRODUCT, TOO_BIG) if at < 128 else (SIGNATURE,))
        self.still_runs_a(board)

    def test_a_field_at_its_extremes_is_refused_even_if_signed(self):
        board = self.start()
        for fields, words in EXTREMES:
            with self.subTest(fields=fields):
                content = e2e.sfb(self.b, version(1, 1), **fields)
                self.assertEqual(self.refused_by_application(board, content), words)
        self.still_runs_a(board)

    def test_a_signature_by_another_key_is_refused(self):
        board = self.start()
        e2e.sh('openssl', 'ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', 'other.pem')
        start = self.good[:128]
        der = e2e.sh('openssl', 'dgst', '-sha256', '-sign', 'other.pem', data=start)
        content = start + e2e.raw_signature(der) + self.good[192:]
        self.assertEqual(self.refused_by_application(board, content), SIGNATURE)
        # Signatures that mathematics, not the key, has to refuse: r or s zero, equal to the group's order, or all ones.
        order = bytes.fromhex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
        for r in (bytes(32), order, b'\xff' * 32, self.good[128:160]):
            for s in (bytes(32), order, b'\xff' * 32):
                with self.subTest(r=r.hex(), s=s.hex()):
                    self.assertEqual(self.refused_by_application(board, start + r + s + self.good[192:]), SIGNATURE)
        self.still_runs_a(board)

    def test_the_boot_loader_refuses_and_remembers_why(self):
        board = self.board('blank')
        board.loader_waits()
        before = board.work()
        flipped = bytearray(self.good)
        flipped[130] ^= 4
        for content, words in ((bytes(flipped), SIGNATURE), (b'\xff' * 4096, SIGNATURE), (bytes(4096), SIGNATURE),
                               (e2e.sfb(self.b, version(1), product=1), SIGNATURE),
                               (e2e.sfb(self.b, version(1), size=0x7FFFFFF0, partial_size=0x7FFFFFF0), TOO_BIG)):
            with self.subTest(words=words):
                mark = len(board.text)
                self.assertFalse(e2e.Sender(board).file(content), 'not refused')
                board.loader_waits()
                self.assertEqual(board.states(mark)[:2], ['HANDLE CRITICAL FAILURE', 'REBOOT STATE MACHINE'])
                self.assertIn('Last execution status before Reboot was: ' + words, board.since(mark))
                self.assertEqual(board.work(), before, 'the flash was touched')
        self.assertTrue(e2e.Sender(board).file(self.good), 'a good one is taken afterwards')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_with_no_valid_image_an_older_version_is_taken(self):
        board = self.board('blank')
        board.loader_waits()
        self.assertTrue(e2e.Sender(board).file(e2e.sfb(self.b, 0)))
        board.wait_text('Version 0.0.0', fail=['CRITICAL FAILURE'])

    def test_what_is_not_signed_is_not_believed(self):
        """States and fingerprint as of an installed, validated image; the filling behind the header holds anything."""
        board = self.start()
        content = self.good[:192] + b'\xff' * 32 + bytes(64) + b'\x5a' * 32 + b'\xa5' * 192 + self.good[512:]
        board.app_waits()
        self.assertTrue(e2e.Sender(board).file(content))
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])


e2e.main()
