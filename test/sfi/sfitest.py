"""What the secure-install tests share: AES-128-GCM straight from libcrypto, an .sfi reader of our own, option-byte files."""
import ctypes
import ctypes.util
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ['PC_SOURCE'], 'test', 'tool'))
from tooltest import *

CRYPTO = ctypes.CDLL(ctypes.util.find_library('crypto'))
for name in ('EVP_CIPHER_CTX_new', 'EVP_aes_128_gcm'):
    getattr(CRYPTO, name).restype = ctypes.c_void_p
START = 0x08001000
LOADER = 0x08080000 - 42 * 1024
OPTIONS = [('OPTR', 0xFBEFF8BB), ('PCROP1SR', 0xFFFFFFFF), ('PCROP1ER', 0x00000000), ('WRP1AR', 0xFF01FF00),
           ('WRP1BR', 0xFF00FFFF)]
# What simulated manufacture gives a device: with these there is nothing to write at the end of an install.
DELIVERED = [('OPTR', 0xF9EFF8BB)] + OPTIONS[1:]


def gcm_open(key, iv, aad, cipher, tag):
    """The clear bytes, or None when the tag does not match."""
    ctx = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    clear, n = ctypes.create_string_buffer(len(cipher) + 16), ctypes.c_int()
    assert CRYPTO.EVP_DecryptInit_ex(ctx, ctypes.c_void_p(CRYPTO.EVP_aes_128_gcm()), None, key, iv) == 1
    assert CRYPTO.EVP_DecryptUpdate(ctx, None, ctypes.byref(n), aad, len(aad)) == 1
    if cipher:
        assert CRYPTO.EVP_DecryptUpdate(ctx, clear, ctypes.byref(n), cipher, len(cipher)) == 1
    assert CRYPTO.EVP_CIPHER_CTX_ctrl(ctx, 0x11, 16, tag) == 1
    ok = CRYPTO.EVP_DecryptFinal_ex(ctx, ctypes.create_string_buffer(16), ctypes.byref(n)) == 1
    CRYPTO.EVP_CIPHER_CTX_free(ctx)
    return clear.raw[:len(cipher)] if ok else None


def iv_of(nonce, index):
    return ((int.from_bytes(nonce, 'big') + index) % (1 << 96)).to_bytes(12, 'big')


def read_sfi(data, key, nonce, magic=b'SFIMAGIC'):
    """[(type, version, address, clear)]: every tag verified, every byte accounted for."""
    assert data[:8] == magic
    protocol, count = struct.unpack_from('<HH', data, 8)
    assert protocol == 1
    assert gcm_open(key, iv_of(nonce, 0), data[:12], b'', data[12:28]) == b''
    at, areas = 28, []
    for i in range(1, count + 1):
        kind, version, index, size, address, total = struct.unpack_from('<cBHIIH', data, at)
        assert (index, total) == (i, count)
        clear = gcm_open(key, iv_of(nonce, i), data[at:at + 14], data[at + 30:at + 30 + size], data[at + 14:at + 30])
        assert clear is not None and len(clear) == size
        areas.append((kind.decode(), version, address, clear))
        at += 30 + size
    assert at == len(data)
    return areas


def secret(path, data):
    write(path, data)
    os.chmod(path, 0o600)
    return path


def csv(path='ob.csv', rows=OPTIONS, end='\n'):
    return write(path, ''.join(f'{n},0x{v:08x}{end}' for n, v in rows).encode())


def l462(size=1000, seed=1):
    return app(size, START, stack=0x20020000, seed=seed)
