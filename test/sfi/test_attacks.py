"""What a contract manufacturer could try with a device in his hands: files and licences of all wrong kinds, resets at every
step, power cuts, a debug probe. Nothing of the firmware comes out, and afterwards the device installs, or is complete.

SFI_SWEEP=1 cuts the power at every flash operation in every way, instead of at a sample of them; SFI_SWEEP=2/7 takes the second
of seven parts of that, so that several processes can share it."""
from devicekit import *

SWEEP = os.environ.get('SFI_SWEEP')
PART, PARTS = [int(n) for n in SWEEP.split('/')] if SWEEP and '/' in SWEEP else (1, 1)
WAYS = ['before', 'clean', 'torn', 'weak']
BLANK = b'\xff' * 8192


class Stop(Exception):
    pass


class Counted(Usart):
    """Gives up when it was answered so many times."""
    limit = None

    def ack(self):
        super().ack()
        if self.limit is not None:
            if self.limit == 0:
                raise Stop()
            self.limit -= 1


def outcome(sim, timeout=60):
    """After a power-on: 'runs' if the firmware does, 'loader' if the boot loader answers. What a host sent before may
    still be on the line: then NACK comes, and another 7F does."""
    sim.send(b'\x7f')
    got, deadline = b'', time.monotonic() + timeout
    while time.monotonic() < deadline:
        quiet = not select.select([sim.uart], [], [], 0.05 if got else 1)[0]
        if not quiet:
            more = sim.uart.recv(4096)
            if not more:
                break
            got += more
        if b'RUNS' in got:
            return 'runs'
        if quiet and got.endswith(b'\x79'):
            return 'loader'
        if quiet and got.endswith(b'\x1f'):
            got = b''
            sim.send(b'\x7f')
    raise AssertionError('neither firmware nor boot loader: %r\n%s' % (got, sim.log()))


def secrets_gone(sim, device, leak, where):
    ram = sim.read(0x10000000, 32768)
    assert not any(k in ram for k in (KEY, NONCE, MODULE_KEY, MODULE_NONCE)), 'key in RAM ' + where
    leak.check(ram, 'RAM ' + where)
    leak.check(sim.read(0x20000000, 16384), 'SRAM1 ' + where)


