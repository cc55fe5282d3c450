"""The device's side of secure install: real ARM code of secure boot and boot loader on the simulated STM32L462."""
from devicekit import *


def installs_over(line):
    device = Device('over-' + line)
    sfi, clear = image(6000)
    leak = Leak(clear)
    with device.on('--spi', 'tcp:0') as sim:
        wire = (usart if line == 'usart' else spi)(sim)
        loader = Loader(wire)
        loader.sync()
        assert loader.get() == (0x31, b'\x00\x01\x02\x50\x51')
        assert loader.version() == b'\x31\0\0'
        assert loader.chip() == 0x462
        me = loader.identify()
        assert (me['version'], me['state'], me['flags'], me['chunk'], me['cause']) == (1, 0, 3, 1024, 0)
        assert (me['first'], me['end'], me['challenge']) == (FIRST, END, bytes(16))
        assert me['uid'] == sim.read(0x1FFF7590, 12)
        assert loader.certificate() == device.certificate
        assert sim.read(0xE000ED94, 4) == b'\x05\0\0\0'  # the MPU: nothing but the boot loader can run
        # Nothing reads, writes or starts anything while there is a key.
        for code in (0x11, 0x21, 0x31, 0x43, 0x44, 0x63, 0x73, 0x82, 0x92):
            nacked(loader.command, code)
        loader.install(device.licence(), sfi)
        leak.check(wire.traffic, 'what the device sent')
        sim.wait_text(RUNS)
        sim.seen = len(sim.text)
        sim.send('d')
        sim.wait_text('blank', fail=['not blank'])
        assert sim.read(FIRST, len(clear)) == clear
        assert sim.read(0x40022020, 4) == struct.pack('<I', OPTIONS[0][1])
        # The last page is the firmware's own from now on; nothing there matters to the secure boot any more.
        sim.send('e')
        sim.wait_text('erased')
        sim.send('r')
        sim.wait_text(RUNS)


class Installs(unittest.TestCase):
    def test_over_usart(self):
        installs_over('usart')

    def test_over_spi(self):
        installs_over('spi')


if __name__ == '__main__':
    main()
