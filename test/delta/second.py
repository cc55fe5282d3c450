#!/usr/bin/python3
"""A second implementation of the delta decoder, written from docs/delta-format.md alone: what keeps that page true. Slow and plain.

second.py OLD PATCH NEW: writes NEW."""
import sys

M32 = 0xffffffff


class Damaged(Exception):
    pass


def signed32(v):
    v &= M32
    return v - (1 << 32) if v >> 31 else v


class State:
    """One adaptive decision."""

    def __init__(self, v=0x8000, c=0):
        self.v, self.c = v, c


class Number:
    def __init__(self, bits):
        self.bits, self.low, self.sign = bits, [State() for _ in range(4)], State()
        self.tree = [State() for _ in range(1 << bits)]


class Coder:
    def __init__(self, data):
        self.data, self.at, self.range = data, 0, M32
        self.code = 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def decide(self, p):
        bound = (self.range >> 16) * p
        bit = int(self.code < bound)
        if bit:
            self.range = bound
        else:
            self.code -= bound
            self.range -= bound
        while self.range < 1 << 24:
            self.range = self.range << 8 & M32
            self.code = (self.code << 8 | self.next()) & M32
        return bit

    def even(self):
        return self.decide(0x8000)

    def adaptive(self, s, bit=None):
        if bit is None:
            bit = self.decide(s.v | 7)
        s.v = s.v + ((0xfff8 - s.v if bit else -s.v) >> ((s.c + 4) >> 1)) & 0xfff8
        s.c = min(7, s.c + 1)
        return bit

    def tree(self, states, bits, value=None):
        node = 1
        for i in range(bits):
            bit = None if value is None else value >> (bits - 1 - i) & 1
            node = node * 2 + self.adaptive(states[node], bit)
        return node - (1 << bits)

    def number(self, n):
        e, v = self.tree(n.tree, n.bits), 1
        for i in range(e - 1, -1, -1):
            v = v * 2 + (self.even() if i > 1 else self.adaptive(n.low[2 * i + (v & 1)]))
        return v - 1

    def signed(self, n):
        v = self.number(n)
        return -v if v and self.adaptive(n.sign) else v

    def direct(self, bits):
        v = 0
        for _ in range(bits):
            v = v * 2 + self.even()
        return v


# The references: where the bits of their distances lie: (bit in the unit, bit of the distance, how many), and whether signed.
FIELDS = {
    1: ([(0, 2, 8)], False), 2: ([(0, 2, 8)], False), 3: ([(0, 1, 8)], True), 4: ([(0, 1, 11)], True),
    5: ([(3, 1, 5), (9, 6, 1)], False),
    6: ([(16, 1, 11), (0, 12, 10), (27, 22, 1), (29, 23, 1), (10, 24, 1)], True),
    7: ([(16, 1, 11), (0, 12, 6), (29, 18, 1), (27, 19, 1), (10, 20, 1)], True),
    8: ([(16, 0, 12)], None), 9: ([(16, 2, 8)], None)}


def kind_of(w):
    h, s = w & 0xffff, w >> 16
    if h >= 0xe800:
        if h & 0xf800 == 0xf000 and s & 0x8000:
            if s & 0x1000:
                return 6
            if not s & 0x4000 and h & 0x380 != 0x380:
                return 7
        if h & 0xff7f == 0xf85f:
            return 8
        return 9 if h & 0xff3f == 0xed1f and s & 0xe00 == 0xa00 else 0
    if h >> 11 == 9:
        return 1
    if h >> 11 == 0x14:
        return 2
    if h >> 12 == 0xd:
        return 3 if h & 0xe00 != 0xe00 else 0
    if h >> 11 == 0x1c:
        return 4
    return 5 if h & 0xf500 == 0xb100 else 0


def turned(kind, w):
    return w ^ 0x28000000 if kind == 6 and not w & 0x400 else w


def distance(kind, w):
    if kind >= 10:
        return w
    fields, sign = FIELDS[kind]
    w, d, top = turned(kind, w), 0, 0
    for at, place, bits in fields:
        d |= (w >> at & (1 << bits) - 1) << place
        top = place + bits
    if sign and d >> (top - 1):
        d -= 1 << top
    if sign is None and not w & 0x80:
        d = -d
    return d & M32


def with_distance(kind, w, d):
    if kind >= 10:
        return d & M32
    fields, sign = FIELDS[kind]
    new, d = w, signed32(d)
    if sign is None:
        new = new | 0x80 if d >= 0 else new & ~0x80
        d = abs(d)
    for at, place, bits in fields:
        mask = (1 << bits) - 1
        new = new & ~(mask << at) | (d >> place & mask) << at
    new = turned(kind, new) & M32
    return new


def refer(kind, w, d):
    new = with_distance(kind, w, d)
    return new if kind == 6 or distance(kind, new) == d & M32 else w


def pc(kind, address):
    return (address + 4) & ~3 if kind in (1, 2, 8, 9) else address + 4


def place_of(address):
    m = address >> 20
    if m < 0x100 or m & ~0x340:
        return None
    return 0x800000 | (m >> 4 & 4) << 20 | (m >> 8) << 20 | address & 0xfffff


