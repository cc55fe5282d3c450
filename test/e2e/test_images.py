#!/usr/bin/python3
"""Images whose header is good and whose content, version or protocol decides: made with openssl alone, sent over
the wire. What is not exactly the signed image never runs and never costs the running one."""
import hashlib

import e2e
from e2e import version


def vendor_sfb(image, number, **fields):
    """Protocol 1: a 16-bit version, the rest of the signed part reserved."""
    start = e2e.signed_part(image, 0, bytes(16), protocol=1, version16=number, product=0, **fields)
    return (start + e2e.sign(start)).ljust(512, b'\xff') + e2e.encrypt(image, bytes(16))


class Images(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.a, cls.b = e2e.clear_image('userapp-a'), e2e.clear_image('userapp-b')
        e2e.write('a.sfb', e2e.sfb(cls.a, version(1)))
        e2e.with_application('running-a', 'a.sfb')

    def board(self, state='running-a'):
        board = e2e.Board(e2e.copy(state, self.id()))
        self.addCleanup(board.close)
        board.menu()
        return board

    def send(self, board, content):
        """From the application's menu. True if the transfer was taken."""
        board.app_waits()
        return e2e.Sender(board).file(content)

    def active(self, board):
        pages = -(-len(self.a) // e2e.PAGE) + 1
        return b''.join(board.page(e2e.ACTIVE + i * e2e.PAGE) for i in range(pages))

    def test_a_flipped_bit_in_the_image_costs_nothing_but_the_download(self):
        good = e2e.sfb(self.b, version(1, 1))
        for at in (512, 512 + 15, 512 + 2047, 512 + 2048, 512 + 4100, len(good) - 1):
            with self.subTest(byte=at):
                board = e2e.Board(e2e.copy('running-a', f'flip-{at}'))
                self.addCleanup(board.close)
                board.menu()
                before = self.active(board)
                content = bytearray(good)
                content[at] ^= 0x10
                mark = len(board.text)
                self.assertTrue(self.send(board, bytes(content)), 'only the whole image shows it')
                board.wait_text('User App #A')
                board.menu()
                self.assertNotIn(b'User App #B', board.text)
                self.assertIn('Last execution status before Reboot was: Firmware decryption error', board.since(mark))
                self.assertEqual(self.active(board), before)
                self.assertEqual(board.page(e2e.DOWNLOAD), b'\xff' * e2e.PAGE)
                board.close()

    def test_another_image_under_a_good_header_costs_nothing_but_the_download(self):
        board = self.board()
        other = e2e.sfb(self.b[:-16] + bytes(16), version(1, 1))
        self.assertTrue(self.send(board, e2e.sfb(self.b, version(1, 1))[:512] + other[512:]))
        board.wait_text('User App #A')
        self.assertNotIn(b'User App #B', board.text)

    def test_a_signed_header_with_a_wrong_tag_does_not_run(self):
        board = self.board()
        wrong = hashlib.sha256(b'').digest()
        self.assertTrue(self.send(board, e2e.sfb(self.b, version(1, 1), tag=wrong, partial_tag=wrong)))
        board.wait_text('User App #A')
        self.assertNotIn(b'User App #B', board.text)

    def test_versions_go_up_or_stay(self):
        board = self.board()
        for number, name, image in ((version(1), 'B', self.b), (version(1, 0, 1), 'A', self.a),
                                    (version(1, 0, 1), 'B', self.b), (version(255, 255, 65535), 'A', self.a)):
            mark = len(board.text)
            self.assertTrue(self.send(board, e2e.sfb(image, number)))
            board.wait_text('User App #' + name, fail=['CRITICAL FAILURE'])
            board.menu()
            self.assertIn('Version %d.%d.%d' % (number >> 24, number >> 16 & 255, number & 65535), board.since(mark))
            if number == version(255, 255, 65535):
                break
            before = board.work()
            self.assertFalse(self.send(board, e2e.sfb(image, number - 1)), 'an older one was taken')
            board.menu()
            self.assertEqual(board.work(), before)

    def test_the_boot_loader_takes_no_older_version_either(self):
        board = self.board()
        board.control('button press')
        board.control('reset')
        board.loader_waits()
        board.control('button release')
        mark = len(board.text)
        self.assertFalse(e2e.Sender(board).file(e2e.sfb(self.b, version(0, 9))))
        board.wait_text('User App #A')
        self.assertIn('Firmware version rejected (anti-rollback)', board.since(mark))
        self.assertNotIn(b'User App #B', board.text)

    def test_the_vendors_protocol_is_taken_until_ours_is_active(self):
        board = e2e.Board(e2e.blank('vendor'))
        self.addCleanup(board.close)
        board.loader_waits()
        self.assertTrue(e2e.Sender(board).file(vendor_sfb(self.a, 7)))
        board.wait_text('Version 7\r\n', fail=['CRITICAL FAILURE'])
        board.menu()
        for number, taken in ((6, False), (7, True), (8, True)):
            self.assertEqual(self.send(board, vendor_sfb(self.a, number)), taken)
            if taken:
                board.wait_text('Version %d\r\n' % number, fail=['CRITICAL FAILURE'])
            board.menu()
        self.assertTrue(self.send(board, e2e.sfb(self.b, 8 << 16)))
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        board.menu()
        before = board.work()
        self.assertFalse(self.send(board, vendor_sfb(self.a, 65535)))
        self.assertIn('anti-rollback', board.wait_text('Selection :').decode())
        self.assertEqual(board.work(), before)

    def test_a_damaged_active_image_does_not_run_and_opens_no_door_to_older_ones(self):
        board = self.board()
        word = board.read(e2e.ACTIVE + 0x400, 8)
        board.write(e2e.ACTIVE + 0x400, bytes([word[0] ^ 1]) + word[1:])
        mark = len(board.text)
        board.control('reset')
        board.loader_waits()
        self.assertNotIn('EXECUTE', board.since(mark))
        self.assertIn('Last execution status before Reboot was: Firmware signature check error', board.since(mark))
        before = board.work()
        self.assertFalse(e2e.Sender(board).file(e2e.sfb(self.b, version(0, 9, 9))))
        board.loader_waits()
        self.assertEqual(board.work(), before)
        self.assertTrue(e2e.Sender(board).file(e2e.sfb(self.b, version(1))))
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_code_beyond_the_image_does_not_run(self):
        for at in (len(self.a), e2e.SLOT - 8):
            with self.subTest(offset=at):
                board = e2e.Board(e2e.copy('running-a', f'beyond-{at}'))
                self.addCleanup(board.close)
                board.menu()
                board.write(e2e.ACTIVE + at, b'\xfe\xe7' * 4)
                mark = len(board.text)
                board.control('reset')
                board.loader_waits()
                self.assertNotIn('EXECUTE', board.since(mark))
                self.assertIn('Last execution status before Reboot was: Additional code detected beyond firmware',
                              board.since(mark))
                board.close()


e2e.main()
