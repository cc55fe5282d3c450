#!/usr/bin/python3
"""What the pages point at is there: links and their anchors, files and folders, tests by name, boards, make targets."""
import glob
import os
import re
import subprocess
import unittest

SOURCE, BUILD = os.environ['PC_SOURCE'], os.environ['PC_BUILD']
PAGES = ['README.md'] + sorted('docs/' + n for n in os.listdir(SOURCE + '/docs') if n.endswith('.md'))
# Folders of the tree: a name in backquotes that begins with one of them is a path.
FOLDERS = tuple(n for n in os.listdir(SOURCE) if os.path.isdir(os.path.join(SOURCE, n)) and n not in ('build', '.git', '.deps'))


def text_of(page):
    with open(os.path.join(SOURCE, page)) as f:
        return f.read()


def anchors(page):
    """As the usual renderers make them of headings."""
    found = re.findall(r'^#+ (.*)$', re.sub(r'```.*?```', '', text_of(page), flags=re.S), re.M)
    return {re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-') for h in found}


def quoted(page):
    """What stands in backquotes outside code blocks."""
    return re.findall(r'`([^`\n]+)`', re.sub(r'```.*?```', '', text_of(page), flags=re.S))


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in PAGES:
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
        for page in PAGES:
            for word in quoted(page):
                path = re.split(r'[ :#(]', word)[0]
                if not path.startswith(tuple(f + '/' for f in FOLDERS)) or re.search(r'[<>{}$…]|\.\.\.', path):
                    continue
                here = os.path.join(SOURCE, path)
                self.assertTrue(glob.glob(here) or glob.glob(here + '.*'), f'{page}: {word}')

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
