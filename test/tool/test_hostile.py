#!/usr/bin/python3
"""Every command, each of its files in turn missing, empty, a folder, cut short, too long, noise or endless, and outputs that cannot be
written: an error that names the file, a documented exit code, nothing left behind. (The parsers under sanitizers: fuzz.*)"""
import os
import random

from tooltest import *

DAMAGES = ('missing', 'empty', 'folder', 'short', 'noise', 'text', 'long')
PROGRAM = os.path.join(BUILD, 'portcullis')
CSV = 'OPTR,0xFBEFF8BB\nPCROP1SR,0xFFFFFFFF\nPCROP1ER,0\nWRP1AR,0xFF01FF00\nWRP1BR,0xFF00FFFF\n'
FW = ('--key', 'fw.key', '--nonce', 'fw.nonce')
IMAGE_KEYS = ('--public-key', 'keys/signing_pub.pem', '--encryption-key', 'keys/encryption_key.bin')
SIGN_KEYS = ('--sign-key', 'keys/signing_key.pem', '--encryption-key', 'keys/encryption_key.bin')
# Each a command that works; words that begin with < are files that it reads, with > those that it writes.
COMMANDS = (
    'keys public <keys/signing_pub.pem', 'keys public <keys/signing_key.pem', 'keys public keys -o >o.pem',
    'keys embed --public-key <keys/signing_pub.pem --encryption-key <keys/encryption_key.bin -o >o.S',
    'image pack --sign-key <keys/signing_key.pem --encryption-key <keys/encryption_key.bin --iv <iv.bin --ledger <ledger.txt '
    '--version 1.0.0 <a.elf -o >o.sfb',
    'image pack --keys keys --no-ledger --version 1.0.0 --partial-from <a.hex <b.srec -o >o.sfb',
    'image patch --keys keys --from-version 1.0.0 <a.bin <b.sfb -o >o.sfbp',
    'image patch --sign-key <keys/signing_key.pem --encryption-key <keys/encryption_key.bin --public-key <keys/signing_pub.pem '
    '<a.sfb <b.sfb -o >o.sfbp',
    'image info <a.sfb', 'image info <ab.sfbp',
    'image verify <a.sfb --public-key <keys/signing_pub.pem --encryption-key <keys/encryption_key.bin',
    'image verify <ab.sfbp --keys keys --base <a.elf', 'image verify <part.sfb --keys keys --base <a.elf',
    'image decrypt <a.sfb --keys keys -o >o.bin', 'image decrypt <ab.sfbp --keys keys --base <a.srec -o >o.bin',
    'image diff <a.elf <b.hex -o >o.bin',
    'image merge --boot <boot.elf --image <a.sfb --keys keys -o >o.hex', 'image merge --boot <boot.elf --image <a.sfb --keys keys -o >o.bin',
    'image sha256 <a.elf -o >o.tag', 'image encrypt --iv <iv.bin --encryption-key <keys/encryption_key.bin <a.elf -o >o.enc',
    'image header --version 1.0.0 --iv <iv.bin <a.elf -o >o.hdr', 'image header --tag <a.tag --size 1008 --version 1.0.0 --iv <iv.bin -o >o.hdr',
    'image sign --sign-key <keys/signing_key.pem <a.hdr -o >o.hdr', 'image sign --keys keys <a.sfb -o >o.sfb',
    'image assemble <a.signed <a.enc -o >o.sfb',
    'delta make <a.elf <b.elf -o >o.delta', 'delta apply <a.elf <ab.delta -o >o.bin', 'delta info <ab.delta --from-size 1008',
    'sfi pack --firmware <fw.elf --module <m.smi --key <fw.key --nonce <fw.nonce --option-bytes <ob.csv --ledger <nonces.txt --version 1 '
    '--device stm32l462ce -o >o.sfi',
    'sfi module <a.srec --key <fw.key --nonce <m.nonce --version 1 --no-ledger -o >o.smi',
    'sfi info <a.sfi --key <fw.key --nonce <fw.nonce', 'sfi info <m.smi', 'sfi info <fw.elf --device stm32l462ce',
    'size-report --boot <boot.elf <a.elf',
    'program install <a.sfi --port tcp:127.0.0.1:1 --licence <a.lic --wait 1',
    'program write <a.elf --port tcp:127.0.0.1:1 --wait 1',
    'program -c port=tcp:127.0.0.1:1 -sfi protocol=static <a.sfi hsm=0 <a.lic',
)


