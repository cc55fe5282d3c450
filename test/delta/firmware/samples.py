#!/usr/bin/python3
"""Builds pairs of sample firmware images with arm-none-eabi-gcc, and some with clang: what the delta tests and measurements run on.

samples.py DIR [NAME ...]   write DIR/NAME.from and DIR/NAME.to for each pair (default: all but the tests' own)
samples.py --list           names and what differs

The environment's MBEDTLS_DIR (or .deps/mbedtls) gives the sources of the large samples.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MBEDTLS = os.environ.get("MBEDTLS_DIR") or os.path.join(HERE, "../../../.deps/mbedtls")
APP = "start main menu sensors filter control alarms log store frame clock extra".split()
LIBRARY = ("aes asn1parse asn1write bignum bignum_core ccm chacha20 chachapoly cipher cipher_wrap constant_time "
           "ctr_drbg ecdh ecdsa ecp ecp_curves entropy gcm hmac_drbg md oid pk pk_ecc pk_wrap pkparse platform "
           "platform_util poly1305 rsa rsa_alt_helpers sha1 sha256 sha512 x509 x509_crt").split()
TLS = "ssl_ciphersuites ssl_client ssl_debug_helpers_generated ssl_msg ssl_tls ssl_tls12_client".split()
CPUS = {
    "m4f": "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
    "m4": "-mcpu=cortex-m4 -mthumb",
    "m0": "-mcpu=cortex-m0plus -mthumb",
}


class Image:
    """One image: what to compile and how. `files` are names without .c; `level` the optimisation of all files, `levels`
    that of single ones."""

    def __init__(self, files=APP, cpu="m4f", level="-Os", levels=None, defines=(), base=0x08010000, ram=0x20000000,
                 nano=False, link="", clang=False, edits=None):
        self.files, self.cpu, self.level, self.levels = list(files), cpu, level, levels or {}
        self.defines, self.base, self.ram, self.nano, self.link = list(defines), base, ram, nano, link
        self.clang, self.edits = clang, edits or {}

    def but(self, **changes):
        image = Image()
        image.__dict__.update(self.__dict__)
        image.__dict__.update(changes)
        return image

    def bytes(self, work):
        os.makedirs(work, exist_ok=True)
        cpu = CPUS[self.cpu].split()
        objects = []
        for name in self.files:
            library = name in LIBRARY or name in TLS
            source = os.path.join(MBEDTLS, "library", name + ".c") if library else os.path.join(HERE, name + ".c")
            flags = self.levels.get(name, self.level).split() + (["-w"] if library else []) + \
                ["-D" + d for d in self.defines if not library]
            compiler = ["clang-14", "--target=thumbv7em-none-eabi", "-isystem", "/usr/include/newlib", "-fshort-enums"] if self.clang \
                else ["arm-none-eabi-gcc"]
            key = "".join(c if c.isalnum() else "_" for c in name + self.cpu + " ".join(flags)) + "_clang" * self.clang
            if name in self.edits:
                source, key = edited(source, self.edits[name], work), key + "_edited"
            obj = os.path.join(work, key + ".o")
            if not os.path.exists(obj) or name in self.edits:
                run([*compiler, "-std=gnu11", *cpu, *flags, "-ffunction-sections", "-fdata-sections", "-g0", "-I" + HERE,
                     "-I" + os.path.join(MBEDTLS, "include"), "-I" + os.path.join(MBEDTLS, "library"),
                     "-I" + os.path.dirname(os.path.join(HERE, name)), '-DMBEDTLS_CONFIG_FILE="library_config.h"', "-c", source,
                     "-o", obj + ".part"])
                os.rename(obj + ".part", obj)
            objects.append(obj)
        elf = os.path.join(work, "image.elf")
        run(["arm-none-eabi-gcc", *cpu, *(["-specs=nano.specs"] if self.nano else []), "-nostartfiles", "-Wl,--gc-sections",
             "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments", f"-Wl,--defsym=FLASH_BASE={self.base:#x}",
             f"-Wl,--defsym=RAM_BASE={self.ram:#x}", "-T", os.path.join(HERE, "image.ld"), *self.link.split(), *objects,
             "-Wl,--start-group", "-lc", "-lm", "-Wl,--end-group", "-o", elf])
        run(["arm-none-eabi-objcopy", "-O", "binary", "-R", ".bss", elf, elf + ".bin"])
        with open(elf + ".bin", "rb") as f:
            return f.read()


def edited(source, edits, work):
    """A copy of the source with the edits made."""
    with open(source, encoding="utf-8") as f:
        text = f.read()
    for before, after in edits:
        if text.count(before) != 1:
            sys.exit(f"samples.py: {source} holds {text.count(before)} times: {before}")
        text = text.replace(before, after)
    copy = os.path.join(work, "edited_" + os.path.basename(source))
    with open(copy, "w", encoding="utf-8") as f:
        f.write(text)
    return copy


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("samples.py: " + " ".join(command) + "\n" + done.stderr)


A = Image()
NANO = Image(cpu="m4", nano=True, level="-O2", base=0x08008000)
M0 = Image(cpu="m0", nano=True, base=0x08004000)
BIG = Image(files=APP + ["library"] + LIBRARY, defines=["WITH_LIBRARY"], base=0x08088000)
TLS_CLIENT = BIG.but(files=BIG.files + TLS, level="-O2", link="-Wl,--no-gc-sections")
SMALL = Image(files=["start", "small"], cpu="m4", nano=True)
NOT_OWN = dict.fromkeys(["start"], "-Os")
EDITED = ["WITH_STRUCT", "WITH_COMMAND", "WITH_GROWN", "THRESHOLD=78.25", 'RELEASE="1.5.0"']

# name: (what differs, from, to)
PAIRS = {
    "grown": ("one function grown", A, A.but(defines=["WITH_GROWN"])),
    "command": ("a command added to the menu", A, A.but(defines=["WITH_COMMAND"])),
    "struct": ("a structure grown in the middle", A, A.but(defines=["WITH_STRUCT"])),
    "ram": ("a buffer grown, all later variables moved", A, A.but(defines=["WITH_RAM"])),
    "order": ("objects linked in another order", A, A.but(files=APP[:3] + APP[:2:-1])),
    "sorted": ("functions sorted by name", A, A.but(link="-Wl,--sort-section=name")),
    "base": ("another load address, RAM moved", A, A.but(base=0x08020400, ram=0x20000200)),
    "own-o2": ("own files -O2 instead of -Os", A, A.but(level="-O2")),
    "release": ("a release: several edits at once", A, A.but(defines=EDITED)),
    "nano-release": ("the same with the small C library, -O2", NANO, NANO.but(defines=EDITED)),
    "m0-release": ("the same on Cortex-M0+", M0, M0.but(defines=EDITED)),
    "m0-grown": ("Cortex-M0+: one function grown", M0, M0.but(defines=["WITH_GROWN"])),
    "float-lib": ("printf and scanf of floats linked in", NANO, NANO.but(link="-u _printf_float -u _scanf_float")),
    "reversed": ("large image, all objects in reverse order", BIG, BIG.but(files=BIG.files[::-1])),
    "three-o2": ("large image, three files -O2", BIG,
                 BIG.but(levels={"ecp": "-O2", "x509_crt": "-O2", "sha256": "-O2"})),
    "large-o2": ("large image, everything of ours and mbed TLS -O2", BIG, BIG.but(level="-O2")),
}
# What is measured (bench/delta): programs and edits that came when the encoder was done, so that nothing is tuned on them. The pairs above are what
# it was tuned on.
RECORDER = Image(files=["start"] + ["recorder/" + n for n in ("shell", "json", "expr", "files", "stats")], base=0x0800c000)
CLANG = RECORDER.but(clang=True)
METER = Image(files=["start", "meter/meter"], cpu="m0", nano=True, level="-O2", base=0x08002000)
GATEWAY = Image(files=["start", "gateway/gateway"] + LIBRARY + TLS, cpu="m4", base=0x08020000, ram=0x20001000,
                link="-Wl,--no-gc-sections")
GATEWAY_O2 = GATEWAY.but(level="-O2", cpu="m4f")
# Two functions of the library, as a fix of a weakness would be
FIX = {"x509_crt": [("    /* too bad */\n    return -1;", "    /* too bad */\n    return trust_ca == NULL ? -2 : -1;"),
                    ("    /* must be self-issued */\n", "    if (crt->raw.len < 64) {\n        return -1;\n    }\n")],
       "gcm": [("    if ((ret = mbedtls_gcm_update_ad(ctx, add, add_len)) != 0) {",
                "    if (tag_len < 8) {\n        mbedtls_platform_zeroize(tag, tag_len);\n        return MBEDTLS_ERR_GCM_BAD_INPUT;\n    }\n"
                "    if ((ret = mbedtls_gcm_update_ad(ctx, add, add_len)) != 0) {")]}
# And two of the program
QUEUE = {"gateway/gateway": [("      note(result);\n      return false;", "      note(result);\n      state.since = tick_count;\n      return false;"),
                             ("  return n ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;",
                              "  if (!queue[1].count)\n    queue[1].first = 0;\n  return n ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;")]}

MEASURED = {
    # As hard as the pair that the figure to reach comes from, or a little harder: measured with the experiment that made it (bench/delta)
    "constants": ("a constant and a string changed, all that lies behind moved", A,
                  A.but(defines=["THRESHOLD=81.25", 'RELEASE="1.4.2-hotfix1"'])),
    "constants-new": ("the same with text that is new", A, A.but(defines=["THRESHOLD=81.25", 'RELEASE="1.5.0-beta"'])),
    "recorder-constants": ("constants and a string changed in many places, all that lies behind moved", RECORDER,
                           RECORDER.but(defines=["ALPHA=0.0625", "RATE=200u", 'NAME="data recorder 2.0.5"'])),
    "meter-constants": ("small program: constants and a string changed", METER, METER.but(defines=["PULSES=1000", 'TITLE="energy meter 3.2"'])),
    "recorder-grown": ("two functions grown", RECORDER, RECORDER.but(defines=["WITH_GROWN"])),
    "recorder-command": ("commands and functions added", RECORDER, RECORDER.but(defines=["WITH_COMMAND"])),
    "recorder-struct": ("a structure grown", RECORDER, RECORDER.but(defines=["WITH_STRUCT"])),
    "gateway-struct": ("a structure and a function grown", GATEWAY, GATEWAY.but(defines=["WITH_GROWN", "WITH_STRUCT"])),
    "meter-release": ("Cortex-M0+: a structure and functions grown", METER,
                      METER.but(defines=["WITH_STRUCT", "WITH_GROWN", "WITH_COMMAND"])),
    "recorder-order": ("objects linked in another order", RECORDER, RECORDER.but(files=[RECORDER.files[i] for i in (0, 3, 5, 2, 4, 1)])),
    "gateway-sorted": ("large program: functions sorted by name", GATEWAY, GATEWAY.but(link=GATEWAY.link + " -Wl,--sort-section=name")),
    "meter-base": ("another load address, RAM moved", METER, METER.but(base=0x08006000, ram=0x20000100)),
    "recorder-part": ("two of six files -O2 instead of -Os", RECORDER, RECORDER.but(levels={"recorder/json": "-O2", "recorder/files": "-O2"})),
    "gateway-three": ("large program: three library files -O2", GATEWAY,
                      GATEWAY.but(levels={"bignum": "-O2", "ssl_msg": "-O2", "aes": "-O2"})),
    "recorder-o3": ("all files of the program -O3 instead of -Os", RECORDER, RECORDER.but(level="-O3")),
    "recorder-clang": ("compiled by clang 14 instead of gcc 12", RECORDER, CLANG),
    "clang-grown": ("by clang: functions and a structure grown", CLANG, CLANG.but(defines=["WITH_GROWN", "WITH_STRUCT"])),
    "meter-float": ("printf of floats linked in", METER, METER.but(link="-u _printf_float")),
    "large": ("two functions of a 210 KiB image edited", TLS_CLIENT, TLS_CLIENT.but(edits=FIX)),
    "gateway-queue": ("two functions of the program in it", GATEWAY_O2, GATEWAY_O2.but(edits=QUEUE)),
    "clang-large": ("by clang: two functions of a large image", GATEWAY.but(clang=True), GATEWAY.but(clang=True, edits=FIX)),
}
# for the unit tests: made in a second
TEST_PAIRS = {
    "tiny-grown": ("no C library, one function grown", SMALL, SMALL.but(defines=["WITH_GROWN"])),
    "tiny-limit": ("no C library, a constant changed", SMALL, SMALL.but(defines=["LIMIT=1234"])),
    "tiny-o2": ("no C library, -O2", SMALL, SMALL.but(level="-O2")),
    "tiny-m0": ("no C library, Cortex-M0+, one function grown, moved", SMALL.but(cpu="m0"),
                SMALL.but(cpu="m0", defines=["WITH_GROWN"], base=0x08012000)),
}


def make(directory, names):
    """Write the pairs; return nothing. Objects are shared between images that compile a file alike."""
    work = os.path.join(directory, "objects")
    everything = {**PAIRS, **MEASURED, **TEST_PAIRS}
    done = {}
    for name in names:
        _, *images = everything[name]
        for image, suffix in zip(images, ("from", "to")):
            if id(image) not in done:
                done[id(image)] = image.bytes(work)
            with open(os.path.join(directory, f"{name}.{suffix}"), "wb") as f:
                f.write(done[id(image)])


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (text, *_) in {**PAIRS, **MEASURED, **TEST_PAIRS}.items():
            print(f"{name:14} {text}")
        return
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    make(sys.argv[1], sys.argv[2:] or list(PAIRS))


if __name__ == "__main__":
    main()
