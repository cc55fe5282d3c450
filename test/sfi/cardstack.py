"""A real PC/SC stack for tests: pcscd, vsmartcard's reader, our card behind it.

Who imports this runs in a mount and network namespace of its own: its own /run/pcscd, its own ports."""
import os
import sys

if os.environ.get('PC_SFI_NAMESPACE') is None:
    os.environ['PC_SFI_NAMESPACE'] = '1'
    user = [] if os.getuid() == 0 else ['--user', '--map-root-user']
    os.execvp('unshare', ['unshare', '--mount', '--net', *user, sys.executable, '-B', *sys.argv])

import fcntl
import socket
import time

from sfitest import *

PORT = 0x8C7B
CARD = os.path.join(BUILD, 'portcullis-card_san')


def wait_for(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'no {what} after {seconds} s: ' + run('hsm', 'info').stderr)
        time.sleep(0.02)


class Stack:
    """pcscd with the virtual reader; cards by slot."""

    def __init__(self):
        with socket.socket() as s:
            fcntl.ioctl(s, 0x8914, struct.pack('16sH14s', b'lo', 0x41, b''))  # SIOCSIFFLAGS: lo up and running
        sh('mount', '-t', 'tmpfs', 'none', '/run')
        os.mkdir('/run/pcscd')
        os.mkdir('readers')
        with open('/etc/reader.conf.d/vpcd') as f:  # Debian's own entry for the driver
            entry = f.read()
        write('readers/vpcd', entry.encode())
        self.log = open('pcscd.log', 'wb')
        self.pcscd = subprocess.Popen(['pcscd', '-f', '-e', '-c', os.getcwd() + '/readers'], stdout=self.log,
                                      stderr=self.log)
        wait_for('pcscd', lambda: os.path.exists('/run/pcscd/pcscd.comm'))
        self.cards = {}

    def present(self, slot):
        """What pcscd believes, without touching the card: one that is accessed after it is gone and back before pcscd's
        next look (0.4 s) stays unusable."""
        rows = sh('opensc-tool', '--list-readers').decode().splitlines()
        return any(row.split()[:2] == [str(slot - 1), 'Yes'] for row in rows)

    def insert(self, state, slot=1):
        self.cards[slot] = subprocess.Popen([CARD, '--state', state, '--port', str(PORT + slot - 1)],
                                            stderr=subprocess.PIPE)
        wait_for('card', lambda: self.cards[slot].poll() is None and self.present(slot))

    def remove(self, slot=1):
        card = self.cards.pop(slot)
        card.kill()  # as a power cut
        card.communicate()
        wait_for('empty reader', lambda: not self.present(slot))

    def end(self):
        for slot in list(self.cards):
            self.cards[slot].kill()
            self.cards.pop(slot).communicate()
        self.pcscd.terminate()
        self.pcscd.wait()
        self.log.close()