def in_place(patch, source):
    """The head of a patch in place: page, group, lag, shift; and the patch behind it."""
    if patch[0] != 0xd2:
        return None, patch
    bits, group, lag, zero = patch[1:5]
    slot, shift = int.from_bytes(patch[5:7], 'little'), int.from_bytes(patch[7:9], 'little')
    page = 1 << bits
    if not 8 <= bits <= 16 or zero or not group or (lag + 1) * group > 32 or shift >= max(slot, 1):
        raise Damaged('head')
    if -(-len(source) // page) + shift > slot:
        raise Damaged('no room')
    return (page, group, lag, shift), patch[9:]


class Decoder:
    def __init__(self, source, patch):
        self.how, patch = in_place(patch, source)
        if patch[0] not in (0xd0, 0xd1):
            raise Damaged('mode')
        self.source = source if patch[0] == 0xd0 else b''
        self.c, self.out = Coder(patch[1:]), bytearray()
        self.sum, self.before, self.second, self.data, self.expected = len(self.source), 0, False, True, 0
        self.marks, self.memory, self.differences = [False] * 256, [(0, 0)] * 4, [0] * 4
        self.hit = [State(0x1000, 3) for _ in range(58)]
        self.clean, self.insert = [State() for _ in range(4)], [State(), State()]
        self.as_old, self.corrected, self.differs = State(), State(), [State(), State()]
        self.change, self.which = [State(), State()], [State() for _ in range(4)]
        self.difference, self.correction = Number(4), Number(5)
        self.insert_size, self.insert_source = Number(4), Number(5)
        self.rows = [[[State() for _ in range(16)] for _ in range(n)] for n in (24, 20, 18, 17)]
        self.training = None
        self.inserted = False

    def run(self):
        c, size = self.c, len(self.source)
        step, sizes, far, gaps = Number(5), Number(5), Number(3), Number(4)
        self.size = size + c.signed(step)
        self.base = (c.number(step) << 8 ^ 0x8000000) & M32
        self.target_base = (self.base + (c.signed(step) << 8)) & M32
        teach, start = (1 << c.direct(3) >> 1) << 10, (c.number(step) & 255) << 12
        copies, shifts = c.number(step) & 255, c.number(step) & 255
        table, end = [], 0
        for _ in range(copies):
            begin = end + c.signed(step)
            end = begin + c.number(sizes)
            table.append([begin, end - begin, None, None])
        order, last, at = [], 0, 0
        for _ in range(copies):
            last += c.signed(far)
            gap = c.number(gaps)
            table[last][2:] = [at + gap, gap]
            at += gap + table[last][1]
            order.append(table[last])
            last += 1
        if at != self.size:
            raise Damaged('table')
        self.map = [(t[0], t[2]) for t in table] + [(0x800000, 0x800000)]
        place = 0x800000
        for _ in range(shifts):
            place += c.number(step)
            self.map.append((place, place + c.signed(sizes)))
        self.training = True
        for i in range(start, min(start + teach, len(self.source) - 1), 2):
            self.literal(int.from_bytes(self.source[i:i + 2], 'little'))
        self.training, self.before, self.second = None, 0, False
        for begin, length, _, gap in order:
            self.gap(gap)
            if length:
                self.copy(begin, length)
        if c.direct(16) != self.sum >> 16:
            raise Damaged('check value')
        return bytes(self.out)

    # ---- literals ----
    def nibbles(self, first, context, value=None):
        result = 0
        for i in range(first, 4):
            if self.second:
                context = 16 + ((self.before >> (9 + i)) & (7 >> i))
            nibble = self.c.tree(self.rows[i][context], 4, None if value is None else value >> (12 - 4 * i) & 15)
            result = result << 4 | nibble
            if i == 0:
                context = nibble
        return result

    def literal(self, value=None):
        value = self.nibbles(0, self.before >> 12, value)
        self.second = not self.second and value >= 0xe800
        self.before = value
        return value

    def literal_byte(self):
        self.before, self.second = 0, False
        return self.nibbles(2, 6)

    # ---- output ----
    def emit(self, value, size):
        self.out += value.to_bytes(size, 'little')
        self.sum = (self.sum ^ value) * 0x01000193 & M32

    def mark(self, kind, at, to):
        if kind in (1, 8, 9) and 0 <= to - at <= 1024:
            self.marks[to >> 2 & 255] = True

    def note(self, at, word):
        kind = kind_of(word)
        if kind:
            self.mark(kind, at, pc(kind, at) + signed32(distance(kind, word)))

    def gap(self, left):
        self.inserted = False
        while left:
            at = len(self.out)
            if self.c.adaptive(self.insert[self.inserted]):
                size = self.c.number(self.insert_size) + 4
                begin = self.expected + self.c.signed(self.insert_source)
                if size > left:
                    raise Damaged('gap')
                self.inserted = True
                self.copy(begin, size)
            else:
                self.inserted, self.data = False, False
                if at & 1 or left < 2:
                    size, value = 1, self.literal_byte()
                else:
                    size, first, was = 2, self.before, self.second
                    value = self.literal()
                    if not self.second:
                        self.note(at - 2 if was else at, first | value << 16 if was else value)
                self.expected += size
                self.emit(value, size)
            left -= size
        self.inserted = False

    # ---- copies ----
    def moved(self, place):
        memory = self.memory[place >> 1 & 3]
        if memory[0] == place:
            return memory[1]
        low, high = 0, len(self.map)
        while low < high:
            middle = (low + high) // 2
            if self.map[middle][0] <= place:
                low = middle + 1
            else:
                high = middle
        return place + self.map[low - 1][1] - self.map[low - 1][0] if low else place

    def predict(self, s, left, copy):
        """kind, class, size, old, predicted, place before, place after, what the distance counts from, data"""
        t, source = len(self.out), self.source
        if self.how:
            page, group, lag, shift = self.how
            if s + shift * page < (t // (group * page) - lag) * group * page:
                raise Damaged('reads what is overwritten')
        slot = not t & 3 and self.marks[t >> 2 & 255]
        if slot:
            self.marks[t >> 2 & 255] = False
        if t & 1 or left < 2:
            return 0, 0x14, 1, source[s], source[s], 0, 0, 0, False
        half = int.from_bytes(source[s:s + 2], 'little')
        if s & 1:
            return 0, 0x1b, 2, half, half, 0, 0, 0, False
        full = int.from_bytes(source[s:s + 4], 'little')
        if left >= 4 and not (s | t) & 3:
            place, kind = full - self.base & M32, 0
            if place < len(source) and (slot or self.data or half < 0xe800):
                kind, counts = 10, (place & ~1) - full - (self.target_base - self.base)
            elif (slot or self.data) and place_of(full) is not None:
                kind, place = 11, place_of(full)
                counts = (place & ~1) - full
            if kind:
                place &= ~1
                to = self.moved(place)
                new = refer(kind, full, to - counts)
                return kind, (0x22 if slot else 0x1e) + 2 * kind + (new != full), 4, full, new, place, to, counts, True
            if slot or (self.data and full < 0x10000):
                return 0, 9, 4, full, full, 0, 0, 0, True
        if half >= 0xe800 and left < 4:
            return 0, half >> 11, 2, half, half, 0, 0, 0, False
        word, size = (full, 4) if half >= 0xe800 else (half, 2)
        kind = kind_of(word)
        place = pc(kind, s) + signed32(distance(kind, word)) if kind else -1
        if not 0 <= place < len(source):
            return 0, half >> 11, size, word, word, 0, 0, 0, False
        counts, new = pc(kind, t), word
        if copy[0] <= place < copy[0] + copy[1] and (not (s - t) & 3 or 3 <= kind <= 7):
            to = place + t - s
        else:
            to = self.moved(place)
            new = refer(kind, word, to - counts)
        return kind, 0x1e + 2 * kind + (new != word), size, word, new, place, to, counts, False

    def changed_half(self, old):
        c = self.c
        if c.adaptive(self.change[0]):
            difference = self.differences.pop(c.tree(self.which, 2))
        else:
            self.differences.pop()
            if c.adaptive(self.change[1]):
                difference = c.signed(self.difference) & 0xffff
            else:
                self.before, self.second = 0, False
                difference = self.literal() - old & 0xffff
        self.differences.insert(0, difference)
        return old + difference & 0xffff

    def unit(self, u):
        c = self.c
        kind, cls, size, old, new, place, to, counts, _ = u
        if not c.adaptive(self.hit[cls]):
            return new
        if kind:
            if new != old and c.adaptive(self.as_old):
                return old
            if c.adaptive(self.corrected):
                scale = 1 if kind < 10 else 0
                to += c.signed(self.correction) << scale
                if kind >= 6:
                    self.memory[place >> 1 & 3] = (place, to)
                return refer(kind, old, to - counts)
        if size == 1:
            return self.literal_byte()
        if size == 2:
            return self.changed_half(old)
        halves = [old & 0xffff, old >> 16]
        for i in (0, 1):
            if c.adaptive(self.differs[i]):
                halves[i] = self.changed_half(halves[i])
        return halves[1] << 16 | halves[0]

    def copy(self, begin, length):
        if begin < 0 or begin + length > len(self.source):
            raise Damaged('copy')
        context, s, end = 3 if self.inserted else 0, begin, begin + length
        while s < end:
            dirty = self.c.adaptive(self.clean[context])
            if not self.inserted:
                context = 1 + dirty
            stop = min(s + 64, end)
            while s < stop:
                u = self.predict(s, end - s, (begin, length))
                value, at = self.unit(u) if dirty else u[4], len(self.out)
                if not u[8]:
                    if value != u[4]:
                        self.note(at, value)
                    elif u[0]:
                        self.mark(u[0], at, u[6])
                self.data = u[8]
                self.emit(value, u[2])
                s += u[2]
        self.expected, self.before, self.second = s, 0, False


def main():
    old, patch = (open(name, 'rb').read() for name in sys.argv[1:3])
    with open(sys.argv[3], 'wb') as f:
        f.write(Decoder(old, patch).run())


if __name__ == '__main__':
    main()
