#!/usr/bin/python3
"""Key folders: made whole, kept secret, never overwritten; and keys as code, run on the processors they are for."""
import os
import re
import stat
import subprocess
import unittest

from tooltest import *

RUN_C = r'''
/* Semihosting: print both keys in hex, end. */
typedef unsigned char u8;
void engine_key_aes_%(n)d(u8 *); void engine_key_pub_%(n)d(u8 *);
static int call(int op, const void *arg) {
  register int r0 __asm__("r0") = op; register const void *r1 __asm__("r1") = arg;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory"); return r0; }
static void hex(const u8 *p, int n) { static char t[3]; for (int i = 0; i < n; i++) {
  t[0] = "0123456789abcdef"[p[i] >> 4]; t[1] = "0123456789abcdef"[p[i] & 15]; call(4, t); } call(4, "\n"); }
static u8 key[64] __attribute__((aligned(4)));
void reset(void) { engine_key_aes_%(n)d(key); hex(key, 16); engine_key_pub_%(n)d(key); hex(key, 64);
  call(0x18, (void *)0x20026); for (;;) ; }
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {(void *)0x20003000, reset};
'''
RUN_LD = '''SECTIONS { .text 0 : { KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.keys) }
  .data 0x20000000 : { *(.data*) *(.bss*) } }'''