def damaged(path, how):
    """The name of a damaged copy of a file, in a folder of its own so that nothing else is beside it."""
    if how == 'endless':
        return '/dev/zero'
    name = os.path.join('damage', how, os.path.basename(path))
    os.makedirs(os.path.dirname(name), exist_ok=True)
    data = read(path) if os.path.isfile(path) else b'PCLI' + bytes(196)
    noise = random.Random(path + how)
    if how == 'folder':
        os.makedirs(name, exist_ok=True)
    elif how != 'missing':
        write(name, {'empty': b'', 'short': data[:max(1, len(data) * 2 // 3)], 'noise': noise.randbytes(len(data)),
                     'text': b'This is not what you want.\n' * 40, 'long': data + noise.randbytes(3 << 20)}[how])
        os.chmod(name, 0o600)
    return name


def may_succeed(words, path, how):
    """What is no damage: an ELF says itself where it ends, 16 random bytes are a good key, a ledger begins empty, a raw binary is anything,
    and `info` shows what there is."""
    name = os.path.basename(path)
    return (how == 'long' and name.endswith('.elf') or how in ('missing', 'empty') and name in ('ledger.txt', 'nonces.txt')
            or how == 'noise' and name.endswith(('.key', '.nonce', '.bin', '.tag', '.enc'))
            or how in ('short', 'text', 'long') and name in ('a.bin', 'b.bin') or 'info' in words and how in ('short', 'long'))


class Hostile(ToolTest):
    @classmethod
    def setUpClass(cls):
        do('keys', 'new', 'keys')
        for name, seed in (('a', 1), ('b', 2)):
            body = app(900) + app(100, seed=seed)
            elf(name + '.elf', [(ACTIVE, body)])
            write(name + '.bin', body)
            sh('srec_cat', name + '.bin', '-binary', '-offset', hex(ACTIVE), '-o', name + '.hex', '-intel')
            sh('srec_cat', name + '.bin', '-binary', '-offset', hex(ACTIVE), '-o', name + '.srec', '-motorola')
            do('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', f'1.0.{seed}', name + '.elf', '-o', name + '.sfb')
        do('image', 'pack', '--keys', 'keys', '--no-ledger', '--version', '1.0.2', '--partial-from', 'a.elf', 'b.elf', '-o', 'part.sfb')
        do('image', 'patch', '--keys', 'keys', 'a.sfb', 'b.sfb', '-o', 'ab.sfbp')
        elf('boot.elf', [(BOOT, b'boot' * 10)])
        elf('fw.elf', [(0x08001000, app(1000, base=0x08001000))])
        for name, data in (('iv.bin', bytes(range(16))), ('fw.key', bytes(range(16))), ('fw.nonce', bytes(12)), ('m.nonce', bytes(range(12))),
                           ('ob.csv', CSV.encode()), ('ledger.txt', b'# nothing yet\n'), ('nonces.txt', b''), ('a.lic', b'PCLI' + bytes(196))):
            write(name, data)
            os.chmod(name, 0o600)
        do('image', 'sha256', 'a.elf', '-o', 'a.tag')
        do('image', 'encrypt', '--iv', 'iv.bin', '--keys', 'keys', 'a.elf', '-o', 'a.enc')
        do('image', 'header', '--version', '1.0.0', '--iv', 'iv.bin', 'a.elf', '-o', 'a.hdr')
        do('image', 'sign', '--keys', 'keys', 'a.hdr', '-o', 'a.signed')
        do('delta', 'make', 'a.elf', 'b.elf', '-o', 'ab.delta')
        do('sfi', 'module', 'a.bin@0x08040000', '--key', 'fw.key', '--nonce', 'm.nonce', '--version', '1', '--no-ledger', '-o', 'm.smi')
        do('sfi', 'pack', '--firmware', 'fw.elf', *FW, '--option-bytes', 'ob.csv', '--version', '1', '--device', 'stm32l462ce', '--no-ledger',
           '-o', 'a.sfi')

    def refused_cleanly(self, args, name, allowed):
        before = sorted(os.listdir('.'))
        r = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if r.returncode == 0:
            self.assertTrue(allowed, args)
            for made in set(os.listdir('.')) - set(before):
                os.remove(made)
        else:
            self.assertIn(r.returncode, (1, 2, 3), (args, r.stderr))
            self.assertTrue(allowed or name in r.stderr, (args, r.stderr))
            self.assertTrue(r.stderr.startswith('portcullis '), r.stderr)
        self.assertEqual(sorted(os.listdir('.')), before, args)

    def test_every_file_of_every_command(self):
        for line in COMMANDS:
            words = line.split()
            plain = [w.lstrip('<>') for w in words]
            for at, word in enumerate(words):
                for how in DAMAGES if word[0] == '<' else ():
                    path = damaged(plain[at], how)
                    self.refused_cleanly(plain[:at] + [path] + plain[at + 1:], path, may_succeed(words, path, how))
                for to in ('/dev/full', 'keys', 'no/where/' + plain[at], 'a.elf/' + plain[at]) if word[0] == '>' else ():
                    self.refused_cleanly(plain[:at] + [to] + plain[at + 1:], to, False)

    def test_an_endless_file_is_given_up(self):
        for line in ('image info <', 'image sha256 <', 'keys public <', 'sfi info <', 'image pack --keys keys --version 1.0.0 -o o.sfb a.elf --ledger <',
                     'delta info --from-size 8 <'):
            self.refused_cleanly(line[:-1].split() + ['/dev/zero'], '/dev/zero', False)

    def test_an_answer_that_cannot_be_written_is_an_error(self):
        for line in ('image info a.sfb', 'image info a.sfb --json', 'sfi info a.sfi --json', 'board list', 'board show', 'version v1.2.3', '--help',
                     'image pack --help', 'delta info ab.delta --from-size 1008'):
            with open('/dev/full', 'w') as full:
                r = subprocess.run([PROGRAM, *line.split()], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(r.returncode, 3, line)
            self.assertIn('cannot write the answer: No space left', r.stderr, line)

    def test_a_ledger_that_is_not_understood_stops_the_packing(self):
        good = '1.0.7 product 0x4c343736 image 1 tag ' + 'ab' * 32 + '\n'
        pack = ('image', 'pack', '--keys', 'keys', '--ledger', 'mine.txt', '--version', '1.0.8', 'a.elf')
        for bad in ('<<<<<<< HEAD\n', '1.0.7 product 0x4c343736 image 1 tag ' + 'ab' * 20, good[:-1], good[:-2] + '\n', '1.0.7\n'):
            write('mine.txt', ('# a comment\n\n' + good + bad).encode())
            self.refused(3, 'mine.txt:4: not a line of this ledger', *pack, out='o.sfb')
        write('mine.txt', ('# a comment\n\n' + good).encode())
        self.ok(*pack, '-o', 'o.sfb')
        self.refused(1, 'already used', *pack[:-2], '1.0.7', 'a.elf', out='x.sfb')
        os.remove('o.sfb')


main()
