#!/usr/bin/python3
"""The factory with a real PC/SC stack: pcscd, vsmartcard's reader, our card behind it, twenty devices and ten installs."""
import os
import sys

from cardstack import *

OPEN = os.path.join(BUILD, 'sfi.open_licence')
ZERO = '00' * 16


class Device:
    def __init__(self, folder, ca='maker'):
        r = run('device', 'make', '--ca', ca, '--device', 'stm32l462ce', '-o', folder)
        assert r.returncode == 0, r.stderr
        self.folder, self.certificate = folder, folder + '/certificate.pem'
        self.public = raw_public(folder + '/device_key.pem', None).hex()

    def open(self, licence, challenge=ZERO, public=None):
        r = subprocess.run([OPEN, licence, self.folder + '/device_key.bin', public or self.public, challenge],
                           stdout=subprocess.PIPE, universal_newlines=True)
        return r.stdout.strip() if r.returncode else bytes.fromhex(r.stdout)


class Factory(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        for ca in ('maker', 'fake'):  # the same name in both certificates
            assert run('device', 'ca', 'new', ca).returncode == 0
        cls.key, cls.nonce = os.urandom(16), b'\0' + os.urandom(11)
        secret('fw.key', cls.key)
        write('fw.nonce', cls.nonce)

    @classmethod
    def tearDownClass(cls):
        cls.stack.end()

    def program(self, maximum, *more, identifier='product 7, 1.0'):
        return ('hsm', 'program', '--identifier', identifier, '--key', 'fw.key', '--nonce', 'fw.nonce', '--maximum',
                maximum, '--ca', 'maker/maker_ca.pem', *more)

    def left(self):
        return self.json('hsm', 'info', '--reader', '1')['left']

    def test_1_twenty_devices_and_ten_installs(self):
        csv()
        elf('app.elf', [(START, l462(5001)), (0x08060000, b'constants')])
        self.ok('sfi', 'pack', '--firmware', 'app.elf', '--key', 'fw.key', '--nonce', 'fw.nonce', '--option-bytes',
                'ob.csv', '--version', '1', '--device', 'stm32l462ce', '-o', 'out.sfi')
        self.stack.insert('card')
        info = self.json('hsm', 'info')
        self.assertEqual((info['state'], info['identifier']), ('virgin', None))
        before = sorted(os.listdir('.'))
        for answer in ('no\n', '', 'yesterday\n', '\n'):
            r = subprocess.run([TOOL, *map(str, self.program(10))], input=answer, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
            self.assertEqual(r.returncode, 1, r.stderr)
            self.assertIn('not confirmed', r.stderr)
        self.assertEqual(sorted(os.listdir('.')), before)
        self.refused(2, '--maximum 0: must lie within', *self.program(0, '--yes'))
        self.refused(2, '1 to 32 printable', *self.program(10, '--yes', identifier='x' * 33))
        self.assertEqual(self.json('hsm', 'info')['state'], 'virgin')
        r = subprocess.run([TOOL, *map(str, self.program(10))], input='yes\n', stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.refused(1, r"personalised for 'product 7, 1.0', with 10 of 10 installs left; for good",
                     *self.program(99, '--yes'))
        info = self.json('hsm', 'info')
        self.assertEqual((info['state'], info['identifier'], info['left'], info['maximum']),
                         ('personalised', 'product 7, 1.0', 10, 10))
        self.assertEqual(os.stat('card').st_mode & 0o777, 0o600)

        devices = [Device(f'device{i}') for i in range(20)]
        self.assertEqual(len({d.public for d in devices}), 20)
        sh('openssl', 'verify', '-CAfile', 'maker/maker_ca.pem', '-x509_strict', *[d.certificate for d in devices])
        licences = 0
        for i, d in enumerate(devices):
            r = run('hsm', 'licence', '--certificate', d.certificate, '-o', f'{i}.lic', '--json')
            if i < 10:
                self.assertEqual(r.returncode, 0, r.stderr)
                self.assertEqual(json.loads(r.stdout)['left'], 9 - i)
                secrets = d.open(f'{i}.lic')
                areas = read_sfi(read('out.sfi'), secrets[:16], secrets[16:])
                self.assertEqual([a[3] for a in areas[:2]], [l462(5001), b'constants'])
                licences += 1
            else:
                self.assertEqual(r.returncode, 1)
                self.assertIn('no count is left on the card', r.stderr)
                self.assertFalse(os.path.exists(f'{i}.lic'))
        self.assertEqual((licences, self.left()), (10, 0))
        # switched off in between, and another process with the same state
        self.assertEqual(subprocess.run([CARD, '--state', 'card', '--port', '1'], stderr=subprocess.PIPE).returncode, 3)
        self.stack.remove()
        self.stack.insert('card')
        self.assertEqual(self.left(), 0)
        self.refused(1, 'no count is left', 'hsm', 'licence', '--certificate', devices[0].certificate, out='x.lic')

        # a licence does nothing on another device, replayed, on a clone, or altered
        good = read('0.lic')
        self.assertEqual(devices[1].open('0.lic'), 'another device')
        self.assertEqual(devices[1].open('0.lic', public=devices[0].public), 'not authentic')
        self.assertEqual(devices[0].open('0.lic', challenge='01' + ZERO[2:]), 'another challenge')
        for at in range(0, 200, 13):
            write('bad.lic', good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
            self.assertIsInstance(devices[0].open('bad.lic'), str, at)
        write('bad.lic', good[:-1])
        self.assertEqual(devices[0].open('bad.lic'), 'no licence')
        # the next licence is another one: nothing in them repeats but the names
        self.assertNotEqual(good[92:], read('1.lic')[92:])
        self.assertNotIn(self.key[:8], b''.join(read(f'{i}.lic') for i in range(10)))
        self.stack.remove()

    def test_2_only_genuine_devices_cost_a_count(self):
        self.stack.insert('card2')
        self.ok(*self.program(3, '--yes'))
        genuine, fake = Device('genuine'), Device('fake1', ca='fake')
        verify = ['openssl', 'verify', '-CAfile', 'maker/maker_ca.pem']
        self.assertEqual([subprocess.run([*verify, d.certificate], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                          .returncode for d in (genuine, fake)], [0, 2])
        self.refused(1, 'was not issued by the maker CA', 'hsm', 'licence', '--certificate', fake.certificate, out='x')
        der = read('genuine/certificate.der')
        at = der.index(bytes.fromhex(genuine.public))
        write('swapped.der', der[:at] + bytes.fromhex(fake.public) + der[at + 64:])
        self.refused(1, 'was not issued by', 'hsm', 'licence', '--certificate', 'swapped.der', out='x')
        self.refused(1, 'was not issued by', 'hsm', 'licence', '--certificate', 'maker/maker_ca.pem', out='x')
        self.refused(3, 'no X.509 certificate', 'hsm', 'licence', '--certificate', 'fw.nonce', out='x')
        self.refused(3, 'none/x', 'hsm', 'licence', '--certificate', genuine.certificate, out='none/x')
        self.refused(2, '32 hexadecimal digits', 'hsm', 'licence', '--certificate', genuine.certificate, '--challenge',
                     '12', out='x')
        self.assertEqual(self.left(), 3)
        challenge = os.urandom(16).hex()
        self.ok('hsm', 'licence', '--certificate', 'genuine/certificate.der', '--challenge', challenge, '-o', 'g.lic')
        self.assertEqual(genuine.open('g.lic'), 'another challenge')
        self.assertEqual(genuine.open('g.lic', challenge), self.key + self.nonce)
        self.assertEqual(self.left(), 2)
        self.stack.remove()

    def test_3_readers_and_strangers(self):
        self.refused(3, 'none of the 2 readers holds a card', 'hsm', 'info')
        self.stack.insert('card3')
        self.stack.insert('card4', slot=2)
        self.refused(2, 'which one', 'hsm', 'info')
        self.assertEqual(self.json('hsm', 'info', '--reader', '2')['state'], 'virgin')
        self.refused(3, '--reader 3: there are 2 readers', 'hsm', 'info', '--reader', '3')
        # a client that is not ours
        answer = sh('opensc-tool', '-r', '0', '-c', 'default', '-s', '00A4040008F050434C53464901', '-s', '80CA000100',
                    '-s', '80CA000200')
        self.assertIn(b'SW1=0x90, SW2=0x00', answer)
        self.assertIn(b'SW1=0x69, SW2=0x85', answer)
        self.stack.remove()
        self.assertEqual(self.json('hsm', 'info')['reader'], 'Virtual PCD 00 01')
        self.stack.remove(2)
        write('card3', b'rubbish')
        r = subprocess.run([CARD, '--state', 'card3'], stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, 3)
        self.assertEqual(read('card3'), b'rubbish')

    def test_4_without_the_service_it_says_so(self):
        os.rename('/run/pcscd/pcscd.comm', '/run/pcscd/hidden')
        try:
            self.refused(3, 'is pcscd running', 'hsm', 'info')
        finally:
            os.rename('/run/pcscd/hidden', '/run/pcscd/pcscd.comm')

    def test_keys_of_ca_and_devices_are_never_overwritten(self):
        self.refused(1, 'maker/maker_ca.pem exists', 'device', 'ca', 'new', 'maker')
        self.refused(3, 'absent/maker_ca.pem', 'device', 'make', '--ca', 'absent', '--device', 'stm32l462ce', out='d')
        self.refused(2, "no device 'x'", 'device', 'make', '--ca', 'maker', '--device', 'x', out='d')
        self.refused(2, '--uid 12: 24 hexadecimal digits', 'device', 'make', '--ca', 'maker', '--device',
                     'stm32l462ce', '--uid', '12', out='d')
        self.ok('device', 'make', '--ca', 'maker', '--device', 'stm32l462ce', '--uid', 'ABCDEF001122334455667788', '-o',
                'uid')
        subject = sh('openssl', 'x509', '-in', 'uid/certificate.pem', '-noout', '-subject', '-ext',
                     'keyUsage,basicConstraints')
        for part in (b'CN = STM32L462CE', b'serialNumber = abcdef001122334455667788', b'Key Agreement', b'CA:FALSE'):
            self.assertIn(part, subject)
        for name, mode in (('device_key.pem', 0o600), ('device_key.bin', 0o600)):
            self.assertEqual(os.stat('uid/' + name).st_mode & 0o777, mode)
        self.refused(1, 'certificate.pem exists', 'device', 'make', '--ca', 'maker', '--device', 'stm32l462ce', '-o',
                     'uid')


main()
