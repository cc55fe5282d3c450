#!/usr/bin/python3
"""A project that knows nothing but the kit builds, boots and updates itself, with versions from git; and the kit holds no key."""
import os
import re
import shutil
import struct
import subprocess
import sys
import unittest

SOURCE, BUILD, ARM = (os.environ[n] for n in ('PC_SOURCE', 'PC_BUILD', 'PC_ARM'))
sys.path.insert(0, SOURCE + '/test/support')
from sim import Sim  # noqa: E402

TOOL = BUILD + '/portcullis'
BOARD, BOOT = 'NUCLEO-L476RG', 'v1.0.0'
HOME = os.getcwd()
os.environ.update(GIT_AUTHOR_NAME='t', GIT_AUTHOR_EMAIL='t@example.org', GIT_COMMITTER_NAME='t', GIT_COMMITTER_EMAIL='t@example.org',
                  GIT_CONFIG_GLOBAL='/dev/null', GIT_CONFIG_SYSTEM='/dev/null')
os.environ.pop('PORTCULLIS', None)


def run(*command, code=0, cwd='.', **env):
    r = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       universal_newlines=True, cwd=cwd, env={**os.environ, **env})
    assert r.returncode == code, f'{command}: exit {r.returncode}, not {code}\n{r.stdout}'
    return r.stdout