class Files(unittest.TestCase):
    """One device takes all of them, one after another, and then the right one."""

    def test_wrong_files_and_licences(self):
        device, other = Device('files'), Device('other')
        sfi, clear = image(3000, extra=[(0x08008000, random.Random(9).randbytes(500)),
                                        (0x08010000, random.Random(8).randbytes(700))])
        parts = areas(sfi)
        leak = Leak(clear)
        licence = device.licence()
        foreign, _ = image(3000, seed=4, nonce=bytes(range(50, 62)), extra=[(0x08008000, bytes(500))], name='foreign.sfi')

        def flip(data, at, bits=1):
            return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:]

        with device.on('--skip-idle') as sim:
            loader = Loader(usart(sim))
            loader.sync()

            def start():
                loader.licence(licence)
                loader.special(HEADER, sfi[:28])

            def clean(what, cause=None):
                me = loader.identify()
                self.assertEqual(me['state'], 0, what)
                if cause:
                    self.assertEqual(me['cause'], cause, what)
                self.assertEqual(sim.read(FIRST, 8192), BLANK, what)
                secrets_gone(sim, device, leak, 'after ' + what)

            for what, wrong, status in (('another device', device.licence(point=other.point), 0x21),
                                        ('replay', flip(licence, 80), 0x22), ('count', flip(licence, 8), 0x23),
                                        ('identifier', flip(licence, 12), 0x23), ('ephemeral', flip(licence, 100), 0x23),
                                        ('key', flip(licence, 160), 0x23), ('tag', flip(licence, 199), 0x23),
                                        ('magic', flip(licence, 0), 0x20), ('short', licence[:-1], 0x20),
                                        ('nothing', b'', 0x20)):
                refused(status, loader.licence, wrong)
                clean(what)
            for what, wrong in (('another card', device.licence(key=bytes(16))),
                                ('another nonce', device.licence(nonce=bytes(12)))):
                loader.licence(wrong)
                refused(0x31, loader.special, HEADER, sfi[:28])
                clean(what, 0x31)
            loader.licence(licence)
            refused(0x31, loader.special, HEADER, flip(sfi[:28], 10))
            clean('fewer areas', 0x31)
            loader.licence(licence)
            refused(0x31, loader.special, HEADER, foreign[:28])
            clean('another header', 0x31)
            start()
            refused(0x43, loader.area, parts[0][0], flip(parts[0][1], 1500))
            clean('an altered byte', 0x43)
            start()
            refused(0x43, loader.area, flip(parts[0][0], 29), parts[0][1])
            clean('an altered tag', 0x43)
            start()
            refused(0x43, loader.area, flip(parts[0][0], 9, 0x40), parts[0][1])
            clean('an altered address', 0x43)
            start()
            refused(0x41, loader.area, parts[0][0][:8] + struct.pack('<I', 0x08000000) + parts[0][0][12:], parts[0][1])
            clean('over the secure boot', 0x41)
            start()
            refused(0x41, loader.area, parts[0][0][:8] + struct.pack('<I', 0x08075400) + parts[0][0][12:], parts[0][1])
            clean('over the boot loader', 0x41)
            start()
            refused(0x40, loader.area, *parts[1])
            clean('areas in another order', 0x40)
            start()
            loader.area(*parts[0])
            refused(0x40, loader.area, *parts[0])
            clean('an area twice', 0x40)
            start()
            refused(0x40, loader.area, *areas(foreign)[0])
            clean('an area of another image', 0x40)
            start()
            loader.area(*parts[0])
            loader.area(*parts[1])
            refused(0x40, loader.area, *areas(foreign)[2])
            clean('options of another image', 0x40)
            start()
            refused(0x44, loader.area, b'P' + parts[0][0][1:], parts[0][1])
            clean('an area of later protocols', 0x44)
            start()
            refused(0x46, loader.area, b'M' + parts[0][0][1:], parts[0][1])
            clean('a module without a licence', 0x46)
            start()
            loader.extended(MODULE_LICENCE, b'', licence)
            refused(0x47, loader.area, b'M' + parts[0][0][1:], parts[0][1])
            clean('firmware as a module', 0x47)
            start()
            loader.area(*parts[0])
            overlap = parts[1][0][:8] + struct.pack('<I', FIRST + 2040) + parts[1][0][12:]
            refused(0x42, loader.area, overlap, parts[1][1])
            clean('overlap', 0x42)
            start()
            for part in parts[:-1]:
                loader.area(*part)
            refused(0x70, loader.special, FINISH)
            loader.special(ABORT)
            clean('a truncated file')
            # The flash of a real image, and still not finished: no secret in RAM that a debugger sees, none on the line.
            start()
            for part in parts:
                loader.area(*part)
            leak.check(sim.read(0x20000000, 65536), 'SRAM1')
            loader.special(FINISH)
            leak.check(loader.wire.traffic, 'what the device sent')
            sim.wait_text(RUNS)

    def test_options_that_would_open_the_device_are_refused(self):
        device = Device('options')
        # The packager refuses them; so does the device.
        good, _ = image(600)
        config = areas(good)[-1]
        self.assertEqual(config[0][0:1], b'C')
        rows = [(n, v) for n, v in OPTIONS]
        with device.on('--skip-idle') as sim:
            loader = Loader(usart(sim))
            loader.sync()
            for spoilt in (bytes([0xAA]) + struct.pack('<I', rows[0][1])[1:], None):
                words = [struct.pack('<I', v) for _, v in rows]
                if spoilt:
                    words[0] = spoilt
                else:
                    words[3] = struct.pack('<I', 0xFF00FF01)
                iv = iv_of(NONCE, 2)
                cipher, tag = seal(KEY, iv, config[0][:14], b''.join(words))
                loader.licence(device.licence())
                loader.special(HEADER, good[:28])
                loader.area(*areas(good)[0])
                refused(0x45, loader.area, config[0][:14] + tag, cipher)
                self.assertEqual(loader.identify()['state'], 0)