class Keys(ToolTest):
    def test_a_new_folder_holds_what_openssl_understands_and_secrets_are_private(self):
        old = os.umask(0)
        try:
            self.ok('keys', 'new', 'folder')
        finally:
            os.umask(old)
        self.assertEqual(sorted(os.listdir('folder')), ['encryption_key.bin', 'signing_key.pem', 'signing_pub.pem'])
        self.assertEqual(stat.S_IMODE(os.stat('folder').st_mode), 0o700)
        for name in ('encryption_key.bin', 'signing_key.pem'):
            self.assertEqual(stat.S_IMODE(os.stat('folder/' + name).st_mode), 0o600, name)
        self.assertEqual(len(read('folder/encryption_key.bin')), 16)
        self.assertIn(b'prime256v1', sh('openssl', 'pkey', '-in', 'folder/signing_key.pem', '-noout', '-text'))
        self.assertEqual(raw_public('folder/signing_key.pem', None), raw_public('folder/signing_pub.pem'))
        self.ok('keys', 'new', 'other')
        self.assertNotEqual(read('folder/encryption_key.bin'), read('other/encryption_key.bin'))

    def test_a_key_is_never_overwritten(self):
        self.ok('keys', 'new', 'kept')
        before = {n: read('kept/' + n) for n in os.listdir('kept')}
        self.refused(1, r'kept/signing_key.pem exists; keys are never overwritten', 'keys', 'new', 'kept')
        self.assertEqual({n: read('kept/' + n) for n in os.listdir('kept')}, before)
        os.mkdir('half')
        write('half/encryption_key.bin', b'x')
        self.refused(1, r'half/encryption_key.bin exists', 'keys', 'new', 'half')
        self.assertEqual(os.listdir('half'), ['encryption_key.bin'])
        self.refused(3, r'no/such/place: No such file', 'keys', 'new', 'no/such/place')

    def test_the_public_key_is_shown_in_every_form(self):
        self.ok('keys', 'new', 'shown')
        point = raw_public('shown/signing_pub.pem')
        for spec in ('shown', 'shown/signing_pub.pem', 'shown/signing_key.pem'):
            self.assertEqual(self.ok('keys', 'public', spec, '--format', 'hex').strip(), point.hex())
        self.assertEqual(self.ok('keys', 'public', 'shown').encode(), read('shown/signing_pub.pem'))
        self.ok('keys', 'public', 'shown', '--format', 'der', '-o', 'shown.der')
        self.assertEqual(read('shown.der')[-64:], point)
        answer = self.json('keys', 'public', 'shown')
        self.assertEqual(answer['x'] + answer['y'], point.hex())
        self.refused(2, 'must be pem, der or hex', 'keys', 'public', 'shown', '--format', 'xml')
        self.refused(3, 'nowhere', 'keys', 'public', 'nowhere')
        write('junk.pem', b'hello')
        self.refused(3, 'junk.pem: no key in PEM form', 'keys', 'public', 'junk.pem')

    def test_keys_of_the_wrong_kind_or_size_are_refused(self):
        self.ok('keys', 'new', 'k')
        sh('openssl', 'ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', 'p384.pem')
        sh('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', 'ed.pem')
        for name, message in (('p384.pem', 'secp384r1; the scheme needs P-256'),
                              ('ed.pem', 'not an elliptic-curve key')):
            os.chmod(name, 0o600)
            self.refused(3, message, 'keys', 'public', name)
            self.refused(3, message, 'keys', 'embed', '--keys', 'k', '--public-key', name, out='wrong.S')
        for size in (0, 15, 17, 32):
            os.chmod(write('aes.bin', b'k' * size), 0o600)
            self.refused(3, f'aes.bin: {size} bytes; an AES-128 key has 16', 'keys', 'embed', '--keys', 'k',
                         '--encryption-key', 'aes.bin', out='wrong.S')

    def test_secrets_that_others_may_read_are_refused(self):
        self.ok('keys', 'new', 'open')
        os.chmod('open/encryption_key.bin', 0o640)
        self.refused(1, r'open/encryption_key.bin: others may read or write this key \(mode 640\); chmod 600', 'keys',
                     'embed',
                     '--keys', 'open', out='open.S')
        self.ok('keys', 'embed', '--keys', 'open', '--insecure-key-permissions', '-o', 'open.S')
        self.assertEqual(stat.S_IMODE(os.stat('open.S').st_mode), 0o600)

    def test_an_encrypted_private_key_asks_for_its_passphrase(self):
        self.ok('keys', 'new', 'pass')
        sh('openssl', 'pkcs8', '-topk8', '-in', 'pass/signing_key.pem', '-out', 'enc.pem', '-passout', 'pass:secret')
        os.chmod('enc.pem', 0o600)
        write('app.bin', app())
        pack = ('image', 'pack', '--keys', 'pass', '--sign-key', 'enc.pem', '--version', '1.0.0', 'app.bin')
        self.refused(3, 'enc.pem: no private key', *pack, out='e.sfb')
        self.refused(3, 'enc.pem: no private key', *pack, out='e.sfb', env={**os.environ,
                                                                            'PORTCULLIS_PASSPHRASE': 'wrong'})
        self.ok(*pack, '-o', 'e.sfb', env={**os.environ, 'PORTCULLIS_PASSPHRASE': 'secret'})
        self.ok('image', 'verify', 'e.sfb', '--keys', 'pass')

    def embedded(self, arch, cpu, machine, image):
        """Assemble, look for data reads, run."""
        self.ok('keys', 'new', 'e' + arch)
        # Bytes that are special as immediates: 00, FF, 80, 7F.
        os.chmod('e' + arch + '/encryption_key.bin', 0o600)
        write(f'e{arch}/encryption_key.bin', bytes.fromhex('00000000ffffffff7f80ff0001feca0f'))
        self.ok('keys', 'embed', '--keys', 'e' + arch, '--arch', arch, '--image', image, '-o', 'keys.S')
        write('run.c', (RUN_C % {'n': image}).encode())
        write('run.ld', RUN_LD.encode())
        sh('arm-none-eabi-gcc', '-mcpu=' + cpu, '-mthumb', '-Os', '-ffreestanding', '-nostdlib', '-T', 'run.ld',
           'run.c',
           'keys.S', '-o', 'run.elf')
        sh('arm-none-eabi-gcc', '-mcpu=' + cpu, '-mthumb', '-c', 'keys.S', '-o', 'keys.o')
        listing = sh('arm-none-eabi-objdump', '-d', '-j', '.keys', 'keys.o').decode()
        used = set(re.findall(r'^ +[0-9a-f]+:\t[0-9a-f ]+\t(\S+)', listing, re.M))
        allowed = {'movw', 'movt', 'str', 'movs', 'strb', 'adds', 'bx', 'nop'}
        self.assertTrue(used and used <= allowed, used)
        out = sh('qemu-system-arm', '-M', machine, '-display', 'none', '-monitor', 'none', '-serial', 'none',
                 '-semihosting-config', 'enable=on,target=native', '-kernel', 'run.elf', timeout=30,
                 stderr=subprocess.STDOUT)
        self.assertEqual(out.decode().split(), ['00000000ffffffff7f80ff0001feca0f',
                                                raw_public(f'e{arch}/signing_pub.pem').hex()])

    def test_embedded_keys_run_on_a_cortex_m3_without_reading_data(self):
        self.embedded('v7m', 'cortex-m3', 'mps2-an385', 1)

    def test_embedded_keys_run_on_a_cortex_m0_without_reading_data(self):
        self.embedded('v6m', 'cortex-m0', 'microbit', 3)

    def test_embedding_checks_its_arguments(self):
        self.ok('keys', 'new', 'a')
        self.refused(2, 'must be v7m', 'keys', 'embed', '--keys', 'a', '--arch', 'v8m', out='a.S')
        self.refused(2, 'must lie within 1 and 3', 'keys', 'embed', '--keys', 'a', '--image', '4', out='a.S')
        self.refused(2, '--output FILE is missing', 'keys', 'embed', '--keys', 'a')
        self.refused(2, 'Give --keys DIR or --public-key', 'keys', 'embed', out='a.S')

    def test_key_files_of_prepareimage_are_taken_as_they_are(self):
        """Its ECCKEY1.txt begins with the curve's parameters, and may have Windows' line ends."""
        pem = sh('openssl', 'ecparam', '-name', 'prime256v1', '-genkey')
        self.assertIn(b'EC PARAMETERS', pem)
        write('app.bin', app())
        write('nonce.bin', bytes(16))
        write('OEM_KEY_COMPANY1_key_AES_CBC.bin', bytes(range(16)))
        for data in (pem, pem.replace(b'\n', b'\r\n')):
            write('ECCKEY1.txt', data)
            for name in ('ECCKEY1.txt', 'OEM_KEY_COMPANY1_key_AES_CBC.bin'):
                os.chmod(name, 0o600)
            self.ok('image', 'pack', '--sign-key', 'ECCKEY1.txt', '--encryption-key', 'OEM_KEY_COMPANY1_key_AES_CBC.bin', '--iv', 'nonce.bin',
                    '--protocol', '1', '--version', '1', '--no-ledger', 'app.bin', '-o', 'app.sfb')
            self.ok('keys', 'public', 'ECCKEY1.txt', '-o', 'pub.pem')
            sfb = read('app.sfb')
            self.assertTrue(openssl_signature_ok('pub.pem', sfb[:128], sfb[128:192]))


main()
