#!/usr/bin/python3
"""The manual page docs/portcullis.md and the program's own help know the same commands, options and examples."""
import functools
import re
import shlex

from tooltest import *

PAGE = read(SOURCE + '/docs/portcullis.md').decode()


@functools.lru_cache
def commands():
    """Every command that `portcullis --help` lists."""
    return re.findall(r'^  ([a-z-]+(?: [a-z0-9-]+){0,2}) {2,}\S', run('--help').stdout, re.M)


@functools.lru_cache
def help_of(name):
    r = run(*name.split(), '--help')
    assert r.returncode == 0, r.stderr
    return r.stdout


def examples(text):
    return re.findall(r'^ *(?:\$ )?portcullis (.*)$', text.replace('\\\n', ' '), re.M)


class Docs(ToolTest):
    def test_every_command_explains_itself(self):
        self.assertGreater(len(commands()), 15)
        for name in commands():
            text = help_of(name)
            self.assertEqual(text, self.ok('help', *name.split()))
            self.assertTrue(text.startswith(f'usage: portcullis {name} '), text)
            self.assertGreater(len(examples(text.split('Examples:')[1])), 0, name)
        for group in {name.split()[0] for name in commands() if ' ' in name}:
            self.assertIn(f'portcullis {group} ', self.ok(group, '--help'))

    def test_the_page_has_a_section_for_every_command_and_none_besides(self):
        self.assertEqual(re.findall(r'^### portcullis (.*)$', PAGE, re.M), commands())

    def test_every_option_is_in_its_section(self):
        for name in commands():
            section = re.search(rf'^### portcullis {name}\n(.*?)(?=^##|\Z)', PAGE, re.M | re.S).group(1)
            options = help_of(name).split('Options:')[1].split('Examples:')[0]
            for option in re.findall(r'--[a-z][a-z0-9-]+', options):
                if option not in ('--help', '--json'):
                    self.assertIn(option, section, f'{name} {option}')

    def check_example(self, line):
        words = shlex.split(line, comments=True)
        if words[0] == '--help':
            return
        known = [n for n in commands() if words[:len(n.split())] == n.split()]
        name = max(known, key=len) if known else words[0]
        self.assertIn(name, commands(), line)
        text = help_of(name)
        for word in words[len(name.split()):]:
            if word.startswith('-'):
                self.assertRegex(text, rf'(?m)^ .*{re.escape(word.split("=")[0])}[ ,\n]', line)

    def test_every_example_names_commands_and_options_that_exist(self):
        found = examples(PAGE)
        self.assertGreater(len(found), 15)
        for line in found:
            self.check_example(line)
        for name in commands():
            for line in examples(help_of(name)):
                self.check_example(line)

    def test_the_walk_through_of_the_page_runs(self):
        """The block after "A first image" is executed as it stands."""
        block = re.search(r'## A first image.*?```sh\n(.*?)```', PAGE, re.S).group(1)
        elf('app.elf', [(ACTIVE, app())])
        elf('boot.elf', [(BOOT, b'boot' * 10)])
        for line in examples(block):
            self.ok(*shlex.split(line, comments=True))


main()