class Interruptions(unittest.TestCase):
    def test_a_reset_or_a_power_cut_at_each_frame_starts_over(self):
        device = Device('reset')
        code = random.Random(12).randbytes(600)
        sfi, clear = image(700, modules=[module(code, 0x08002000)])
        leak, licence, module_licence = Leak(clear), device.licence(), device.licence(MODULE_KEY, MODULE_NONCE)
        leak.windows |= Leak(bytes(512) + code).windows
        with device.on('--skip-idle') as sim:
            wire = Counted(sim.uart, 60)
            loader, step = Loader(wire), 0
            loader.sync()
            while True:
                wire.limit = step // 2 if SWEEP else step  # both at each frame, or in turn
                try:
                    loader.install(licence, sfi, module=module_licence)
                    break
                except Stop:
                    pass
                wire.limit = None
                while select.select([sim.uart], [], [], 0.02)[0]:  # the rest of an answer
                    sim.uart.recv(4096)
                sim.control('power-cycle' if step % 2 else 'reset')
                if outcome(sim) == 'runs':
                    break
                me = loader.identify()
                self.assertEqual(me['state'], 0, step)
                self.assertEqual(sim.read(FIRST, 8192), BLANK, step)
                secrets_gone(sim, device, leak, 'after a reset at step %d' % step)
                step += 1
            self.assertGreater(step, 60 if SWEEP else 30)
            self.assertEqual(sim.read(0x08002000, 600), code)
            leak.check(wire.traffic, 'what the device sent')

    def test_a_flood_while_flash_is_erased_is_survived(self):
        """More than the receiver's ring holds, while the device erases for half a second; nothing of it becomes a command."""
        device = Device('flood')
        sfi, clear = image(50000)
        licence = device.licence()
        with device.on('--skip-idle') as sim:
            loader = Loader(usart(sim))
            loader.sync()
            loader.install(licence, sfi, finish=False)
            sim.send(bytes([0x50, 0xAF]) + checked(struct.pack('>H', ABORT)) + checked(bytes(2)) + bytes(30000))
            self.assertEqual(loader.wire.read(10), b'\x79\x79\x79\0\0\0\x02\0\0\x79')  # it has erased
            self.assertEqual(self.heard(sim, loader)['state'], 0)
            self.assertEqual(sim.read(FIRST, 50000), b'\xff' * 50000)
            loader.install(licence, sfi)
            sim.wait_text(RUNS)
            self.assertEqual(sim.read(FIRST, len(clear)), clear)

    def heard(self, sim, loader):
        """What a device says that may still be refusing what came before."""
        loader.wire.timeout = 1
        for _ in range(60):
            while select.select([sim.uart], [], [], 0.2)[0]:
                sim.uart.recv(4096)
            try:
                loader.sync()
                me = loader.identify()
                loader.wire.timeout = 60
                return me
            except (Nack, Silence, AssertionError, struct.error):
                pass
        raise AssertionError('the device does not listen any more')

    def operations(self, device, licence, sfi):
        """Flash operations of a whole install, and the number of the one that writes the option bytes (0: none does)."""
        with device.fresh('whole').on('--skip-idle') as sim:
            loader = Loader(usart(sim))
            loader.sync()
            loader.install(licence, sfi)
            sim.wait_text(RUNS)
            stats = sim.stats()
        writes = stats['flash_ops'] - stats['programs'] - stats['erases']
        self.assertIn(writes, (0, 1))
        return stats['flash_ops'], stats['flash_ops'] - 2 if writes else 0  # the mark, twice, comes behind it

    def cut(self, device, licence, sfi, clear, rows, n, way, seed):
        """The power goes at the n-th operation. What becomes of the device: it 'runs' or is back in its 'loader', and
        then it installs; 'closed': the chip took torn option bytes for PCROP over all of its flash."""
        mode = '%d:%s' % (n, way) + (':%d' % seed if way in ('torn', 'weak') else '')
        victim = device.fresh('victim%d' % PART)
        with victim.on('--skip-idle', '--cut', mode) as sim:
            try:
                loader = Loader(usart(sim, 20))
                loader.sync()
                loader.install(licence, sfi)
            except (Silence, OSError):
                pass
            self.assertEqual(sim.wait(), 5, mode)
        with victim.on('--skip-idle', '--stay', '--halt') as sim:
            first, last = struct.unpack('<HxxHxx', sim.read(0x40022024, 8))  # PCROP1SR, PCROP1ER
            sim.control('run')
            if (first, last) == (0, 0xFFFF):
                sim.control('probe attach')
                for address in (FIRST, 0x10000000):
                    self.assertRaises(SimError, sim.control, 'probe read 0x%08x 1024' % address)
                self.assertEqual(sim.read(0x0807F000, 2048), BLANK[:2048], mode)  # the device's key is gone
                return 'closed'
            what = outcome(sim)
            if what == 'loader':
                loader = Loader(usart(sim))
                self.assertEqual(loader.identify()['state'], 0, mode)
                loader.install(licence, sfi)
                sim.wait_text(RUNS)
            self.assertEqual(sim.read(FIRST, len(clear)), clear, mode)
            self.assertEqual(sim.read(0x0807F000, 2048), BLANK[:2048], mode)
            self.assertEqual(sim.read(0x40022020, 4), struct.pack('<I', rows[0][1]), mode)
        return what

    def sweep(self, device, rows, name):
        """Cuts at every operation (a sample without SFI_SWEEP): {what: how often}, and the operations that closed devices."""
        sfi, clear = image(560, rows=rows, name=name)
        licence = device.licence()
        operations, options = self.operations(device, licence, sfi)
        plan = [(n, way, n) for n in range(1, operations + 1) for way in WAYS]
        last = [(n, WAYS[n % 4], n) for n in range(operations - 5, operations + 1)]
        if options:
            plan += [(options, 'torn', seed) for seed in range(100, 200)]
            last += [(options, 'torn', seed) for seed in range(100, 104)]
        if SWEEP:
            plan = plan[PART - 1::PARTS]
        else:  # the records at both ends, the erasing of the key, the option bytes, the marks; some of the rest
            plan = plan[::37 if options else 74] + last
        count, closed_at = {'runs': 0, 'loader': 0, 'closed': 0}, set()
        for n, way, seed in plan:
            what = self.cut(device, licence, sfi, clear, rows, n, way, seed)
            count[what] += 1
            if what == 'closed':
                closed_at.add((n, way))
        if SWEEP:
            print('%s: %d operations, %d cuts: %s' % (name, operations, len(plan), count), flush=True)
        self.assertGreater(count['runs'], 2)
        self.assertGreater(count['loader'], 2)
        return count, closed_at, options

    def test_a_power_cut_at_any_flash_operation(self):
        """With the option bytes that a device is delivered with there are none to be written, and no exception."""
        count, _, options = self.sweep(Device('cut'), DELIVERED, 'delivered.sfi')
        self.assertEqual((count['closed'], options), (0, 0))

    def test_a_power_cut_at_any_flash_operation_with_option_bytes_to_write(self):
        """Torn option bytes may close the chip (its own doing): then, only then, and never at another operation."""
        _, closed_at, options = self.sweep(Device('cut-options'), OPTIONS, 'other.sfi')
        self.assertLessEqual(closed_at, {(options, 'torn')})


