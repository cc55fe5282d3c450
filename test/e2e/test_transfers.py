#!/usr/bin/python3
"""Transfers that go wrong, over the wire: truncated, too long, interrupted, damaged, out of order, plain garbage,
power gone. The running application survives all of them, nothing half received is ever installed, and a good
transfer works afterwards."""
import random

import e2e
from e2e import version

LOST = 'File not correctly received'


class Transfers(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        a = e2e.clear_image('userapp-a')
        cls.b = e2e.clear_image('userapp-b')
        e2e.write('a.sfb', e2e.sfb(a, version(1)))
        # Large enough to be interrupted in the middle: the application, then what it does not need.
        cls.large = e2e.sfb(cls.b + random.Random(7).randbytes(6000), version(1, 1))
        e2e.write('b.sfb', cls.large)
        e2e.write('truncated.sfb', cls.large[:-16])
        e2e.write('longer.sfb', cls.large + bytes(16))
        e2e.write('oversize.sfb', cls.large.ljust(e2e.SLOT + 512, b'\0'))
        e2e.write('garbage.sfb', random.Random(8).randbytes(20000))
        e2e.write('text.sfb', b'hello\n')
        e2e.write('empty.sfb', b'')
        e2e.with_application('running-a', 'a.sfb')
        e2e.blank('blank')

    def board(self, state):
        board = e2e.Board(e2e.copy(state, self.id()))
        self.addCleanup(board.close)
        return board

    def application(self):
        board = self.board('running-a')
        board.menu()
        return board

    def reason(self, board):
        board.wait_text('Download refused: ')
        return board.wait_text('\r\n').decode().strip()

    def no_candidate(self, board):
        """What was received is not installed: A runs after a reset. Then a good transfer works."""
        self.assertEqual(board.page(e2e.DOWNLOAD), b'\xff' * e2e.PAGE)
        mark = len(board.text)
        board.control('reset')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        board.menu()
        self.assertNotIn('INSTALL', board.since(mark))
        self.good_transfer(board)

    def good_transfer(self, board):
        board.app_waits()
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_a_file_that_cannot_be_right_is_refused_before_anything_is_erased(self):
        board = self.application()
        before = board.work()
        for name, words in (('truncated', 'no firmware file'), ('longer', 'no firmware file'),
                            ('oversize', 'FW too big'),
                            ('garbage', 'no firmware file'), ('text', 'no firmware file'),
                            ('empty', 'no firmware file')):
            with self.subTest(file=name):
                board.app_waits()
                self.assertNotEqual(board.sb(name + '.sfb', check=False), 0)
                self.assertIn(words, self.reason(board))
                board.menu()
                self.assertEqual(board.work(), before, 'the flash was touched')
        self.good_transfer(board)

    def test_the_boot_loader_refuses_them_too(self):
        board = self.board('blank')
        board.loader_waits()
        before = board.work()
        for name, words in (('truncated', 'Firmware header authentication error'), ('oversize', 'FW too big'),
                            ('garbage', 'Firmware header authentication error')):
            with self.subTest(file=name):
                mark = len(board.text)
                self.assertNotEqual(board.sb(name + '.sfb', check=False), 0)
                board.loader_waits()
                self.assertIn('Last execution status before Reboot was: ' + words, board.since(mark))
                self.assertEqual(board.work(), before, 'the flash was touched')
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_a_sender_that_falls_silent_leaves_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:7168])
        board.send(e2e.packet(8, self.large[7168:8192])[:500])  # and half a packet
        self.assertEqual(self.reason(board), LOST)
        self.assertIn('The slot holds no image now.', board.wait_text('Selection :').decode())
        self.no_candidate(board)

    def test_a_sender_that_falls_silent_is_told_at_the_next_boot(self):
        board = self.board('blank')
        board.loader_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:5120])
        mark = len(board.text)
        board.loader_waits()
        self.assertIn('Last execution status before Reboot was: ' + LOST, board.since(mark))
        board.sb('b.sfb')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_a_sender_that_cancels_leaves_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:4096])
        board.send(b'\x18' * 8 + b'\b' * 8)  # as sb does when it is interrupted
        self.assertEqual(self.reason(board), 'cancelled by the sender')
        board.menu()
        self.no_candidate(board)

    def test_less_than_announced_leaves_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:-1024])
        self.assertRaises(e2e.Refused, sender.end)
        self.assertEqual(self.reason(board), LOST)
        board.menu()
        self.no_candidate(board)

    def test_more_than_announced_leaves_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        self.assertRaises(e2e.Refused, sender.data, self.large + bytes(2048))
        self.assertEqual(self.reason(board), LOST)
        board.menu()
        self.no_candidate(board)

    def test_packets_out_of_order_leave_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:2048])
        for _ in range(2):
            board.send(e2e.packet(4, self.large[3072:4096]))
            sender.expect(e2e.NAK)
        board.send(e2e.packet(4, self.large[3072:4096]))
        self.assertRaises(e2e.Refused, sender.answer)
        self.assertEqual(self.reason(board), LOST)
        board.menu()
        self.no_candidate(board)

    def test_repeated_and_damaged_packets_are_repaired(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        for number, at in enumerate(range(0, len(self.large), 1024), 1):
            good = e2e.packet(number, self.large[at:at + 1024])
            if number % 5 == 1:
                board.send(good[:700] + bytes([good[700] ^ 8]) + good[701:])
                sender.expect(e2e.NAK)
            board.send(good)
            sender.expect(e2e.ACK)
            if number % 4 == 0:
                board.send(good)
                sender.expect(e2e.ACK)
        sender.end()
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_a_second_file_in_the_batch_does_not_undo_the_first(self):
        board = self.application()
        board.app_waits()
        self.assertNotEqual(board.sb('b.sfb', 'a.sfb', check=False), 0)
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_garbage_on_the_line_changes_nothing(self):
        noise = random.Random(9)
        board = self.board('blank')
        board.loader_waits()
        before = board.work()
        for _ in range(5):
            board.send(noise.randbytes(3000))
        while True:  # until the line is quiet: only then a sender can be understood
            board.wait_text('C')
            if board.text.endswith(b'C') and not board._receive(e2e.sim.time.monotonic() + 0.7):
                break
        self.assertEqual(board.work(), before)
        board.sb('a.sfb')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        board.menu()
        before = board.work()
        for _ in range(3):  # no 1 and no 4 among it: nothing that is a wish
            board.send(bytes(b for b in noise.randbytes(3000) if b not in b'14'))
        board.send('7')
        board.wait_text('Invalid selection')
        self.assertEqual(board.work(), before)

    def test_a_power_cut_during_the_transfer_leaves_the_running_application(self):
        board = self.application()
        board.app_waits()
        sender = e2e.Sender(board)
        sender.begin(len(self.large))
        sender.data(self.large[:7168])
        board.control('power off')
        board.control('power on')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        board.menu()
        self.no_candidate(board)


e2e.main()
