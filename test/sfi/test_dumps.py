"""The contract manufacturer dumps the device by every interface at every step of an install: the real openocd on the debug port, hot and
under reset, and by way of a regression; the boot loader's own commands on USART and SPI. No byte of firmware or of a key comes out."""
from devicekit import *
import openocd

UNDER_RESET = ('reset_config srst_only srst_nogate connect_assert_srst',)
SRAM1, SRAM2 = (0x20000000, 0x4000), (0x10000000, 0x8000)
CLOSED = [(0x08000000, 0x400), (FIRST, 0x1000), (0x08075800, 0x400), (0x0807F000, 0x400), (RECORDS, 0x100), SRAM2, (0x20020000, 0x400)]
EVERYTHING = [(0x08000000, 0x3000), (0x08075800, 0x400), (0x0807F000, 0x1000), SRAM2, (0x20000000, 0x8000)]
MEMORY_COMMANDS = (0x11, 0x21, 0x31, 0x43, 0x44, 0x63, 0x73, 0x82, 0x92)


def dump(sim, regions, under_reset=False, first=()):
    """What openocd gets of (address, size): bytes, or None where the chip says no."""
    commands = ['init', 'reset halt' if under_reset else openocd.attempt('halt'), *first]
    for i, (address, size) in enumerate(regions):
        if os.path.exists('dump%d' % i):
            os.remove('dump%d' % i)
        commands += [openocd.attempt(f'mdw {address:#x}'),  # quick to say no
                     f'if {{![catch {{read_memory {address:#x} 32 1}}]}} {{{openocd.attempt(f"dump_image dump{i} {address:#x} {size}")}}}']
    openocd.run(sim, *commands, before=UNDER_RESET if under_reset else (), check=False)
    return [read('dump%d' % i) if os.path.exists('dump%d' % i) else None for i in range(len(regions))]


class Dumps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.device = Device('dumps')
        cls.sfi, cls.clear = image(3000, extra=[(0x08002000, random.Random(5).randbytes(800))])
        cls.licence = cls.device.licence()
        cls.leak = Leak(cls.clear)
        key = read(os.path.join(cls.device.name, 'device_key.bin'))
        cls.keys = {key[i:i + 8] for i in range(len(key) - 7)} | {KEY[:8], KEY[8:], NONCE[:8]}
        parts = areas(cls.sfi)
        cls.steps = {
            'switched on': lambda l: None,
            'licensed': lambda l: l.licence(cls.licence),
            'header': lambda l: l.special(HEADER, cls.sfi[:28]),
            'in an area': lambda l: (l.special(AREA, parts[0][0]), l.extended(CHUNK, bytes(4), parts[0][1][:1024])),
            'area': lambda l: [l.extended(CHUNK, struct.pack('>I', at), parts[0][1][at:at + 1024]) for at in range(1024, 3000, 1024)],
            'all areas': lambda l: [l.area(*p) for p in parts[1:]],
            'finished': lambda l: l.special(FINISH),
        }

    def nothing_in(self, memory, where):
        for got in memory:
            if got is not None:
                self.leak.check(got, where)
                self.assertFalse(any(k in got for k in self.keys), 'key bytes in ' + where)

    def at(self, step, **options):
        """A device that has come so far."""
        sim = self.device.fresh('at').on('--skip-idle', '--stay', '--spi', 'tcp:0', jtag=True, **options)
        self.addCleanup(sim.close)
        loader = Loader(usart(sim))
        loader.sync()
        for name, do in self.steps.items():
            do(loader)
            if name == step:
                return sim, loader
        raise KeyError(step)

    def test_openocd_at_every_step(self):
        for step in self.steps:
            for under_reset in (False, True):
                with self.subTest(step, under_reset=under_reset):
                    sim, loader = self.at(step)
                    self.leak.check(loader.wire.traffic, 'what the device sent')
                    got = dump(sim, [SRAM1, *CLOSED], under_reset)
                    self.assertEqual(got[1:], [None] * len(CLOSED), 'what level 1 closes can be read')
                    self.assertEqual(len(got[0]), SRAM1[1])
                    self.nothing_in(got, step)
                    # and afterwards it installs, or is complete
                    sim.control('power-cycle')
                    if step != 'finished':
                        loader = Loader(usart(sim))
                        loader.sync()
                        loader.install(self.licence, self.sfi)
                    sim.wait_text(RUNS)
                    self.assertEqual(sim.read(FIRST, len(self.clear)), self.clear)
                    sim.close()

    def test_openocd_on_a_complete_device(self):
        sim, _ = self.at('finished')
        sim.wait_text(RUNS)
        got = dump(sim, [SRAM1, *CLOSED])
        self.assertEqual(got[1:], [None] * len(CLOSED))
        self.nothing_in(got, 'a complete device')
        sim.control('power-cycle')
        sim.control('write 0x20000100 ' + self.clear[600:664].hex())  # the judge does see what there is to be seen
        self.assertRaises(AssertionError, self.nothing_in, dump(sim, [SRAM1]), 'SRAM1')

    def test_a_regression_opens_the_device_and_finds_nothing(self):
        for step in ('switched on', 'in an area', 'all areas', 'finished'):
            with self.subTest(step):
                sim, _ = self.at(step)
                dump(sim, [], under_reset=True, first=(openocd.attempt('flash probe 0'), openocd.attempt('stm32l4x unlock 0'),
                                                       openocd.attempt('stm32l4x option_load 0')))
                sim.control('power-cycle')
                self.assertEqual(sim.read(0x40022020, 1), b'\xaa')  # it is at level 0 now
                got = dump(sim, EVERYTHING, under_reset=True)
                self.assertNotIn(None, got)
                self.assertEqual(set(got[0] + got[1]), {0xFF})
                self.nothing_in(got, 'a device after a regression at ' + step)
                sim.close()

    def test_the_boot_loaders_own_commands_at_every_step(self):
        for step in list(self.steps)[:-1]:
            sim, loader = self.at(step)
            state = loader.identify()['state']
            for code in MEMORY_COMMANDS:
                nacked(loader.command, code)
            other = spi(sim, 0.2)  # the line that was not chosen
            self.assertEqual(set(other.exchange(b'\x5a\x11\xee' + bytes(40))), {0xA5}, step)
            other.sock.close()
            self.assertEqual(loader.identify()['state'], state, step)
            self.leak.check(loader.wire.traffic, 'what the device sent')
            sim.close()


if __name__ == '__main__':
    main()
