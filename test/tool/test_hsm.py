#!/usr/bin/python3
"""A signing key that never leaves its token signs images (SoftHSM, a token store of its own)."""
import os

from tooltest import *

MODULE = next(p for p in ('/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
                          '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so') if os.path.exists(p))


def pkcs11_tool(*args):
    return sh('pkcs11-tool', '--module', MODULE, '--token-label', 'oem', '--login', '--pin', '1234', *args)


class Hsm(ToolTest):
    @classmethod
    def setUpClass(cls):
        os.mkdir('tokens')
        write('softhsm2.conf', f'directories.tokendir = {os.getcwd()}/tokens\nobjectstore.backend = file\n'
              'log.level = ERROR\nslots.removable = false\n'.encode())
        os.environ['SOFTHSM2_CONF'] = os.getcwd() + '/softhsm2.conf'
        os.environ['PKCS11_MODULE_PATH'] = MODULE
        sh('softhsm2-util', '--init-token', '--free', '--label', 'oem', '--so-pin', '12345678', '--pin', '1234')
        pkcs11_tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'fwsign', '--id', '01')
        pkcs11_tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'other', '--id', '02')
        pkcs11_tool('--keypairgen', '--key-type', 'EC:secp384r1', '--label', 'large', '--id', '03')
        write('fwsign.der', pkcs11_tool('--read-object', '--type', 'pubkey', '--id', '01'))
        sh('openssl', 'pkey', '-pubin', '-inform', 'der', '-in', 'fwsign.der', '-out', 'fwsign.pem')
        os.umask(0o077)
        write('aes.bin', b'0123456789abcdef')
        write('app.bin', app())

    def pack(self, uri, *more):
        return ('image', 'pack', '--sign-key', uri, '--encryption-key', 'aes.bin', '--no-ledger', '--version', '1.2.3',
                'app.bin', *more)

    def test_a_key_in_the_token_signs_and_openssl_agrees(self):
        for uri in ('pkcs11:token=oem;object=fwsign?pin-value=1234',
                    'pkcs11:token=oem;id=%01;type=private?pin-value=1234',
                    f'pkcs11:object=fwsign?module-path={MODULE}&pin-value=1234'):
            self.ok(*self.pack(uri), '-o', 'hsm.sfb')
            sfb = read('hsm.sfb')
            self.assertTrue(openssl_signature_ok('fwsign.pem', sfb[:128], sfb[128:192]))
        self.ok('image', 'verify', 'hsm.sfb', '--public-key', 'fwsign.pem', '--encryption-key', 'aes.bin')
        self.ok('image', 'verify', 'hsm.sfb', '--public-key', 'pkcs11:token=oem;object=fwsign', '--encryption-key',
                'aes.bin')
        self.refused(1, 'signature is not', 'image', 'verify', 'hsm.sfb', '--public-key',
                     'pkcs11:token=oem;object=other',
                     '--encryption-key', 'aes.bin')

    def test_the_pin_may_come_from_the_environment_or_a_file(self):
        uri = 'pkcs11:token=oem;object=fwsign'
        self.ok(*self.pack(uri), '-o', 'pin.sfb', env={**os.environ, 'PORTCULLIS_PIN': '1234'})
        write('pin.txt', b'1234\n')
        self.ok(*self.pack(f'{uri}?pin-source=file:{os.getcwd()}/pin.txt'), '-o', 'pin.sfb')
        self.refused(2, 'token oem wants a PIN: set PORTCULLIS_PIN', *self.pack(uri), out='no.sfb')
        self.refused(3, 'token oem: login failed: PIN incorrect', *self.pack(uri + '?pin-value=4321'), out='no.sfb')

    def test_a_key_folder_may_point_to_the_token(self):
        self.ok('keys', 'new', 'folder', '--sign-key', 'pkcs11:token=oem;object=fwsign?pin-value=1234')
        self.assertEqual(sorted(os.listdir('folder')), ['encryption_key.bin', 'signing_key.uri', 'signing_pub.pem'])
        self.assertEqual(read('folder/signing_key.uri'), b'pkcs11:token=oem;object=fwsign\n')
        self.assertEqual(raw_public('folder/signing_pub.pem'), raw_public('fwsign.pem'))
        pack = ('image', 'pack', '--keys', 'folder', '--version', '1.0.0', 'app.bin')
        self.ok(*pack, '-o', 'folder.sfb', env={**os.environ, 'PORTCULLIS_PIN': '1234'})
        self.ok('image', 'verify', 'folder.sfb', '--keys', 'folder')
        self.ok('keys', 'embed', '--keys', 'folder', '-o', 'folder.S')
        self.refused(2, 'wants a PIN', *pack, out='no.sfb')

    def test_public_keys_are_read_without_a_login(self):
        point = raw_public('fwsign.pem').hex()
        self.assertEqual(self.ok('keys', 'public', 'pkcs11:token=oem;object=fwsign', '--format', 'hex').strip(), point)
        self.assertEqual(self.ok('keys', 'public', 'pkcs11:token=oem;id=%01').encode(), read('fwsign.pem'))

    def test_what_the_uri_does_not_name_clearly_is_refused(self):
        for uri, code, message in (('pkcs11:token=nobody;object=fwsign', 3, 'no token nobody among'),
                                   ('pkcs11:token=oem;object=nothing?pin-value=1234', 3,
                                    'token oem: no private key nothing among 3'),
                                   ('pkcs11:token=oem?pin-value=1234', 3,
                                    'several private keys match; say which with object= or id='),
                                   ('pkcs11:token=oem;object=large?pin-value=1234', 3,
                                    'secp384r1; the scheme needs P-256'),
                                   ('pkcs11:token=oem;colour=blue?pin-value=1234', 2, "unknown attribute 'colour'"),
                                   ('pkcs11:token=oem;id=%0?pin-value=1234', 2,
                                    'value of id is too long or has a broken %-escape'),
                                   ('pkcs11:token=oem;token=oem', 2, 'token stands there twice'),
                                   ('pkcs11:token=oem;object=fwsign?pin-value=1234&module-path=/nowhere.so', 3,
                                    'PKCS#11 module /nowhere.so: No such file or directory')):
            self.refused(code, message, *self.pack(uri), out='no.sfb')
        env = {k: v for k, v in os.environ.items() if k != 'PKCS11_MODULE_PATH'}
        self.refused(2, 'which PKCS#11 module', *self.pack('pkcs11:token=oem'), out='no.sfb', env=env)


main()
