"""The real stm32flash against the boot loader: everything works with a plain one, nothing against a device with its key."""
from devicekit import *

FACTORY = ('--load', os.path.join(PLAIN, 'secure-boot.bin') + '@0x08000000',
           '--load', os.path.join(PLAIN, 'loader.bin') + '@0x08075800')


class Stm32flash(unittest.TestCase):
    def setUp(self):
        self.folder = 'plain-%s' % self.id().split('.')[-1]
        self.clear = firmware(5000)
        write('app.bin', self.clear)

    def device(self, *args, state=None):
        return Sim('--device', 'stm32l462', *args, state=state or self.folder, uart='pty:' + os.path.abspath('line'))

    def flash(self, *args, mode='8n1', check=True, env=None):
        r = subprocess.run(['stm32flash', '-m', mode, '-b', '115200', *args, 'line'], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, universal_newlines=True, timeout=60, env=env)
        if check and r.returncode != 0:
            raise AssertionError('stm32flash %s: %d\n%s' % (args, r.returncode, r.stdout))
        return r

    def test_write_verify_read_back_erase_go(self):
        with self.device(*FACTORY) as sim:
            said = self.flash().stdout
            self.assertIn('Device ID    : 0x0462', said)
            self.assertIn('Version      : 0x31', said)
            self.flash('-w', 'app.bin', '-v', '-S', '0x08001000')
            self.flash('-r', 'back.bin', '-S', '0x08001000:5000')
            self.assertEqual(read('back.bin')[:5000], self.clear)
            self.assertEqual(sim.read(FIRST, 5000), self.clear)
            self.flash('-e', '0', '-w', 'app.bin', '-S', '0x08020000')
            self.flash('-o', '-S', '0x08001000:%d' % (END - FIRST))
            self.assertEqual(sim.read(FIRST, 5000), b'\xff' * 5000)
            self.assertNotEqual(sim.read(0x08075800, 64), b'\xff' * 64)  # but not the boot loader
            self.flash('-w', 'app.bin', '-v', '-g', '0x08001000', '-S', '0x08001000')
            self.assertTrue(0x08001000 <= pc(sim) < 0x08001800)

    def test_with_parity(self):
        shim = dict(os.environ, LD_PRELOAD=os.path.join(os.environ['PC_BUILD'], 'libparity_shim.so'))
        with self.device(*FACTORY) as sim:
            self.flash('-w', 'app.bin', '-v', '-S', '0x08001000', mode='8e1', env=shim)
            self.assertEqual(sim.read(FIRST, 5000), self.clear)

    def test_the_boot_loader_cannot_be_overwritten(self):
        with self.device(*FACTORY) as sim:
            for address in (0x08000000, 0x08000FF8, 0x08075800, 0x0807F800):
                before = sim.read(address, 256)
                self.assertNotEqual(self.flash('-e', '0', '-w', 'app.bin', '-S', hex(address), check=False).returncode, 0)
                self.assertEqual(sim.read(address, 256), before)

    def test_write_and_read_protection(self):
        with self.device(*FACTORY, '--stay') as sim:
            self.flash('-w', 'app.bin', '-S', '0x08001000')
            # No option of stm32flash write-protects; it can take the protection away.
            line = Loader(Usart(Tty('line'), 20))
            line.sync()
            line.command(0x63)
            line.step(checked(bytes([1, 2, 3])))
            line.wire.sock.close()
            self.flash()
            self.assertEqual(sim.read(0x40022030, 4), struct.pack('<I', 0xFF03FF02))
            self.assertNotEqual(self.flash('-e', '0', '-w', 'app.bin', '-S', '0x08001000', check=False).returncode, 0)
            self.assertEqual(sim.read(FIRST, 5000), self.clear)
            self.flash('-u')
            self.assertEqual(sim.read(0x40022030, 4), struct.pack('<I', 0xFF00FFFF))
            self.flash('-j')
            self.assertEqual(sim.read(0x40022020, 4)[0], 0xBB)
            self.assertNotEqual(self.flash('-r', 'no.bin', '-S', '0x08001000:256', check=False).returncode, 0)
            self.assertNotEqual(self.flash('-w', 'app.bin', '-S', '0x08001000', check=False).returncode, 0)
            self.flash('-k')
            sim.control('wait lockup')  # the chip is as blank as from the factory, the boot loader too
            self.assertEqual(sim.read(0x40022020, 4)[0], 0xAA)
            self.assertEqual(sim.read(FIRST, 5000), b'\xff' * 5000)

    def test_a_keyed_device_refuses_everything(self):
        device = Device('keyed')
        with self.device(state=device.state) as sim:
            before = sim.read(0x08000000, 4096)
            self.assertIn('Device ID    : 0x0462', self.flash().stdout)
            for args in (('-r', 'no.bin', '-S', '0x08000000:256'), ('-r', 'no.bin', '-S', '0x20000000:256'),
                         ('-w', 'app.bin', '-S', '0x08001000'), ('-w', 'app.bin', '-S', '0x20001000'),
                         ('-o',), ('-g', '0x08001000'), ('-u',), ('-j',), ('-k',)):
                r = self.flash(*args, check=False)
                if '-g' in args:  # it ends with 0 all the same
                    self.assertIn('failed', r.stdout)
                else:
                    self.assertNotEqual(r.returncode, 0, args)
                self.assertFalse(0x08001000 <= pc(sim) < 0x08075800)
            self.assertEqual(sim.read(0x08000000, 4096), before)
            self.assertEqual(sim.read(FIRST, 4096), b'\xff' * 4096)
            self.assertEqual(sim.read(0x40022020, 4)[0], 0xBB)


def pc(sim):
    return int(re.search(r'pc=0x([0-9a-f]+)', sim.control('status')).group(1), 16)


class Tty:
    """The pseudo-terminal as a socket."""

    def __init__(self, path):
        import tty
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)

    def fileno(self):
        return self.fd

    def recv(self, n):
        return os.read(self.fd, n)

    def sendall(self, data):
        os.write(self.fd, data)

    def close(self):
        os.close(self.fd)


if __name__ == '__main__':
    main()
