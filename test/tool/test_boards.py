#!/usr/bin/python3
"""A memory map that breaks a rule does not build, and the compiler says which rule: docs/porting.md promises it."""
from tooltest import *

BROKEN = (
    ('MAP_FLASH_PAGE', '0x900', 'power of two'), ('MAP_FLASH_UNIT', '12', 'write unit'), ('MAP_BOOT_SIZE', '0x8100', 'MAP_BOOT:'),
    ('MAP_BOOT_SIZE', '0x9000', 'MAP_DOWNLOAD of image 1'), ('MAP_GATE_BASE', '0x08000210', 'MAP_GATE_BASE'),
    ('MAP_ENGINE_CODE_SIZE', '0x8000', 'MAP_ENGINE_CODE_SIZE'), ('MAP_ENGINE_DATA_BASE', '0x08007800', 'MAP_ENGINE_DATA:'),
    ('MAP_ENGINE_DATA_SIZE', '0x1000', 'MAP_JOURNAL_BASE'), ('MAP_JOURNAL_BASE', '0x08080000', 'not those of the headers'),
    ('MAP_COUNTER_BASE', '0x08082000', 'not those of headers or journal'), ('MAP_ACTIVE_BASE', '0x08087000', 'MAP_ACTIVE of image 1'),
    ('MAP_ACTIVE_SIZE', '0x79000', 'MAP_ACTIVE of image 1'), ('MAP_ACTIVE_SIZE', '0x10100', 'MAP_ACTIVE of image 1'),
    ('MAP_DOWNLOAD_BASE', '0x0800C000', 'MAP_DOWNLOAD of image 1'), ('MAP_DOWNLOAD_BASE', '0x90000000', 'no MAP_EXTERNAL_BASE'),
    ('MAP_IMAGE_MAX', '0x79000', 'not more than the active slot'), ('MAP_ENGINE_RAM_SIZE', '0x0C00', 'overlap'),
    ('MAP_SHARED_RAM_BASE', '0x20018000', 'lie in MAP_RAM'), ('MAP_APP_RAM_BASE', '0x20000400', 'MAP_APP_RAM_BASE'),
    ('MAP_BOOT_STACK_SIZE', '0x1000', 'a stack'),
)
BROKEN_SET = (('MAP_ACTIVE_BASE_2', '0x0808B800', 'images 1 and 2 overlap'), ('MAP_DOWNLOAD_BASE_3', '0x0800D800', 'image 3 overlap'),
              ('MAP_ACTIVE_BASE_3', '0x0808E100', 'MAP_ACTIVE of image 3'))

BROKEN_IN_PLACE = (('MAP_SCRATCH_BASE', '0x0800B800', 'MAP_SCRATCH:'), ('MAP_SCRATCH_SIZE', '0x2100', 'MAP_SCRATCH:'),
                   ('MAP_CHECKPOINT_BASE', '0x0800D800', 'MAP_CHECKPOINT:'), ('MAP_CHECKPOINT_SIZE', '0x1800', 'MAP_CHECKPOINT:'),
                   ('MAP_DOWNLOAD_SIZE', '0x800', 'patch area'))


class Boards(ToolTest):
    def compiled(self, board, change=''):
        write('map.h', f'#include "board/{board}/map.h"\n{change}\n'.encode())
        return subprocess.run(['clang', '-fsyntax-only', '-std=c11', '-Wall', '-Wextra', '-Wconversion', '-Werror', '-I' + SOURCE, '-DBOARD_MAP="map.h"',
                               '-DBOARD_SYMBOL=b', '-I.', SOURCE + '/tool/boards/describe.c'], stderr=subprocess.PIPE, text=True)

    def test_a_map_that_breaks_a_rule_does_not_build(self):
        for board, broken in (('nucleo-l476rg', BROKEN), ('test-l476-3', BROKEN_SET), ('test-l476-single-patch', BROKEN_IN_PLACE)):
            self.assertEqual(self.compiled(board).stderr, '')
            for name, value, words in broken:
                with self.subTest(f'{name} {value}'):
                    r = self.compiled(board, f'#undef {name}\n#define {name} {value}')
                    self.assertNotEqual(r.returncode, 0)
                    self.assertIn(words, r.stderr)

    def test_every_board_is_listed_and_shown(self):
        names = [b for b in os.listdir(SOURCE + '/board') if os.path.exists(f'{SOURCE}/board/{b}/map.h')]
        listed = self.ok('board', 'list')
        for name in names:
            self.assertIn(name, listed)
            self.assertEqual(self.json('board', 'show', name)['name'], name)


main()
