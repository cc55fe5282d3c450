#!/usr/bin/python3
"""What the pages point at is there: links and their anchors, files and folders, tests by name, boards, make targets, functions, options; and what
they list is complete."""
import fnmatch
import functools
import glob
import json
import os
import re
import subprocess
import unittest

SOURCE, BUILD = os.environ['PC_SOURCE'], os.environ['PC_BUILD']
PAGES = ['README.md'] + sorted('docs/' + n for n in os.listdir(SOURCE + '/docs') if n.endswith('.md'))
FOLDER_PAGES = ['delta/README.md', 'kit/README.md', 'sim/cpu/README.md', 'sim/dap/README.md', 'sim/soc/README.md']
# Folders of the tree: a name in backquotes that begins with one of them is a path.
FOLDERS = tuple(n for n in os.listdir(SOURCE) if os.path.isdir(os.path.join(SOURCE, n)) and n not in ('build', '.git', '.deps'))


def text_of(page):
    with open(os.path.join(SOURCE, page)) as f:
        return f.read()


@functools.lru_cache
def sources():
    """{path: text} of what the repository holds, but pages and fuzzers' corpora."""
    listed = subprocess.run(['git', '-C', SOURCE, 'ls-files'], stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()
    if not listed:  # not a checkout
        listed = [os.path.relpath(p, SOURCE) for f in FOLDERS for p in glob.glob(f'{SOURCE}/{f}/**', recursive=True) if os.path.isfile(p)]
    found = {}
    for path in listed:
        if path.startswith('fuzz/corpus/') or path.endswith('.md') or not os.path.isfile(os.path.join(SOURCE, path)):
            continue
        with open(os.path.join(SOURCE, path), encoding='utf-8', errors='replace') as file:
            found[path] = file.read()
    return found


def there(path):
    """A path from the top: a file, a folder, a pattern, or a name whose ending is left out."""
    here = os.path.join(SOURCE, path)
    return bool(glob.glob(here) or glob.glob(here + '.*'))


def anchors(page):
    """As the usual renderers make them of headings."""
    found = re.findall(r'^#+ (.*)$', re.sub(r'```.*?```', '', text_of(page), flags=re.S), re.M)
    return {re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-') for h in found}


def quoted(page):
    """What stands in backquotes outside code blocks."""
    return re.findall(r'`([^`\n]+)`', re.sub(r'```.*?```', '', text_of(page), flags=re.S))


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in PAGES + FOLDER_PAGES:
            for link in re.findall(r'\]\(([^)\s]+)\)', text_of(page)):
                if link.startswith('http'):
                    continue
                path, _, anchor = link.partition('#')
                target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                self.assertTrue(os.path.exists(os.path.join(SOURCE, target)), f'{page}: {link}')
                if anchor:
                    self.assertIn(anchor, anchors(target), f'{page}: {link}')

    def test_no_heading_stands_twice(self):
        for page in PAGES:
            headings = re.findall(r'^#+ .*$', re.sub(r'```.*?```', '', text_of(page), flags=re.S), re.M)
            self.assertEqual(len(headings), len(set(headings)), page)

    def test_every_page_is_found_from_the_readme(self):
        readme = text_of('README.md')
        for page in PAGES[1:]:
            self.assertIn(f'({page})', readme)

    def test_files_that_are_named_exist(self):
        for page in PAGES + FOLDER_PAGES:
            for word in quoted(page):
                path = re.split(r'[ :#(]', word)[0]
                if not path.startswith(tuple(f + '/' for f in FOLDERS)) or re.search(r'[<>{}$…]|\.\.\.', path):
                    continue
                self.assertTrue(there(path), f'{page}: {word}')

    def test_files_that_comments_name_exist(self):
        path = re.compile(r'(?<![\w/.$}<>@-])((?:' + '|'.join(FOLDERS) + r')/[\w./*-]*\w)(?![\w<>{}$*])')
        for source, text in sources().items():
            if not re.search(r'\.(c|h|S|py|cmake|in|ld)$|/[a-z-]+$', source):
                continue
            for word in set(path.findall(text)):
                if '/' not in word.rstrip('/') or re.search(r'build|\.\.', word):
                    continue
                beside = os.path.join(os.path.dirname(source), word)
                self.assertTrue(there(word) or there(beside) or glob.glob(os.path.join(SOURCE, word) + '*'), f'{source}: {word}')

    def test_names_of_the_code_that_are_named_exist(self):
        """Functions, constants and options, in backquotes."""
        code = '\n'.join(sources().values())
        words, options = set(re.findall(r'\w+', code)), set(re.findall(r'--[a-z][a-z0-9-]*', code))
        named = 0
        for page in PAGES + FOLDER_PAGES:
            for quote in quoted(page):
                for word in re.findall(r'\b([a-z]\w+)\(\)', quote) + re.findall(r'(?<![\w-])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b(?![*…_])', quote):
                    self.assertTrue(word in words, f'{page}: {quote}')
                    named += 1
                for option in re.findall(r'(?<![\w-])--[a-z][a-z0-9-]+', quote):
                    self.assertTrue(option in options or f'"{option[2:]}"' in code, f'{page}: {quote}')
        self.assertGreater(named, 100)

    def test_folder_pages_name_every_file(self):
        for page in FOLDER_PAGES:
            folder = os.path.dirname(page)
            names = [q.rstrip('/') for q in quoted(page)]
            for source in sources():
                if os.path.dirname(source) == folder and source.endswith(('.c', '.h')) and folder != 'kit':
                    name = os.path.basename(source)
                    known = {name, name[:-2] + '.c'}  # a header goes with its source
                    self.assertTrue(any(fnmatch.fnmatch(k, n) for k in known for n in names), f'{page}: no {name}')

    def test_measured_figures_stand_in_the_readme_only(self):
        for page in PAGES + FOLDER_PAGES:
            text = re.sub(r'<!-- bench:.*?<!-- /bench -->', '', text_of(page), flags=re.S)
            self.assertIsNone(re.search(r'\b\d[\d ]* (million )?(cuts|faults|instructions)\b', text.replace('32 instructions', '')), page)

    def test_tests_that_are_named_exist(self):
        tests = set()  # not from `ctest -N`: it writes over the log of the ctest that runs this
        for listed in glob.glob(BUILD + '/**/CTestTestfile.cmake', recursive=True):
            with open(listed) as file:
                tests |= set(re.findall(r'^add_test\((?:\[=\[)?([^ \]]+)', file.read(), re.M))
        self.assertGreater(len(tests), 100)
        groups = {t.split('.')[0] for t in tests if '.' in t}
        named = 0
        for page in PAGES:
            for word in quoted(page):
                if not re.fullmatch(r'[a-z0-9]+\.[a-z0-9_.*-]+', word) or word.split('.')[0] not in groups or re.search(r'\.(md|py|c|h|sh|elf|bin|hex)$', word):
                    continue
                pattern = re.escape(word).replace(r'\*', '.*')
                self.assertTrue(any(re.fullmatch(pattern, t) for t in tests) or os.path.exists(os.path.join(SOURCE, 'test', *word.split('.', 1))) or
                                word in FIGURES, f'{page}: no test {word}')
                named += 1
        self.assertGreater(named, 50)

    def test_the_design_names_every_folder(self):
        house = re.search(r'## The house\n(.*?)\n## ', text_of('docs/design.md'), re.S).group(1)
        tracked = subprocess.run(['git', '-C', SOURCE, 'ls-files'], stdout=subprocess.PIPE, text=True).stdout.splitlines() or FOLDERS
        for folder in sorted({name.split('/')[0] for name in tracked if '/' in name and name[0] != '.'}):
            self.assertIn(f'`{folder}/`', house)

    def test_boards_have_what_the_readme_says(self):
        rows = 0
        for line in text_of('README.md').splitlines():
            cells = [c.strip() for c in line.strip('|').split(' | ')] if line.startswith('| ') else []
            if len(cells) != 3 or not (wanted := re.findall(r'`([A-Z]{4,}[^`]*)`', cells[1])):
                continue
            for board in re.findall(r'`([a-z0-9-]+)`', cells[2]):
                if not os.path.isdir(f'{SOURCE}/board/{board}'):
                    continue
                rows += 1
                options = text_of(f'board/{board}/board.cmake')
                have = [w for w in wanted if w.split()[0] in options or w == 'MODE swap' and 'MODE' not in options]
                self.assertTrue(have, f'{board}: not {wanted}')
        self.assertGreater(rows, 15)

    def test_sizes_and_places_are_those_of_the_maps(self):
        text = text_of('board/nucleo-l476rg/map.h')
        sizes = {m[0]: int(m[1], 0) for m in re.findall(r'#define MAP_(\w+)_SIZE +(\w+)', text)}
        areas = {(int(m[1], 0), sizes[m[0]]) for m in re.findall(r'#define MAP_(\w+)_BASE +(0x\w+)', text) if m[0] in sizes}
        rows = re.findall(r'^\|[^|]*\| (0x\w+), ([\d.]+) (KiB|bytes) \|', text_of('docs/design.md'), re.M)
        self.assertGreater(len(rows), 5)
        for base, size, unit in rows:
            self.assertIn((int(base, 0), float(size) * (1024 if unit == 'KiB' else 1)), areas)
        named = 0
        for line in text_of('README.md').splitlines():
            said = re.search(r'applications of up to (\d+) KiB', line)
            board = re.search(r'\| `(nucleo-[a-z0-9-]+)`', line)
            if said and board:
                shown = subprocess.run([BUILD + '/portcullis', 'board', 'show', board[1], '--json'], stdout=subprocess.PIPE, text=True, check=True).stdout
                self.assertEqual(json.loads(shown)['images'][0]['image_max'], int(said[1]) * 1024, line)
                named += 1
        self.assertEqual(named, 2)

    def test_every_board_is_on_some_page(self):
        text = '\n'.join(text_of(page) for page in PAGES)
        for board in os.listdir(SOURCE + '/board'):
            if os.path.isdir(f'{SOURCE}/board/{board}'):
                self.assertIn(f'`{board}`', text)

    def test_folders_include_what_the_design_lets_them_know(self):
        house = re.search(r'## The house\n(.*?)\n## ', text_of('docs/design.md'), re.S).group(1)
        rules = {}
        for line in house.splitlines():
            cells = [c.strip() for c in line.strip('|').split(' | ')]
            for folder in re.findall(r'`([a-z0-9/]+)/`', cells[0]) if len(cells) == 3 else ():
                rules[folder] = re.findall(r'`([a-z0-9/]+)`', cells[2]) if cells[2] != 'everything' else None
        for source, text in sources().items():
            folder = max((f for f in rules if source.startswith(f + '/')), key=len, default=None)
            if folder is None or rules[folder] is None or not source.endswith(('.c', '.h', '.S')):
                continue
            for header in re.findall(r'^#include "([a-z0-9_/]+)/[\w.-]+"', text, re.M):
                known = [folder, 'portcullis'] + rules[folder] + (['loader/fat'] if folder.startswith('loader/') else [])
                self.assertTrue(any(header == k or header.startswith(k + '/') for k in known), f'{source}: {header} is not what {folder}/ may know')

    def test_the_porting_guide_names_every_file_of_a_series(self):
        page = text_of('docs/porting.md')
        for name in re.findall(r'\$\{port\}/(\w+\.[cS])', text_of('cmake/firmware.cmake')):
            self.assertIn(f'{name}`', page)

    def test_the_page_of_messages_has_them_all(self):
        texts = re.search(r'char texts\[\] =(.*?);', text_of('boot/errors.c'), re.S).group(1)
        messages = [m.replace('\\0', '') for m in re.findall(r'"(.*?)"', texts)]
        rows = re.findall(r'^\| ([^|]+?) \|', text_of('docs/messages.md'), re.M)[1:]
        self.assertEqual(sorted(rows), sorted(messages))

    def test_the_page_of_the_simulator_has_every_option_and_command(self):
        page = text_of('docs/stm32sim.md')
        usage = subprocess.run([BUILD + '/stm32sim', '--help'], stdout=subprocess.PIPE, text=True, check=True).stdout
        for option in re.findall(r'--[a-z][a-z0-9-]+', usage):
            self.assertRegex(page, rf'`(?:[^`\n]*[ ,])?{option}\b', option)
        for name in re.findall(r'[a-z0-9-]*l4\d\d[a-z0-9-]*', usage):
            self.assertIn(f'`{name}`', page)
        commands = re.search(r'## Commands\n(.*?)\n## ', page, re.S).group(1)
        for line in re.findall(r'^    "([a-z-]+(?: [a-z]+)?)', re.search(r'command_help\[\] =(.*?);\n', text_of('sim/host/command.c'), re.S).group(1), re.M):
            self.assertIn(f'`{line}', commands)

    def test_every_option_of_a_board_is_in_the_porting_guide(self):
        options = re.search(r'cmake_parse_arguments\(A (.*?)\$\{ARGN\}', text_of('cmake/firmware.cmake'), re.S).group(1)
        page = text_of('docs/porting.md')
        for word in re.findall(r'[A-Z_]+', options):
            self.assertRegex(page, rf'`[^`\n]*\b{word}\b', word)

    def test_boards_and_targets_that_are_named_exist(self):
        boards = set(os.listdir(SOURCE + '/board'))
        targets = set(re.findall(r'^([a-z-]+):', text_of('Makefile'), re.M))
        for page in PAGES:
            for word in quoted(page):
                if re.fullmatch(r'(nucleo|test|b|sfi|disco)-l\d+[a-z0-9-]*', word):
                    self.assertTrue(word in boards or os.path.isdir(os.path.join(SOURCE, 'sfi', word.split('-', 1)[1].split('-')[0])), f'{page}: {word}')
                if re.fullmatch(r'make [a-z-]+', word):
                    self.assertIn(word.split()[1], targets, page)


FIGURES = set(re.findall(r'^\| `([a-z0-9_.-]+)` \|', text_of('README.md'), re.M))

unittest.main(verbosity=2)