class Probe(unittest.TestCase):
    def test_a_debug_probe_reads_nothing_at_any_step(self):
        device = Device('probe')
        sfi, clear = image(2000)
        leak, licence = Leak(clear), device.licence()
        key = read(os.path.join(device.name, 'device_key.bin'))
        parts = areas(sfi)
        steps = [lambda l: None, lambda l: l.licence(licence), lambda l: l.special(HEADER, sfi[:28]),
                 lambda l: (l.special(AREA, parts[0][0]), l.extended(CHUNK, bytes(4), parts[0][1][:1024])),
                 lambda l: l.extended(CHUNK, struct.pack('>I', 1024), parts[0][1][1024:])]
        with device.on('--skip-idle', '--stay') as sim:  # the core locks up when its memory is closed
            for count in range(1, len(steps) + 1):
                sim.uart.setblocking(True)
                self.assertEqual(outcome(sim), 'loader')
                loader = Loader(usart(sim))
                for step in steps[:count]:
                    step(loader)
                sim.control('probe attach')
                seen = b''
                for address in (0x08000000, FIRST, 0x08075800, 0x0807F000, RECORDS, 0x10000000, 0x10002000, 0x10004000,
                                0x20000000, 0x20020000, 0x20024000):
                    try:
                        seen += bytes.fromhex(sim.control('probe read 0x%08x 1024' % address))
                        self.assertTrue(0x20000000 <= address < 0x20020000, hex(address))
                    except SimError:
                        pass
                self.assertNotIn(key, seen)
                self.assertNotIn(KEY, seen)
                leak.check(seen, 'what a probe reads at step %d' % count)
                sim.control('probe detach')
                sim.control('power-cycle')
            self.assertEqual(outcome(sim), 'loader')
            Loader(usart(sim)).install(licence, sfi)
            sim.wait_text(RUNS)


def seal(key, iv, aad, clear):
    """AES-128-GCM: (ciphertext, tag)."""
    ctx = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    cipher, n, tag = ctypes.create_string_buffer(len(clear) + 16), ctypes.c_int(), ctypes.create_string_buffer(16)
    assert CRYPTO.EVP_EncryptInit_ex(ctx, ctypes.c_void_p(CRYPTO.EVP_aes_128_gcm()), None, key, iv) == 1
    assert CRYPTO.EVP_EncryptUpdate(ctx, None, ctypes.byref(n), aad, len(aad)) == 1
    assert CRYPTO.EVP_EncryptUpdate(ctx, cipher, ctypes.byref(n), clear, len(clear)) == 1
    assert CRYPTO.EVP_EncryptFinal_ex(ctx, ctypes.create_string_buffer(16), ctypes.byref(n)) == 1
    assert CRYPTO.EVP_CIPHER_CTX_ctrl(ctx, 0x10, 16, tag) == 1
    CRYPTO.EVP_CIPHER_CTX_free(ctx)
    return cipher.raw[:len(clear)], tag.raw


if __name__ == '__main__':
    main()
