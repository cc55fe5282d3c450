#!/usr/bin/python3
"""A memory map that a board's protections cannot cover stops the build, and the message says what is wrong."""
import os
import subprocess
import unittest

SOURCE = os.environ['PC_SOURCE']


def build(**values):
    """What the compiler says of the protections of nucleo-l476rg-secure with these values in its map."""
    lines = ['#include "board/nucleo-l476rg-secure/map.h"']
    for name, value in values.items():
        lines += [f'#undef {name}', f'#define {name} {value}']
    with open('map.h', 'w', encoding='ascii') as f:
        f.write('\n'.join(lines) + '\n')
    done = subprocess.run(['arm-none-eabi-gcc', '-fsyntax-only', '-mcpu=cortex-m4', '-mthumb', '-std=c11', '-ffreestanding', '-I.',
                           f'-I{SOURCE}/board/nucleo-l476rg-secure', f'-I{SOURCE}', f'-I{SOURCE}/include',
                           f'{SOURCE}/port/stm32l4/protect.c'], stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


class Maps(unittest.TestCase):
    def test_the_board_itself_builds(self):
        self.assertEqual(build(), (0, ''))

    def test_a_standalone_loader_needs_a_region_of_its_own(self):
        done = subprocess.run(['arm-none-eabi-gcc', '-c', '-mcpu=cortex-m4', '-DLOADER_STANDALONE=1', f'-I{SOURCE}/board/nucleo-l476rg-secure',
                               f'-I{SOURCE}', f'{SOURCE}/port/stm32l4/jump_protect.S', '-o', 'jump.o'], stderr=subprocess.PIPE, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('PROTECT with LOADER: protect.h lacks the MPU region', done.stderr)

    def test_what_cannot_be_protected_is_named(self):
        for values, told in (
                ({'MAP_ENGINE_DATA_BASE': '0x08008000'}, 'swapping the banks uncovers the keys'),  # as nucleo-l476rg-single has it
                ({'MAP_ENGINE_CODE_SIZE': '0x8000'}, 'swapping the banks uncovers the keys'),
                ({'MAP_ENGINE_RAM_BASE': '0x10000000'}, 'SRAM1 only'),
                ({'MAP_ENGINE_RAM_SIZE': '0x0BE0'}, 'granules of 64 bytes'),
                ({'MAP_ENGINE_DATA_SIZE': '0x7FC0'}, 'granules of 256 bytes'),
                ({'MAP_GATE_BASE': '0x08000210'}, 'granules of 256 bytes'),
                ({'MAP_BOOT_SIZE': '0xA800'}, 'a multiple of an eighth'),  # as nucleo-l476rg-patch has it
                ({'MAP_BOOT_SIZE': '0x18000'}, 'no region for a boot loader of this size')):
            with self.subTest(values):
                code, said = build(**values)
                self.assertNotEqual(code, 0)
                self.assertIn(told, said)


if __name__ == '__main__':
    unittest.main()