class Kit(unittest.TestCase):
    def setUp(self):
        os.chdir(HOME)
        shutil.rmtree('project', ignore_errors=True)
        os.mkdir('project')
        os.chdir('project')
        run('git', 'init', '-q')

    def kit(self, board='nucleo-l476rg', *options):
        run(TOOL, 'kit', board, 'Bootloader', '--boot', f'{ARM}/{board}/boot.elf', *options)
        run('Bootloader/Scripts/make_keys.sh', 'Keys')

    def tag(self, version):
        run('git', 'commit', '-q', '--allow-empty', '-m', version)
        run('git', 'tag', version)

    def build(self, what, *more, script='Bootloader/Linker/application.ld'):
        os.makedirs('Debug', exist_ok=True)
        run('arm-none-eabi-gcc', '-mcpu=cortex-m4', '-mthumb', '-Os', '-ffreestanding', '-nostdlib', '-nostartfiles', f'-DBUILD="{what}"',
            '-Wall', '-Wextra', '-Werror', '-IBootloader/Include', SOURCE + '/test/kit/application.c', '-T', script, '-LBootloader/Linker',
            f'-LBootloader/Libs/{BOARD}', *more, '-lc_nano', '-Wl,--no-warn-rwx-segments', '-o', 'Debug/DemoApp.elf')

    def postbuild(self, version='0.0.0', patchref='0.0.0', board=BOARD, boot=BOOT, code=0, keys='../Keys', artifact='DemoApp.elf', **env):
        """As an IDE calls it: in the build folder."""
        return run('../Bootloader/Scripts/STM32CubeIDE/postbuild.sh', artifact, keys, '../Binary', '../Bootloader/Libs', version,
                   patchref, board, boot, code=code, cwd='Debug', **env)

    def test_a_project_with_only_the_kit_boots_and_updates_with_versions_from_git(self):
        self.kit()
        self.tag('v1.0.0')
        self.build('one')
        self.postbuild()
        run('git', 'commit', '-q', '--allow-empty', '-m', 'work')
        self.build('two')
        self.assertIn('takes no patches', self.postbuild(patchref='v1.0.0'))
        described = run('git', 'describe', '--tags').strip()
        names = sorted(os.listdir('Binary'))
        for name in ('BOOT_DemoApp_NUCLEO-L476RG_v1.0.0.hex', 'BOOT_DemoApp_NUCLEO-L476RG_v1.0.0.bin', 'DemoApp_NUCLEO-L476RG_v1.0.0.sfb',
                     f'DemoApp_NUCLEO-L476RG_{described}.sfb'):
            self.assertIn(name, names)
        self.assertIn('DemoApp_v1.0.0.bin', os.listdir('Binary/PatchRef'))
        patch = f'Binary/DemoApp_NUCLEO-L476RG_v1.0.0_{described}.sfbp'
        keys = ('--public-key', 'Keys/Signing_PrivKey_ECC.txt', '--encryption-key', 'Keys/Cipher_Key_AES_CBC.bin')
        run(TOOL, 'image', 'verify', patch, *keys, '--base', 'Binary/PatchRef/DemoApp_v1.0.0.bin')
        self.assertLess(os.path.getsize(patch), os.path.getsize(f'Binary/DemoApp_NUCLEO-L476RG_{described}.sfb'))
        with Sim('--load', 'Binary/BOOT_DemoApp_NUCLEO-L476RG_v1.0.0.hex', state='device') as sim:
            sim.wait_text('application one runs, version 1.0.0', fail=['CRITICAL FAILURE'])
        with Sim('--press-button', state='device') as sim:
            sim.wait_text('Send ..')
            sim.control('button release')
            sim.sb(f'Binary/DemoApp_NUCLEO-L476RG_{described}.sfb')
            sim.wait_text('application two runs, version 1.0.1', fail=['CRITICAL FAILURE'])

    def test_no_key_is_in_a_kit_and_each_project_has_its_own(self):
        self.kit()
        kit_boot = f'Bootloader/Libs/{BOARD}/stm32-secure-patching-bootloader_{BOARD}_{BOOT}.elf'
        self.tag('v1.0.0')
        self.build('one')
        self.postbuild()
        sfb = f'Binary/DemoApp_{BOARD}_v1.0.0.sfb'
        keys = ('--public-key', 'Keys/Signing_PrivKey_ECC.txt', '--encryption-key', 'Keys/Cipher_Key_AES_CBC.bin')
        # Neither the keys of the build tree nor the project's: merge compares them.
        out = run(TOOL, 'image', 'merge', '--boot', kit_boot, '--image', sfb, *keys, '-o', 'x.hex', code=1)
        self.assertIn('built with another', out)
        dump = run('arm-none-eabi-objdump', '-d', '--disassemble=engine_key_aes_1', kit_boot)
        self.assertEqual(set(re.findall(r'mov[wt]\s+r1, #(\d+)', dump)), {'0'}, dump)
        # The project's are in what it ships: with another AES key the image would not decrypt.
        with Sim('--load', f'Binary/BOOT_DemoApp_{BOARD}_v1.0.0.hex', state='device') as sim:
            sim.wait_text('application one runs', fail=['CRITICAL FAILURE'])
        old = {f: open(f'Keys/{f}', 'rb').read() for f in os.listdir('Keys')}
        self.assertIn('is not replaced', run('Bootloader/Scripts/make_keys.sh', 'Keys', code=1))
        self.assertEqual(old, {f: open(f'Keys/{f}', 'rb').read() for f in os.listdir('Keys')})

    def test_what_is_wrong_is_said_and_nothing_is_made(self):
        self.kit()
        self.build('one')
        self.assertIn('no git repository', self.postbuild(code=1, GIT_DIR='/nonexistent'))
        run('git', 'commit', '-q', '--allow-empty', '-m', 'untagged')
        self.assertIn('git tag v1.0.0', self.postbuild(code=1))
        self.assertIn('larger than 255', self.postbuild('v1.300.0', code=1))
        self.assertIn('there are: NUCLEO-L476RG', self.postbuild('1.0.0', board='NUCLEO-L072', code=1))
        self.assertIn('v1.0.0.elf', self.postbuild('1.0.0', boot='v9.9.9', code=1))
        self.assertIn('make_keys', self.postbuild('1.0.0', keys='../None', code=1))
        self.assertFalse(os.path.exists('Binary/DemoApp_NUCLEO-L476RG_1.0.0.sfb'))
        usage = run('Bootloader/Scripts/STM32CubeIDE/postbuild.sh', 'DemoApp.elf', code=2)
        for word in 'ARTIFACT KEYS BINARY LIBS VERSION PATCHREF BOARD BOOT_VERSION'.split():
            self.assertIn(word, usage)
        self.assertIn('is there already', run(TOOL, 'kit', 'nucleo-l476rg', 'Bootloader', code=1))
        self.assertIn('board list', run(TOOL, 'kit', 'nucleo', 'x', code=2))

    def test_a_project_of_the_vendors_kit_builds_unchanged_and_patches_itself(self):
        """Its include file, its names, its linker script, its board and boot loader version; the artifact as older IDEs name it."""
        self.kit('test-l476-patch', '--name', BOARD, '--version', 'v1.4.0')
        for version, what in (('v1.0.0', 'one'), ('v1.1.0', 'two')):
            self.build(what, SOURCE + '/test/kit/vendor.c', script=SOURCE + '/test/kit/vendor.ld')
            out = self.postbuild(version, 'v1.0.0' if what == 'two' else '0.0.0', boot='v1.4.0', artifact='DemoApp')
            self.assertNotIn('takes no patches', out)
        with open(f'Binary/DemoApp_{BOARD}_v1.0.0_v1.1.0.sfbp', 'rb') as f:
            patch = f.read()
        self.assertLess(len(patch), 600)
        with open('update', 'wb') as f:
            f.write(struct.pack('<I', len(patch)) + patch)
        with Sim('--load', f'Binary/BOOT_DemoApp_{BOARD}_v1.0.0.hex', '--load', 'update@0x08060000', state='device') as sim:
            sim.wait_text('application one runs', fail=['CRITICAL FAILURE'])
            sim.wait_text('firmware 1.0.0, boot loader ')
            sim.wait_text('completed, rebooting', fail=['failed'])
            sim.wait_text('application two runs', fail=['CRITICAL FAILURE'])
            sim.wait_text('firmware 1.1.0')

    def test_a_board_with_a_single_slot_gets_patches_that_apply_in_place(self):
        self.kit('test-l476-single-patch', '--name', BOARD)
        for version, what in (('v1.0.0', 'one'), ('v1.1.0', 'two')):
            self.build(what)
            self.assertNotIn('takes no patches', self.postbuild(version, 'v1.0.0' if what == 'two' else '0.0.0'))
        with Sim('--load', f'Binary/BOOT_DemoApp_{BOARD}_v1.0.0.hex', '--press-button', state='device') as sim:
            sim.wait_text('Send ..')
            sim.control('button release')
            sim.sb(f'Binary/DemoApp_{BOARD}_v1.0.0_v1.1.0.sfbp')
            sim.wait_text('application two runs, version 1.1.0', fail=['CRITICAL FAILURE'])

    def test_a_kit_has_what_its_board_has(self):
        library = f'Libs/{BOARD}/libportcullis.a'
        for board, served in (('nucleo-l476rg-secure', False), ('nucleo-l476rg-patch', True)):
            with self.subTest(board):
                shutil.rmtree('Bootloader', ignore_errors=True)
                shutil.rmtree('Keys', ignore_errors=True)
                self.kit(board, '--name', BOARD)
                headers = os.listdir('Bootloader/Include/portcullis')
                self.assertEqual('se_patch.h' in headers, served)
                self.assertTrue(os.path.exists('Bootloader/' + library) and 'update.h' in headers)
                # The library finds what it needs in the linker file, and is preferred to it: boards with a firewall need its engine_call.
                self.build('one', '-Wl,-u,update_init_image', '-Wl,-u,update_begin', 'Bootloader/' + library)
                for folder, _, headers in os.walk('Bootloader/Include'):  # TouchGFX is C++
                    for header in headers:
                        run('arm-none-eabi-g++', '-mcpu=cortex-m4', '-mthumb', '-Wall', '-Wextra', '-Werror', '-std=c++14', '-fsyntax-only',
                            '-IBootloader/Include', '-x', 'c++', f'{folder}/{header}')
                with open(f'Bootloader/Libs/{BOARD}/board.properties', encoding='ascii') as f:
                    self.assertIn('patches=' + ('yes' if served else 'no'), f.read())
        self.assertIn('not a boot loader', run(TOOL, 'kit', 'nucleo-l476rg', 'x', '--boot', 'Debug/DemoApp.elf', code=3))
        self.assertIn('--name', run(TOOL, 'kit', 'nucleo-l476rg', 'x', '--name', 'a/b', code=2))

    def test_a_project_in_two_segments_boots_patches_itself_and_tells_its_memories(self):
        board = '32L496GDISCOVERY'
        self.kit('32l496gdiscovery')
        with open('Bootloader/Libs/32L496GDISCOVERY/board.properties', encoding='utf-8') as f:
            self.assertIn('multiseg_start=0x90000000\nmultiseg_size=4194304\nmultiseg_offset=487424\n', f.read())
        with open('assets.S', 'w', encoding='utf-8') as f:
            f.write('.section ExtFlashSection, "a"\n.rept 50000\n.long 0x12345678\n.endr\n')
        for what, version in (('one', 'v1.0.0'), ('two', 'v1.1.0')):
            self.tag(version)
            self.build(what, 'assets.S', f'-LBootloader/Libs/{board}', script='Bootloader/Linker/application_multiseg.ld')
            self.postbuild(board=board, patchref='v1.0.0' if what == 'two' else '0.0.0')
        made = sorted(os.listdir('Binary'))
        self.assertIn(f'DemoApp_{board}_v1.0.0_v1.1.0.sfbp', made)
        self.assertIn(f'BOOT_DemoApp_{board}_v1.1.0.hex', made)
        self.assertNotIn(f'BOOT_DemoApp_{board}_v1.1.0.bin', made)
        self.assertLess(os.path.getsize(f'Binary/DemoApp_{board}_v1.0.0_v1.1.0.sfbp'), 1000)
        text = run(TOOL, 'size-report', '--board', '32l496gdiscovery', f'Binary/BOOT_DemoApp_{board}_v1.1.0.hex')
        self.assertRegex(text, r'0x90000000 +active slot 1, 2nd .* 200000 of 4194304 bytes')
        with Sim('--board', '32l496gdiscovery', '--load', f'Binary/BOOT_DemoApp_{board}_v1.1.0.hex') as sim:
            sim.wait_text('application two runs, version 1.1.0', fail=['CRITICAL'])

    def test_the_size_report_shows_what_fills_the_board(self):
        self.kit()
        self.build('one')
        text = run(TOOL, 'size-report', '--boot', f'{ARM}/nucleo-l476rg/boot.elf', 'Debug/DemoApp.elf')
        for part in ('boot loader', 'active slot 1', 'download slot 1', 'application RAM', 'journal', 'version counter'):
            self.assertRegex(text, part + r' +\[')
        for part in ('engine RAM', 'boot loader RAM'):
            self.assertRegex(text, part + r' +\[#+\.*\]')
        for board in run(TOOL, 'board', 'list').split('\n'):
            if board:
                rows = [line.split('[')[0].split(' ', 3)[3] for line in run(TOOL, 'size-report', '--board', board.split()[0]).splitlines()[1:]]
                self.assertEqual(len(rows), len(set(rows)), board)
        self.assertNotIn('DOES NOT FIT', text)
        self.assertRegex(text, r'application RAM +\[#\.+\] +\d+ of')


unittest.main(verbosity=2)
