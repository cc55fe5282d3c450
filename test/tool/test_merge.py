#!/usr/bin/python3
"""Factory files: boot loader, installed header and clear image where the board wants them, and nothing else."""
import hashlib

from tooltest import *

HEADER = 0x08080000

BOOT_C = '''
void reset(void);
extern void engine_key_aes_1(unsigned char *), engine_key_pub_1(unsigned char *);
__attribute__((section(".vectors"), used)) static void *const vectors[] = {(void *)0x20003000, reset};
void reset(void) { static unsigned char k[64]; engine_key_aes_1(k); engine_key_pub_1(k); for (;;) ; }
'''
BOOT_LD = '''SECTIONS { .text 0x08000000 : { KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.keys) }
  .bss 0x20000000 (NOLOAD) : { *(.data*) *(.bss*) } }'''


def parse_hex(path):
    """{address: byte} of an Intel HEX file, by our own reading of the format."""
    memory, base = {}, 0
    for line in read(path).decode().split():
        assert line[0] == ':'
        r = bytes.fromhex(line[1:])
        assert sum(r) & 0xFF == 0 and r[0] == len(r) - 5, line
        if r[3] == 0:
            for i, b in enumerate(r[4:-1]):
                at = base + int.from_bytes(r[1:3], 'big') + i
                assert at not in memory
                memory[at] = b
        elif r[3] == 4:
            base = int.from_bytes(r[4:6], 'big') << 16
    return memory


class Merge(ToolTest):
    @classmethod
    def setUpClass(cls):
        for name in ('keys', 'others'):
            assert run('keys', 'new', name).returncode == 0
        write('app.bin', app(5000))
        for name, arch, cpu in (('boot', 'v7m', 'cortex-m4'), ('boot0', 'v6m', 'cortex-m0plus')):
            assert run('keys', 'embed', '--keys', 'keys', '--arch', arch, '-o', 'keys.S').returncode == 0
            write('boot.c', BOOT_C.encode())
            write('boot.ld', BOOT_LD.encode())
            sh('arm-none-eabi-gcc', '-mcpu=' + cpu, '-mthumb', '-Os', '-ffreestanding', '-nostdlib', '-e', 'reset',
               '-T', 'boot.ld', 'boot.c',
               'keys.S', '-o', name + '.elf')
        sh('arm-none-eabi-objcopy', '-O', 'binary', 'boot.elf', 'boot.bin')
        sh('arm-none-eabi-objcopy', '-O', 'ihex', 'boot.elf', 'boot.hex')
        for keys, name in (('keys', 'app'), ('others', 'foreign')):
            r = run('image', 'pack', '--keys', keys, '--version', '1.2.3', 'app.bin', '-o', name + '.sfb')
            assert r.returncode == 0, r.stderr

    def merge(self, *more, boot='boot.elf', image='app.sfb', keys='keys'):
        return ('image', 'merge', '--boot', boot, '--image', image, '--keys', keys, '--board', 'nucleo-l476rg', *more)

    def test_a_factory_file_holds_boot_loader_header_and_clear_image(self):
        answer = self.json(*self.merge('-o', 'factory.hex'))
        self.assertTrue(answer['boot_keys_checked'])
        memory = parse_hex('factory.hex')
        boot, sfb, image = read('boot.bin'), read('app.sfb'), read('app.bin') + b'\xff' * 8
        expected = {BOOT + i: b for i, b in enumerate(boot)}
        expected.update({ACTIVE + i: b for i, b in enumerate(image)})
        # State VALID (FF 00 00) and no previous image to roll back to.
        header = sfb[:192] + b'\xff' * 32 + b'\0' * 64 + b'\0' * 32
        expected.update({HEADER + i: b for i, b in enumerate(header)})
        self.assertEqual(memory, expected)

    def test_hex_and_bin_say_the_same(self):
        self.ok(*self.merge('-o', 'f.hex'))
        self.ok(*self.merge('-o', 'f.bin'))
        memory, binary = parse_hex('f.hex'), read('f.bin')
        self.assertEqual(len(binary), max(memory) + 1 - BOOT)
        self.assertEqual(binary, bytes(memory.get(BOOT + i, 0xFF) for i in range(len(binary))))
        sh('arm-none-eabi-objcopy', '-I', 'ihex', '-O', 'binary', '--gap-fill', '0xff', 'f.hex', 'objcopy.bin')
        self.assertEqual(binary, read('objcopy.bin'))
        sh('srec_cat', 'f.hex', '-intel', '-offset', f'-{BOOT:#x}', '-fill', '0xff', '0', hex(len(binary)), '-o',
           'srec.bin', '-binary')
        self.assertEqual(binary, read('srec.bin'))

    def test_the_boot_loader_may_come_in_any_format(self):
        self.ok(*self.merge('-o', 'elf.bin'))
        for boot in ('boot.bin', 'boot.hex'):
            self.assertIn('could not be checked', self.ok(*self.merge('-o', 'other.bin', boot=boot)))
            self.assertEqual(read('elf.bin'), read('other.bin'))

    def test_a_boot_loader_with_other_keys_is_refused(self):
        for boot in ('boot.elf', 'boot0.elf'):
            self.ok(*self.merge(boot=boot), '-o', 'good.hex')
            self.refused(1, boot + r' was built with another public key \(engine_key_pub_1\) than the one given',
                         *self.merge(boot=boot, image='foreign.sfb', keys='others'), out='bad.hex')
        self.ok('keys', 'new', 'mixed')
        for name in ('signing_key.pem', 'signing_pub.pem'):
            write('mixed/' + name, read('keys/' + name))
        r = run('image', 'pack', '--keys', 'mixed', '--version', '1.0.0', 'app.bin', '-o', 'mixed.sfb')
        self.assertEqual(r.returncode, 0, r.stderr)
        self.refused(1, 'another encryption key', *self.merge(image='mixed.sfb', keys='mixed'), out='bad.hex')

    def test_what_would_not_boot_is_refused(self):
        self.refused(1, "foreign.sfb: the header's signature is not this key's", *self.merge(image='foreign.sfb'),
                     out='bad.hex')
        elf('away.elf', [(BOOT, b'x' * 100), (0x08007FFF, b'xx')])
        self.refused(1, r"away.elf: segment 0x08007fff-0x08008000 lies outside the boot loader's region of "
                     r'nucleo-l476rg \(0x08000000, 32768 bytes\)', *self.merge(boot='away.elf'), out='bad.hex')
        write('new.bin', app(5000)[:4000] + b'#' * 1000)
        self.ok('image', 'pack', '--keys', 'keys', '--version', '1.2.4', '--partial-from', 'app.bin', 'new.bin', '-o',
                'part.sfb')
        self.refused(1, 'part.sfb: a partial image cannot start a device', *self.merge(image='part.sfb'), out='bad.hex')
        self.refused(2, 'app.sfb: image 1 is given twice', *self.merge('--image', 'app.sfb'), out='bad.hex')
        self.refused(2, 'must end in .hex or .bin', *self.merge(), out='bad.elf')
        write('cut.sfb', read('app.sfb')[:-1])
        self.refused(1, 'cut.sfb: holds 5007 bytes', *self.merge(image='cut.sfb'), out='bad.hex')


main()
