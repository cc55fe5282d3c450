#!/usr/bin/python3
"""The example of a transport of one's own: scripts/send-update to an application that listens on its second UART, over a line that
is good, bad, or cut."""
import importlib.machinery
import importlib.util
import os
import random
import subprocess

import e2e
from e2e import version

SENDER = e2e.SOURCE + '/scripts/send-update'
loader = importlib.machinery.SourceFileLoader('send_update', SENDER)
send_update = importlib.util.module_from_spec(importlib.util.spec_from_loader('send_update', loader))
loader.exec_module(send_update)


class Bad:
    """A line that damages, loses and repeats."""

    def __init__(self, line, seed):
        self.line, self.random = line, random.Random(seed)

    def send(self, data):
        kind = self.random.randrange(8)
        data = bytearray(data)
        if kind == 0:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        elif kind == 1:
            data = data[:self.random.randrange(len(data))]
        elif kind == 2:
            data = data + data
        self.line.send(bytes(data))

    def receive(self, seconds):
        data = self.line.receive(seconds)
        return b'' if self.random.randrange(10) == 0 else data


class Wire(e2e.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        e2e.write('a.sfb', e2e.sfb(e2e.clear_image('userapp-a'), version(1)))
        cls.b = e2e.sfb(e2e.clear_image('userapp-b'), version(1, 1))
        e2e.write('b.sfb', cls.b)
        e2e.with_application('running-a', 'a.sfb')

    def board(self):
        self.line = os.path.abspath(self.id())
        board = e2e.Board(e2e.copy('running-a', self.id() + '.board'), '--uart2', '1=pty:' + self.line)
        self.addCleanup(board.close)
        board.menu()
        return board

    def listen(self, board):
        board.send('6')
        board.wait_text('x to leave')

    def sender(self, *args):
        return subprocess.run([SENDER, self.line, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                              check=False)

    def test_an_update_now(self):
        board = self.board()
        self.listen(board)
        mark = len(board.text)
        done = self.sender('b.sfb')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn(f'{len(self.b)} bytes sent; the firmware that took them is 1.0.0', done.stdout)
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        self.assertIn('Complete: installed now', board.since(mark))
        self.assertIn('Installation requested by the application.', board.since(mark))

    def test_an_update_at_the_next_reset(self):
        board = self.board()
        self.listen(board)
        mark = len(board.text)
        self.assertEqual(self.sender('b.sfb', '--next-reset', '--chunk', '100', '--quiet').returncode, 0)
        board.wait_text('installed at the next reset')
        board.menu()
        self.assertNotIn('[SBOOT]', board.since(mark))
        board.control('power off')  # the wish is in flash
        board.control('power on')
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])
        self.assertNotIn('requested', board.since(mark))

    def test_a_refused_file_says_why_and_costs_nothing(self):
        board = self.board()
        self.listen(board)
        before = board.work()
        e2e.write('old.sfb', e2e.sfb(e2e.clear_image('userapp-b'), version(0, 9)))
        flipped = bytearray(self.b)
        flipped[140] ^= 1
        e2e.write('flipped.sfb', bytes(flipped))
        for name, words in (('old', 'anti-rollback'), ('flipped', 'header authentication')):
            done = self.sender(name + '.sfb', '--quiet')
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
        self.assertEqual(board.work(), before)
        board.send('x')
        board.wait_text('Left.')
        board.menu()

    def test_what_cannot_be_opened_is_named(self):
        e2e.write('plain', b'')
        for line, name, words in (('tcp:127.0.0.1:x', 'plain', 'tcp:127.0.0.1:x: must be tcp:HOST:PORT'), ('plain', 'plain', 'plain: not a serial port'),
                                  ('absent', 'plain', 'absent: No such file or directory'), ('tcp:127.0.0.1:1', 'plain', 'tcp:127.0.0.1:1: Connection refused'),
                                  ('absent', 'none.sfb', 'none.sfb: No such file or directory')):
            r = subprocess.run([SENDER, line, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((r.returncode, r.stderr), (1, f'send-update: {words}\n'))

    def test_a_bad_line_and_a_sender_that_begins_again(self):
        board = self.board()
        self.listen(board)
        line = send_update.Line(self.line)
        wire = send_update.Wire(line, timeout=0.3, tries=30)
        wire.ask(b'H')
        wire.ask(b'B', b'\1' + len(self.b).to_bytes(4, 'little'))
        wire.ask(b'D', self.b[:1024])
        wire = send_update.Wire(Bad(line, 5), timeout=0.3, tries=30)

        def good_at_the_end(percent):
            # The answer to the last frame cannot be had again: the device restarts behind it.
            if percent >= 100:
                wire.line = line

        wire.update(self.b, chunk=512, progress=good_at_the_end)
        self.assertGreaterEqual(wire.taken, len(self.b))
        board.wait_text('User App #B', fail=['CRITICAL FAILURE'])

    def test_a_power_cut_in_the_middle_leaves_the_running_application(self):
        board = self.board()
        self.listen(board)
        wire = send_update.Wire(send_update.Line(self.line))
        wire.ask(b'H')
        wire.ask(b'B', b'\1' + len(self.b).to_bytes(4, 'little'))
        for at in range(0, len(self.b), 1024):
            wire.ask(b'D', self.b[at:at + 1024])
        mark = len(board.text)
        board.control('power off')  # everything but the wish
        board.control('power on')
        board.wait_text('User App #A', fail=['CRITICAL FAILURE'])
        self.assertNotIn('INSTALL', board.since(mark))


e2e.main()
