#!/usr/bin/python3
"""portcullis sfi pack, module, info: what comes out opens with libcrypto alone, and what must not come out does not."""
from sfitest import *

KEY, NONCE = bytes(range(16)), bytes.fromhex('00112233445566778899aa00')


class Pack(ToolTest):
    def setUp(self):
        secret('fw.key', KEY)
        write('fw.nonce', NONCE)
        write('app.bin', l462())
        csv()
        if os.path.exists('sfi_nonces.txt'):
            os.unlink('sfi_nonces.txt')

    def command(self, *firmware, ob='ob.csv', key='fw.key', nonce='fw.nonce', version='7', device='stm32l462ce',
                more=('--no-ledger',)):
        files = [x for f in (firmware or ('app.bin',)) for x in ('--firmware', f)]
        return ('sfi', 'pack', *files, '--key', key, '--nonce', nonce, '--option-bytes', ob, '--version', version,
                '--device', device, *more)

    def pack(self, *firmware, **kw):
        self.ok(*self.command(*firmware, **kw), '-o', 'out.sfi')
        return read_sfi(read('out.sfi'), KEY, NONCE)

    def pack_refused(self, code, message, *firmware, **kw):
        if os.path.exists('out.sfi'):
            os.unlink('out.sfi')
        self.refused(code, message, *self.command(*firmware, **kw), out='out.sfi')

    def config(self, rows=OPTIONS):
        return ('C', 7, 0, b''.join(struct.pack('<I', v) for _, v in rows))

    def test_an_image_opens_to_its_last_byte_with_libcrypto_alone(self):
        for size in (8, 1000, 1001, 1003, 65536, 65536 + 256, LOADER - START):
            write('app.bin', l462(size))
            areas = self.pack(more=('--no-ledger', '--no-vectors'))
            self.assertEqual(areas, [('F', 7, START, l462(size)), self.config()])
            info = self.json('sfi', 'info', 'out.sfi', '--key', 'fw.key', '--nonce', 'fw.nonce', '--device',
                             'stm32l462ce')
            self.assertTrue(info['verified'])
            self.assertEqual([(a['type'], a['size']) for a in info['areas']],
                             [('firmware', size), ('configuration', 20)])
            self.assertEqual([(o['name'], int(o['value'], 16)) for o in info['areas'][1]['options']], OPTIONS)

    def test_every_input_format_gives_the_same_image(self):
        body, table = l462(3000), b'table of constants' * 10
        write('body.bin', body)
        write('table.bin', table)
        elf('all.elf', [(START, body), (0x08060002, table)])
        for name, kind in (('all.hex', '-intel'), ('all.srec', '-motorola')):
            sh('srec_cat', 'body.bin', '-binary', '-offset', hex(START), 'table.bin', '-binary', '-offset',
               '0x08060002', '-o', name, kind)
        wanted = [('F', 7, START, body), ('F', 7, 0x08060002, table), self.config()]
        for files in (('all.elf',), ('all.hex',), ('all.srec',), ('body.bin', 'table.bin@0x08060002'),
                      ('table.bin@0x08060002', f'body.bin@{START:#x}')):
            self.assertEqual(self.pack(*files), wanted, files)

    def test_areas_that_share_a_flash_unit_become_one(self):
        body = l462(1001)
        write('a.bin', body)
        write('b.bin', b'B' * 9)
        areas = self.pack('a.bin', f'b.bin@{START + 1006:#x}')
        self.assertEqual(areas[0], ('F', 7, START, body + b'\xff' * 5 + b'B' * 9))
        areas = self.pack('a.bin', f'b.bin@{START + 1008:#x}')
        self.assertEqual([len(a[3]) for a in areas], [1001, 9, 20])
        self.assertEqual(len(self.pack('a.bin', f'b.bin@{START + 1001:#x}')), 2)

    def test_what_cannot_be_installed_is_refused(self):
        self.pack_refused(1, r'app.bin@0x08000000: 0x08000000-0x080003e7 reaches into the secure boot of STM32L462CE',
                          'app.bin@0x08000000')
        self.pack_refused(1, 'reaches into the secure boot of', 'app.bin', 'app.bin@0x08000fff')
        self.pack_refused(1, r'begins at 0x08001800; on STM32L462CE firmware begins at 0x08001000',
                          'app.bin@0x08001800')
        write('big.bin', l462(LOADER - START + 1))
        self.pack_refused(1, r'reaches into the secure boot loader \(the last 42 KiB\) of STM32L462CE', 'big.bin')
        self.pack_refused(1, 'lies outside the flash of STM32L462CE', 'app.bin', 'app.bin@0x20000000')
        self.pack_refused(1, 'lies outside the flash', 'app.bin', f'app.bin@{0x08080000 - 4:#x}')
        self.pack_refused(1, r'overlap: 0x08001000-0x080013e7 and 0x080013e7-0x080017ce', 'app.bin',
                          f'app.bin@{START + 999:#x}')
        self.pack_refused(1, 'overlap', 'app.bin', 'app.bin')
        self.pack_refused(3, 'beyond the end of the address space', 'app.bin@0xfffffff0')
        self.pack_refused(3, 'none.bin: No such file', 'none.bin')
        write('bad.bin', app(1000, START, stack=0))
        self.pack_refused(1, 'initial stack pointer 0x00000000 lies in no RAM', 'bad.bin')
        write('bad.bin', app(1000, START, stack=0x20020000, reset=START + 1001))
        self.pack_refused(1, 'reset vector 0x080013e9 is in none of the areas', 'bad.bin')
        write('bad.bin', app(1000, START, stack=0x20020000, reset=START + 8))
        self.pack_refused(1, 'is no Thumb address', 'bad.bin')

    def test_keys_nonces_and_numbers_of_the_wrong_size_are_refused(self):
        for size in (0, 15, 17, 32):
            secret('bad.key', b'k' * size)
            self.pack_refused(3, f'bad.key: {size} bytes; an AES-128 key has 16', key='bad.key')
        for size in (0, 11, 13, 16):
            write('bad.nonce', b'n' * size)
            self.pack_refused(3, f'bad.nonce: {size} bytes; a nonce has 12', nonce='bad.nonce')
        os.chmod('fw.key', 0o644)
        self.pack_refused(1, 'others may read', key='fw.key')
        os.chmod('fw.key', 0o600)
        for version in ('256', '-1', 'x', ''):
            self.pack_refused(2, '--version', version=version)
        self.pack_refused(2, "no device 'stm32f000'; known are: stm32h753xi, stm32l462ce", device='stm32f000')
        write('high.nonce', b'\xff' * 12)
        self.pack_refused(1, 'runs beyond 96 bits', nonce='high.nonce')
        for version in ('0', '255', '0xff'):
            self.ok(*self.command(version=version), '-o', 'out.sfi')

    def test_errors_of_the_option_byte_file_name_the_line(self):
        def refused(text, message, code=3):
            write('bad.csv', text if isinstance(text, bytes) else text.encode())
            self.pack_refused(code, message, ob='bad.csv')
        good = read('ob.csv').decode().splitlines(True)
        refused('', r'bad.csv:1: the file ends where OPTR is missing; STM32L462CE has 5 option registers')
        refused(''.join(good[:4]), r'bad.csv:5: the file ends where WRP1BR is missing')
        refused(''.join(good) + 'WRP2AR,0\n', r"bad.csv:6: 'WRP2AR,0': too many lines")
        refused('# x\n\n' + good[1], r"bad.csv:3: 'PCROP1SR': line 1 of STM32L462CE's registers is OPTR")
        refused(good[0] + 'PCROP1SR 0xff\n', r"bad.csv:2: 'PCROP1SR 0xff' is not NAME,VALUE")
        for value in ('', '0x', '0x1ffffffff', '4294967296', '12f', '-1', '0xzz', '1,2', '1' * 200):
            refused(f'OPTR,{value}\n', r"bad.csv:1: OPTR: '.*' is no 32-bit number")
        refused(b'\x00\xff\x1b[2J' * 20, r"bad.csv:1: '\?\?\?\[2J.*' is not NAME,VALUE")
        refused(b'x' * 70000, 'larger than')
        # as spreadsheets write it
        write('odd.csv', b'\xef\xbb\xbf' + ''.join(f' {n.lower()} , {v} \r\n\r\n' for n, v in OPTIONS).encode())
        self.assertEqual(self.pack(ob='odd.csv')[1], self.config())

    def test_option_bytes_that_open_the_device_are_refused(self):
        def options(**change):
            return csv('other.csv', [(n, change.get(n, v)) for n, v in OPTIONS])
        self.pack_refused(1, r'other.csv: OPTR 0xfbeff8aa: RDP 0xaa is level 0', ob=options(OPTR=0xFBEFF8AA))
        self.pack_refused(1, 'neither protects the secure boot', ob=options(WRP1AR=0xFF00FF00))
        self.pack_refused(1, 'neither protects the secure boot', ob=options(WRP1AR=0xFF01FF01))
        self.ok(*self.command(ob=options(WRP1AR=0xFF00FFFF, WRP1BR=0xFF03FF00)), '-o', 'out.sfi')
        for optr in (0xFFEFF8BB, 0xF3EFF8BB):
            r = run(*self.command(ob=options(OPTR=optr)), '-o', 'out.sfi')
            self.assertEqual(r.returncode, 0)
            self.assertIn('warning: other.csv: OPTR', r.stderr)

    def test_a_nonce_is_never_used_for_two_images(self):
        use = dict(more=())
        self.ok(*self.command(**use), '-o', 'one.sfi')
        ledger = read('sfi_nonces.txt')
        self.assertNotIn(KEY.hex().encode(), ledger)
        self.ok(*self.command(**use), '-o', 'again.sfi')
        self.assertEqual(read('one.sfi'), read('again.sfi'))
        self.assertEqual(read('sfi_nonces.txt'), ledger)
        self.pack_refused(1, 'this key and nonce were already used for another image .sfi_nonces.txt:2: 2 areas',
                          version='8', more=())
        # three IVs are in use: nonce, nonce + 1, nonce + 2
        for step, ok in ((-3, True), (-2, False), (-1, False), (1, False), (2, False), (3, True)):
            write('near.nonce', iv_of(NONCE, step))
            write('sfi_nonces.txt', ledger)
            if ok:
                self.ok(*self.command(nonce='near.nonce', **use), '-o', 'out.sfi')
            else:
                self.pack_refused(1, 'already used', nonce='near.nonce', more=())
        write('sfi_nonces.txt', ledger)
        secret('other.key', bytes(16))
        self.ok(*self.command(key='other.key', **use), '-o', 'out.sfi')
        self.ok(*self.command(version='8', more=('--force',)), '-o', 'out.sfi')
        write('sfi_nonces.txt', ledger + b'key 12\n')
        self.pack_refused(3, 'sfi_nonces.txt:3: not a line of this ledger', more=())
        self.pack_refused(2, 'contradict', more=('--no-ledger', '--ledger', 'x'))
        os.mkdir('keys') if not os.path.isdir('keys') else None
        secret('keys/fw.key', KEY)
        self.ok(*self.command(key='keys/fw.key', **use), '-o', 'out.sfi')
        self.assertTrue(os.path.exists('keys/sfi_nonces.txt'))
        # the ledger is written before the image leaves: an image that could not be written leaves its line
        write('sfi_nonces.txt', b'')
        self.assertEqual(run(*self.command(**use), '-o', 'none/out.sfi').returncode, 3)
        self.assertEqual(read('sfi_nonces.txt'), ledger)

    def test_a_module_keeps_its_makers_key(self):
        secret('m.key', b'M' * 16)
        write('m.nonce', b'm' * 12)
        write('codec.bin', b'codec' * 100)
        self.ok('sfi', 'module', 'codec.bin@0x08040000', '--key', 'm.key', '--nonce', 'm.nonce', '--version', '3', '-o',
                'codec.smi')
        smi = read('codec.smi')
        self.assertEqual(read_sfi(smi, b'M' * 16, b'm' * 12, b'SMIMAGIC'), [('M', 3, 0x08040000, b'codec' * 100)])
        areas = self.pack(more=('--no-ledger', '--module', 'codec.smi'))
        self.assertEqual(areas, [('F', 7, START, l462()), ('M', 7, 0x08040000, smi), self.config()])
        self.pack_refused(1, 'overlap', 'app.bin', 'app.bin@0x080401f3', more=('--no-ledger', '--module', 'codec.smi'))
        self.pack_refused(1, 'a module needs its own', 'app.bin', 'app.bin@0x080401f4',
                          more=('--no-ledger', '--module', 'codec.smi'))
        self.ok(*self.command('app.bin', 'app.bin@0x080401f8', more=('--no-ledger', '--module', 'codec.smi')), '-o',
                'out.sfi')
        self.pack_refused(3, 'app.bin: no valid .sfi', more=('--no-ledger', '--module', 'app.bin'))
        self.pack()
        os.rename('out.sfi', 'plain.sfi')
        self.pack_refused(3, 'plain.sfi: an image, not a module', more=('--no-ledger', '--module', 'plain.sfi'))
        self.assertEqual(self.json('sfi', 'info', 'codec.smi')['kind'], 'smi')

    def test_another_device_is_only_another_table(self):
        rows = [(n, 0x11111111 * i) for i, n in enumerate(
            'FOPTSR_PRG FPRAR_PRG_A FPRAR_PRG_B FSCAR_PRG_A FSCAR_PRG_B FWPSN_PRG_A FWPSN_PRG_B FBOOT7_PRG RESERVED'
            .split())]
        csv('h7.csv', rows)
        write('h7.bin', app(1 << 20, 0x08000000, stack=0x20020000))
        areas = self.pack('h7.bin', ob='h7.csv', device='STM32H753XI')
        self.assertEqual(areas, [('F', 7, 0x08000000, read('h7.bin')), self.config(rows)])
        self.assertEqual(len(areas[1][3]), 36)

    def test_info_believes_nothing(self):
        self.pack()
        good = read('out.sfi')
        info = self.json('sfi', 'info', 'out.sfi')
        self.assertFalse(info['verified'])
        self.assertNotIn('options', info['areas'][1])
        keyed = ('--key', 'fw.key', '--nonce', 'fw.nonce')
        for at in list(range(0, 28 + 30 + 16, 4)) + [len(good) - 51, len(good) - 50, len(good) - 1]:
            write('bad.sfi', good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            r = run('sfi', 'info', 'bad.sfi', *keyed)
            self.assertIn(r.returncode, (0, 1, 3) if at < 8 else (1, 3), at)
            self.assertNotIn('Sanitizer', r.stderr)
            self.assertTrue(at < 8 or r.stdout == '', at)
        for size in list(range(8, 60, 5)) + [len(good) - 1, len(good) - 20, len(good) - 51]:
            write('bad.sfi', good[:size])
            self.refused(3, 'bad.sfi: ', 'sfi', 'info', 'bad.sfi')
        write('bad.sfi', good + b'x')
        self.refused(3, '1 bytes after the last area', 'sfi', 'info', 'bad.sfi')
        # areas from another image, or in another order
        area = good[28:28 + 30 + 1000]
        write('bad.sfi', good[:28] + good[28 + 1030:] + area)
        self.refused(3, 'area 1 of 2 has an impossible descriptor', 'sfi', 'info', 'bad.sfi')
        write('other.nonce', bytes(12))
        self.refused(1, 'header: the tag does not match', 'sfi', 'info', 'out.sfi', '--key', 'fw.key', '--nonce',
                     'other.nonce')
        self.refused(2, 'belong together', 'sfi', 'info', 'out.sfi', '--key', 'fw.key')

    def test_info_lists_a_file_of_the_vendors_layout(self):
        """Built here from the layout alone, with an area of a later kind and no key."""
        def area(kind, index, size, address):
            return struct.pack('<cBHIIH', kind, 9, index, size, address, 4) + bytes(16) + os.urandom(size)
        write('v.sfi', b'SFIMAGIC' + struct.pack('<HH', 1, 4) + bytes(16) + area(b'F', 1, 100, 0x08000000) +
              area(b'P', 2, 0, 0x08020000) + area(b'R', 3, 0, 0x08020000) + area(b'C', 4, 36, 0))
        info = self.json('sfi', 'info', 'v.sfi')
        self.assertEqual([(a['type'], a['size']) for a in info['areas']],
                         [('firmware', 100), ('pause', 0), ('resume', 0), ('configuration', 36)])
        self.assertIn('cannot be installed', self.ok('sfi', 'info', 'v.sfi'))

    def test_info_of_firmware_before_packing(self):
        elf('two.elf', [(START, l462()), (LOADER - 2, b'1234')])
        info = self.json('sfi', 'info', 'two.elf', '--device', 'stm32l462ce')
        self.assertEqual((info['kind'], info['format'], info['size']), ('firmware', 'elf', 1004))
        self.assertEqual([a['misplaced'] for a in info['areas']],
                         [None, 'the secure boot loader (the last 42 KiB)'])
        self.assertIn('0x08001000-0x080013e7', self.ok('sfi', 'info', 'app.bin@0x08001000'))
        self.refused(3, 'No such file', 'sfi', 'info', 'missing.elf')


main()
