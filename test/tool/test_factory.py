#!/usr/bin/python3
"""A factory file boots on the simulated board with the real boot loader, nothing installed; a damaged one does not."""
import re
import subprocess

from tooltest import *

ARM = os.environ['PC_ARM']
BOARD = 'nucleo-l476rg'
KEYS = re.search(r'^KEYS_DIR:PATH=(.*)$', read(ARM + '/CMakeCache.txt').decode(), re.M).group(1)

APP_C = '''
/* Speaks through USART2 (PA2) from the state in which a reset leaves it, and stops. */
#define R(address) (*(volatile unsigned *)(address))
void reset(void) {
  R(0x4002104C) |= 1; R(0x40021058) |= 1 << 17;                              /* clocks of GPIOA and USART2 */
  R(0x48000020) = (R(0x48000020) & ~0xF00u) | 0x700; R(0x48000000) = (R(0x48000000) & ~0x30u) | 0x20; /* PA2: AF7 */
  R(0x4000440C) = 35; R(0x40004400) = 9;                                     /* 115200 from 4 MHz; UE, TE */
  for (const char *t = "APPLICATION REACHED\\n"; *t; t++) { while (!(R(0x4000441C) & 0x80)) ; R(0x40004428) = *t; }
  for (;;) ;
}
__attribute__((section(".vectors"), used)) static void *const vectors[] = {(void *)0x20018000, reset};
'''


def boot(path):
    """What the UART sends until the application speaks, or the boot loader finds nothing to start."""
    r = subprocess.run([BUILD + '/stm32sim', '--quiet', '--load', path, '--uart', 'stdio', '--until',
                        'APPLICATION REACHED', '--until',
                        'DOWNLOAD NEW USER', '--max-instructions', '400000000'], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=100)
    return r.stdout.decode(errors='replace')


class Factory(ToolTest):
    @classmethod
    def setUpClass(cls):
        write('app.c', APP_C.encode())
        write('app.ld', f'SECTIONS {{ .text {ACTIVE:#x} : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} }}'.encode())
        sh('arm-none-eabi-gcc', '-mcpu=cortex-m4', '-mthumb', '-Os', '-ffreestanding', '-nostdlib', '-e', 'reset',
           '-T', 'app.ld', 'app.c',
           '-o', 'app.elf')
        for args in (('pack', '--keys', KEYS, '--no-ledger', '--version', '1.0.0', 'app.elf', '-o', 'app.sfb'),
                     ('merge', '--boot', f'{ARM}/{BOARD}/boot.elf', '--image', 'app.sfb', '--keys', KEYS, '-o',
                      'f.hex'),
                     ('merge', '--boot', f'{ARM}/{BOARD}/boot.elf', '--image', 'app.sfb', '--keys', KEYS, '-o',
                      'f.bin')):
            r = run('image', *args, '--board', BOARD)
            assert r.returncode == 0, r.stderr
            assert 'could not be checked' not in r.stdout, r.stdout

    def test_it_boots_with_no_installation(self):
        for name in ('f.hex', 'f.bin'):
            transcript = boot(name)
            self.assertIn('APPLICATION REACHED', transcript)
            self.assertNotIn('INSTALL', transcript)

    def test_a_damaged_one_does_not_boot(self):
        whole = read('f.bin')
        for at, what in ((ACTIVE - BOOT + 12, 'image'), (0x80000 + 130, 'signature'),
                         (ACTIVE - BOOT + 4096, 'beyond the image')):
            data = bytearray(whole.ljust(ACTIVE - BOOT + 8192, b'\xff'))
            data[at] ^= 4
            write('broken.bin', data)
            self.assertNotIn('APPLICATION REACHED', boot('broken.bin'), what)


main()
