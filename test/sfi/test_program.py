#!/usr/bin/python3
"""The production programmer against real devices (ARM code on simulated STM32L462s) and a card behind a real PC/SC stack."""
import os
import sys

from cardstack import *  # first: it moves to a namespace of its own

import select
import threading

from devicekit import *


class Running:
    """A device that runs until its firmware does; its line is for the programmer."""

    def __init__(self, device, *args, until=RUNS, **options):
        self.device = device
        self.sim = device.on('--until', until, '--transcript', device.state + '.said', *args, uart='tcp:0', **options)
        self.ports = [f'tcp:{u["host"]}:{u["port"]}' for u in self.sim.where['uarts']]
        self.port = self.ports[0]

    def runs(self):
        """It ends by itself when its firmware has started."""
        code = self.sim.wait(60)
        self.sim.close()
        return code == 0

    def end(self):
        self.sim.close()


class Lossy:
    """A line that loses the n-th byte in each of these places, once each: (to the device?, n)."""

    def __init__(self, port, losses):
        host, number = port.split(':')[1:]
        self.losses = set(losses)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = 'tcp:127.0.0.1:%d' % self.listener.getsockname()[1]
        self.device = socket.create_connection((host, int(number)))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        host = self.listener.accept()[0]
        count = {host: 0, self.device: 0}
        while True:
            for s in select.select([host, self.device], [], [])[0]:
                try:
                    data = s.recv(4096)
                except OSError:
                    data = b''
                if not data:
                    host.close()
                    return
                lost = {i for i in range(len(data)) if (s is host, count[s] + i) in self.losses}
                self.losses -= {(s is host, count[s] + i) for i in lost}
                kept = bytes(b for i, b in enumerate(data) if i not in lost)
                count[s] += len(data)
                (self.device if s is host else host).sendall(kept)

    def end(self):
        self.thread.join()
        self.listener.close()
        self.device.close()


