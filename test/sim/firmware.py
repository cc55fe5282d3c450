"""The test program of board.c, built once for each test script, and what all of these scripts need."""
import os
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import sim  # noqa: E402

ELF = os.path.abspath("board.elf")
FLAGS = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-O1", "-g", "-ffreestanding",
         "-nostdlib", "-Wall", "-Wextra", "-Werror"]


def build():
    subprocess.run(["arm-none-eabi-gcc", *FLAGS, "-T", os.path.join(HERE, "board.ld"), "-o", ELF,
                    os.path.join(HERE, "board.c")], check=True)


def convert(kind, name):
    """The program in another format of objcopy's."""
    subprocess.run(["arm-none-eabi-objcopy", "-O", kind, ELF, name], check=True)
    return name


def content(name):
    with open(name, encoding="utf-8") as f:
        return f.read()


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def symbol(name):
    """Address of a function or variable."""
    listing = subprocess.run(["arm-none-eabi-nm", ELF], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listing.splitlines():
        addr, _, found = line.split()
        if found == name:
            return int(addr, 16)
    raise KeyError(name)


class Timed(unittest.TextTestResult):
    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.stream.write("%.1f s " % (time.monotonic() - self.began))
        super().addSuccess(test)


def main():
    build()
    unittest.main(verbosity=2, testRunner=unittest.TextTestRunner(verbosity=2, resultclass=Timed))