class Program(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.sfi, cls.clear = image(6000)
        maker()
        secret('fw.key', KEY)
        write('fw.nonce', NONCE)
        cls.device = Device('one')

    @classmethod
    def tearDownClass(cls):
        cls.stack.end()

    def card(self, state, maximum):
        self.stack.insert(state)
        self.addCleanup(self.stack.remove)
        self.ok('hsm', 'program', '--identifier', 'product 7, 1.0', '--key', 'fw.key', '--nonce', 'fw.nonce', '--maximum', maximum,
                '--ca', 'maker/maker_ca.pem', '--yes')

    def left(self):
        return self.json('hsm', 'info')['left']

    def running(self, name, *args, device=None, **options):
        r = Running((device or self.device).fresh(name), *args, **options)
        self.addCleanup(r.end)
        return r

    def test_1_twenty_devices_a_count_of_ten_and_one_line_that_is_dead(self):
        self.card('card', 10)
        devices = [Device(f'd{i}') for i in range(20)]
        running = [self.running(f'd{i}.run', device=d) for i, d in enumerate(devices)]
        ports = [p for r in running for p in ('--port', r.port)]
        r = run('program', 'install', 'out.sfi', *ports, '--port', 'tcp:127.0.0.1:1', '--devices', 21, '--log', 'factory.log', '--json')
        self.assertEqual(r.returncode, 3, r.stderr)
        report = json.loads(r.stdout)
        self.assertEqual((report['installed'], report['failed'], report['counts_spent'], report['left']), (10, 11, 10, 0))
        done = [d['installed'] for d in report['devices'][:20]]
        for i, d in enumerate(report['devices'][:20]):
            self.assertEqual(d['count_spent'], d['installed'])
            if not d['installed']:
                self.assertIn('no count is left', d['error'])
        self.assertEqual([running[i].runs() for i in range(20) if done[i]], [True] * 10)
        self.assertEqual(len({d['uid'] for d in report['devices'][:20]}), 20)
        sh('openssl', 'verify', '-CAfile', 'maker/maker_ca.pem', '-x509_strict', *[f'd{i}/certificate.pem' for i in range(20)])
        log = read('factory.log').decode().splitlines()
        self.assertEqual(len(log), 22)
        self.assertEqual(sum('licence issued' in line for line in log), 10)
        self.assertIn('21 devices, 10 installed, 11 failed, 10 counts spent, card 10 before, 0 after', log[-1])
        self.assertEqual(self.left(), 0)

    def test_2_the_vendors_words_a_certificate_and_a_licence_file(self):
        self.card('card2', 2)
        device = self.running('words')
        self.assertIn('1 of 1 installed', self.ok('program', '-c', f'port={device.port}', 'br=115200', '-sfi', 'protocol=static', 'out.sfi',
                                                  'hsm=1', 'slot=1'))
        self.assertTrue(device.runs())
        device = self.running('words2')
        self.ok('program', '-c', f'port={device.port}', '-gc', 'chip.der')
        self.assertEqual(read('chip.der'), self.device.certificate)
        sh('openssl', 'x509', '-inform', 'der', '-in', 'chip.der', '-out', 'chip.pem')
        sh('openssl', 'verify', '-CAfile', 'maker/maker_ca.pem', 'chip.pem')
        self.ok('hsm', 'licence', '--certificate', 'chip.der', '-o', 'chip.lic')
        self.assertEqual(self.left(), 0)
        self.ok('program', '-c', f'port={device.port}', '-sfi', 'protocol=static', 'out.sfi', 'hsm=0', 'chip.lic')
        self.assertTrue(device.runs())

    def test_3_a_line_that_loses_bytes_costs_time_and_no_second_count(self):
        self.card('card3', 1)
        device = self.running('lossy')
        # In the certificate, in a chunk, in the answer to one, and in a command code.
        line = Lossy(device.port, [(False, 300), (True, 2500), (False, 1100), (True, 5100)])
        self.addCleanup(line.end)
        r = run('program', 'install', 'out.sfi', '--port', line.port, '--retries', 5)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertEqual(line.losses, set())
        self.assertTrue(device.runs())
        self.assertEqual(self.left(), 0)

    def test_4_a_device_that_lost_its_power_takes_its_licence_again(self):
        self.card('card4', 1)
        os.mkdir('issued')
        device = self.running('cut', '--cut', '300:torn:7', '--stay', until='never')
        r = run('program', 'install', 'out.sfi', '--port', device.port, '--licences', 'issued')
        self.assertNotEqual(r.returncode, 0)
        self.assertEqual(self.left(), 0)
        device.end()
        again = Running(device.device)
        self.addCleanup(again.end)
        self.assertIn('licence at hand', self.ok('program', 'install', 'out.sfi', '--port', again.port, '--licences', 'issued'))
        self.assertTrue(again.runs())

    def test_5_over_spi(self):
        self.card('card5', 1)
        device = self.running('spi', '--spi', 'tcp:0')
        self.ok('program', 'install', 'out.sfi', '--port', 'spi:' + device.ports[-1])
        self.assertTrue(device.runs())

    def test_6_what_the_device_refuses_is_said_and_nothing_is_installed(self):
        self.device.licence()
        os.rename('licence.bin', 'good.lic')
        device = self.running('refusals', until='never')

        def refused(words, *args):
            r = run('program', 'install', *args, '--port', device.port)
            self.assertEqual(r.returncode, 1, r.stderr)
            self.assertRegex(r.stdout, words)
        other = Device('other')
        other.licence()
        refused('for another device', 'out.sfi', '--licence', 'licence.bin')
        self.device.licence(key=bytes(16))
        refused('header does not authenticate', 'out.sfi', '--licence', 'licence.bin')
        bad = bytearray(self.sfi)
        bad[500] ^= 1
        write('bad.sfi', bytes(bad))
        refused('an area does not authenticate', 'bad.sfi', '--licence', 'good.lic')
        for args in (('read', '0x08001000', '64', '-o', 'x.bin'), ('erase',), ('go',), ('options',)):
            r = run('program', *args, '--port', device.port)
            self.assertEqual(r.returncode, 1, r.stderr)
            self.assertIn('refuses', r.stderr)
        self.assertFalse(os.path.exists('x.bin'))
        self.assertEqual(device.sim.read(FIRST, 64), b'\xff' * 64)
        self.assertIn('1 of 1', self.ok('program', 'install', 'out.sfi', '--port', device.port, '--licence', 'good.lic'))

    def test_7_plain_programming_of_a_device_without_a_key(self):
        device = object.__new__(Device)
        device.state = 'plain'
        device = Running(device, '--load', PLAIN + '/secure-boot.bin@0x08000000', '--load', PLAIN + '/loader.bin@0x08075800')
        self.addCleanup(device.end)
        write('app.bin', self.clear)
        port = ('--port', device.port)
        self.assertIn('OPTR,0x', self.ok('program', 'options', *port))
        # Read back are random bytes only: the text that ends the simulator is in the rest.
        data = write('data.bin', self.clear[1024:])
        self.assertEqual(self.json('program', 'write', data + '@0x08010000', *port),
                         {'done': 'written and verified', 'address': '0x08010000', 'size': len(self.clear) - 1024})
        self.ok('program', 'read', '0x08010000', str(len(self.clear) - 1024), *port, '-o', 'back.bin')
        self.assertEqual(read('back.bin'), self.clear[1024:])
        self.assertEqual(self.ok('program', 'erase', '0x08010010', '2020', *port), '0x08010000: 2048 bytes erased\n')
        self.ok('program', 'read', '0x08010000', '2048', *port, '-o', 'back.bin')
        self.assertEqual(read('back.bin'), b'\xff' * 2048)
        self.assertEqual(self.json('program', 'erase', *port), {'done': 'erased', 'all': True})
        self.refused(2, 'not in the flash', 'program', 'erase', '0', '1', *port)
        self.refused(1, 'no key of its own', 'program', 'certificate', *port)
        self.refused(1, 'refuses to erase these pages', 'program', 'write', 'app.bin@0x08000000', *port)
        self.ok('program', 'write', 'app.bin', *port, '--no-verify', '--go')
        self.assertTrue(device.runs())

    def test_8_a_wrong_command_line_is_explained(self):
        port = ('--port', 'tcp:127.0.0.1:1')
        write('device.lic', b'x')
        for words, args in (('--port', ('install', 'out.sfi')), ('how many', ('install', 'out.sfi', '--port', '/dev/x{}')),
                            ('does not agree', ('install', 'out.sfi', *port, '--devices', '3')),
                            ('-sfi protocol=static', ('-c', 'port=x', '-sfi', 'out.sfi')),
                            ('port=PORT', ('-c', 'x', '-sfi', 'out.sfi', 'hsm=1')),
                            ('tcp:HOST:PORT', ('read', '0', '1', '--port', 'tcp:nonsense', '-o', 'x')),
                            ('the port a number', ('go', '--port', 'tcp:127.0.0.1:x')), ('SPI line is a socket', ('go', '--port', 'spi:/dev/spidev0')),
                            ('NAME=VALUE', ('options', '--set', 'OPTR', *port)), ('not a number', ('options', '--set', 'OPTR=x', *port)),
                            ('contradict', ('options', '--protect', '--unprotect', *port)),
                            ('not a number', ('read', 'here', '1', *port, '-o', 'x'))):
            self.refused(2, words, 'program', *args)
        self.refused(3, 'holds no licence', 'program', 'install', 'out.sfi', *port, '--licence', 'device.lic')
        self.refused(3, 'onnection refused', 'program', 'go', *port)
        self.refused(3, 'none.bin: No such file', 'program', 'write', 'none.bin', *port)
        self.refused(3, 'device.lic: not a serial port', 'program', 'go', '--port', 'device.lic')
        self.refused(3, 'none.sfi', 'program', 'install', 'none.sfi', *port)
        self.refused(1, 'a module', 'program', 'install', self.module(), *port, '--licence', 'good.lic')

    def test_9_a_module_of_another_maker_with_its_makers_card(self):
        code = random.Random(77).randbytes(2345)
        write('codec.bin', code)
        secret('codec.key', b'K' * 16)
        write('codec.nonce', b'n' * 12)
        self.ok('sfi', 'module', 'codec.bin@0x08020000', '--key', 'codec.key', '--nonce', 'codec.nonce', '--version', 4, '-o', 'codec.smi')
        self.ok('sfi', 'pack', '--firmware', 'image.bin@0x%08x' % FIRST, '--module', 'codec.smi', '--key', 'fw.key', '--nonce', 'fw.nonce',
                '--option-bytes', 'ob.csv', '--version', 1, '--device', 'stm32l462ce', '--no-ledger', '-o', 'm.sfi')
        self.card('oem', 3)
        self.stack.insert('codec', slot=2)
        self.addCleanup(self.stack.remove, 2)
        self.ok('hsm', 'program', '--identifier', 'codec 4', '--key', 'codec.key', '--nonce', 'codec.nonce', '--maximum', 2, '--ca',
                'maker/maker_ca.pem', '--yes', '--reader', 2)

        def left():
            return [self.json('hsm', 'info', '--reader', n)['left'] for n in (1, 2)]

        def runs(device):
            self.assertTrue(device.runs())
            with device.device.on('--halt') as sim:
                self.assertEqual(sim.read(0x08020000, len(code)), code)
        self.refused(2, 'want a licence each', 'program', 'install', 'm.sfi', '--port', 'tcp:127.0.0.1:1', '--reader', 1)
        self.refused(2, 'has no modules', 'program', 'install', 'out.sfi', '--port', 'tcp:127.0.0.1:1', '--reader', 1, '--module-reader', 2)
        device = self.running('module')
        self.assertIn('1 of modules', self.ok('program', '-c', f'port={device.port}', '-sfi', 'protocol=static', 'm.sfi', 'hsm=1', 'slot=1',
                                              'slot=2'))
        runs(device)
        self.assertEqual(left(), [2, 1])
        # From files. Its maker's licence is for the module only, and the OEM's for the image only.
        write('chip.der', self.device.certificate)
        self.ok('hsm', 'licence', '--certificate', 'chip.der', '--reader', 1, '-o', 'oem.lic')
        self.ok('hsm', 'licence', '--certificate', 'chip.der', '--reader', 2, '-o', 'codec.lic')
        self.assertEqual(left(), [1, 0])
        device = self.running('module2', until='never')
        for words, licences in (('a module does not authenticate', ('oem.lic', 'oem.lic')), ('header does not', ('codec.lic', 'oem.lic'))):
            r = run('program', '-c', f'port={device.port}', '-sfi', 'protocol=static', 'm.sfi', 'hsm=0', *licences)
            self.assertEqual(r.returncode, 1, r.stdout)
            self.assertIn(words, r.stdout)
        self.assertEqual(device.sim.read(0x08020000, 64), b'\xff' * 64)
        # A card that has nothing left costs the other one nothing.
        r = run('program', 'install', 'm.sfi', '--port', device.port, '--reader', 1, '--module-reader', 2)
        self.assertIn('no count is left on the card of module 1', r.stdout)
        self.assertEqual(left(), [1, 0])
        self.ok('program', '-c', f'port={device.port}', '-sfi', 'protocol=static', 'm.sfi', 'hsm=0', 'oem.lic', 'codec.lic')

    def test_each_device_fails_for_itself(self):
        self.card('mixed', 5)
        plain = object.__new__(Device)
        plain.state = 'mixed.plain'
        fakes = Device('fakes', ca='fake')
        devices = {'good': self.running('mixed.1'), 'no power': self.running('mixed.2', '--cut', '200:torn:3', '--stay', until='never'),
                   'stranger': self.running('mixed.3', device=fakes, until='never'),
                   'plain': Running(plain, '--load', PLAIN + '/secure-boot.bin@0x08000000', '--load', PLAIN + '/loader.bin@0x08075800'),
                   'again good': self.running('mixed.4')}
        self.addCleanup(devices['plain'].end)
        ports = [p for r in devices.values() for p in ('--port', r.port)]
        r = run('program', 'install', 'out.sfi', *ports, '--log', 'mixed.log', '--retries', 0, '--json')
        self.assertEqual(r.returncode, 3, r.stderr)
        report = json.loads(r.stdout)
        got = {name: (d['installed'], d['count_spent'], d['error'] or '') for name, d in zip(devices, report['devices'])}
        for name, installed, spent, words in (('good', True, True, ''), ('no power', False, True, 'does not answer'),
                                              ('stranger', False, False, 'not issued by'), ('plain', False, False, 'no key of its own'),
                                              ('again good', True, True, '')):
            self.assertEqual(got[name][:2], (installed, spent), name)
            self.assertIn(words, got[name][2], name)
        self.assertEqual((report['installed'], report['failed'], report['counts_spent'], report['left']), (2, 3, 3, 2))
        self.assertIn('5 devices, 2 installed, 3 failed, 3 counts spent, card 5 before, 2 after', read('mixed.log').decode().splitlines()[-1])
        self.assertTrue(devices['good'].runs() and devices['again good'].runs())

    def module(self):
        write('m.bin', b'module' * 10)
        self.ok('sfi', 'module', 'm.bin@0x08010000', '--key', 'fw.key', '--nonce', 'fw.nonce', '--version', '1', '--no-ledger', '-o', 'm.smi')
        return 'm.smi'


if __name__ == '__main__':
    main()
