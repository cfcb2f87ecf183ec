"""A reader of CLICKLEAF 1.0 made from FORMAT.md alone, to show that the page is enough: reader.py FILE

Prints what the file holds: a line for the model, then for each tree a line and a line for each of its nodes, with all
numbers as their bits. It checks what damage could bring about, not that no other file could hold the same model.
"""

import math
import struct
import sys

MASK = 2**64 - 1


def f32(x):
    """x rounded to f32."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bits32(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def from_bits32(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert self.at + count <= len(self.data), "the bytes end too early"
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        value = place = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << place
            place += 7
            if byte < 0x80:
                return value

    def text(self):
        return self.take(self.varint()).decode()


def checksum(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value.to_bytes(8, "little")


def sections(data):
    file = Bytes(data)
    assert file.take(9) == b"CLICKLEAF", "not a CLICKLEAF file"
    major, _, count = file.take(3)
    assert major == 1, "another version"
    table = [(file.take(1)[0], file.varint(), file.take(8)) for _ in range(count)]
    assert checksum(data[: file.at]) == file.take(8), "the header is damaged"
    found = {}
    for kind, length, stored in table:
        found[kind] = file.take(length)
        assert checksum(found[kind]) == stored, "a section is damaged"
    assert file.at == len(data)
    return found


class Bit:
    def __init__(self):
        self.q, self.k = 1 << 21, 0


class Models(dict):
    """Models of one kind by their names, which come into being when they are first asked for."""

    def __init__(self, make):
        self.make = make

    def __missing__(self, name):
        self[name] = self.make()
        return self[name]


def bit_models():
    return Models(Bit)


class Number:
    def __init__(self):
        self.lengths, self.rest = Models(bit_models), Models(bit_models)


class Stream:
    def __init__(self, data):
        self.data, self.next, self.range, self.above = data, 8, MASK, 0
        self.above = int.from_bytes(self.window(0, 8), "big")

    def window(self, start, count):
        return self.data[start : start + count].ljust(count, b"\0")

    def shift(self):
        if self.range < 2**32:
            self.range <<= 32
            more = int.from_bytes(self.window(self.next, 4), "big")
            self.above = (self.above << 32 | more) & MASK
            self.next += 4

    def decide(self, p):
        s = (self.range >> 16) * p
        outcome = self.above < s
        if outcome:
            self.range = s
        else:
            self.above -= s
            self.range -= s
        self.shift()
        return outcome

    def draw(self, counts):
        """The index of what is drawn, of things with these counts."""
        total = sum(counts)
        unit = self.range // total
        place = min(self.above // unit, total - 1)
        index = start = 0
        while start + counts[index] <= place:
            start += counts[index]
            index += 1
        self.take(unit, total, start, counts[index])
        return index

    def take(self, unit, total, start, size):
        self.above -= unit * start
        self.range = self.range - unit * start if start + size == total else unit * size
        self.shift()

    def below(self, limit):
        if limit == 1:
            return 0
        unit = self.range // limit
        place = min(self.above // unit, limit - 1)
        self.take(unit, limit, place, 1)
        return place

    def raw(self, width):
        low_width = min(width, 16)
        low = self.below(2**low_width)
        return self.below(2 ** (width - low_width)) << 16 | low

    def raw32(self):
        return self.raw(32)

    def bit(self, *models):
        outcome = self.decide(sum(m.q >> 6 | 1 for m in models) // len(models))
        for m in models:
            m.q += ((2**22 - 1 if outcome else 0) - m.q) >> (m.k + 1).bit_length()
            m.k = min(m.k + 1, 126)
        return outcome

    def symbol(self, limit, models):
        node, prefix = 1, 0
        for place in reversed(range((limit - 1).bit_length())):
            one = (2 * prefix + 1) << place < limit and self.bit(models[node])
            prefix, node = 2 * prefix + one, 2 * node + one
        return prefix

    def spread(self, limit, models):
        width = -(-limit // 8)
        part = self.symbol(-(-limit // width), models)
        return part * width + self.below(min(width, limit - part * width))

    def number(self, model, context=0):
        length = self.symbol(33, model.lengths[context])
        if length < 2:
            return length
        return 2 ** (length - 1) + self.spread(2 ** (length - 1), model.rest[length])

    def signed(self, model, context=0):
        number = self.number(model, context)
        return number >> 1 ^ -(number & 1)

    def frequent(self, frequencies):
        symbol = self.draw(frequencies)
        frequencies[symbol] += 16
        if sum(frequencies) > 2**13:
            frequencies[:] = [f - f // 2 for f in frequencies]
        return symbol

    def end(self, least=0):
        n = self.next - 8
        low = int.from_bytes(self.window(n, 8), "big") - self.above
        a = [-low % 2 ** (64 - 8 * t) for t in range(9)]
        t = next(t for t in range(9) if a[t] < self.range)
        assert self.above == a[t] and len(self.data) == max(n + t, least), "another end"
        assert not any(self.data[n + t :]), "another padding"


class Values:
    def __init__(self, stream, factors):
        self.stream = stream
        self.whole = stream.below(2) == 1
        self.grain = stream.below(512) - 149 if self.whole else None
        factor = 501 + stream.below(500) if factors and not self.whole else 1000
        f = f32(factor / 1000)
        self.f = 1.0 if factor == 1000 else f / 2.0 ** (math.frexp(f)[1] - 1)
        self.a, self.b = self.sizes()
        self.top = stream.below(256)
        self.bottom = stream.below(256)
        assert self.bottom <= self.top
        symbols = self.top - self.bottom + 1
        self.classes, self.signs = Models(lambda: [1] * symbols), bit_models()

    def product(self, fraction):
        return f32(from_bits32(127 << 23 | fraction) * self.f)

    def sizes(self):
        if self.f == 1.0:
            return 2**23, 0
        low, high = 0, 2**23
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.product(middle) < 2 else (low, middle)
        return low, bits32(self.product(2**23 - 1)) % 2**23 + 1

    def value(self, beside, size):
        """The value, and what it is beside another."""
        d, g = beside
        below = self.stream.frequent(self.classes[24 * d + size])
        value_class = self.top - below
        own = 1 + min(below, 31)
        zero = self.whole and value_class == 0
        negative = not zero and self.stream.bit(self.signs[g, d, own])
        if self.whole:
            index = self.stream.below(2 ** (value_class - 1) if value_class else 1)
            k = index + 2 ** (value_class - 1) if value_class else 0
            value = f32(k * 2.0**self.grain)
        else:
            index = self.stream.below(self.a + self.b)
            if index < self.a:
                bits = value_class << 23 | bits32(self.product(index)) % 2**23
            else:
                bits = value_class + 1 << 23 | index - self.a
            value = from_bits32(bits)
        return (-value if negative else value), (own, 2 if negative else 1)


def float_number(x):
    bits = bits32(x)
    return bits ^ 0xFFFFFFFF if bits >> 31 else bits | 1 << 31


def numbered_float(number):
    return from_bits32(number ^ 1 << 31 if number >> 31 else number ^ 0xFFFFFFFF)


class Table:
    pass


def tables(stream, features, splits):
    counts, gaps, categorical, firsts, uses = (Number() for _ in range(5))
    places_models, steps = bit_models(), Models(Number)
    found, following = [], 0
    for _ in range(stream.number(counts)):
        table = Table()
        table.feature = following + stream.number(gaps)
        following = table.feature + 1
        count = stream.number(counts)
        table.categorical = stream.number(categorical)
        table.thresholds = []
        if count > 0:
            places = stream.symbol(9, places_models)
            number = stream.number(firsts, 0) if places == 8 else stream.signed(firsts, 1)
            step = 0
            for index in range(count):
                if index > 0:
                    step = stream.number(steps[places == 8], step.bit_length())
                    number += 1 + step
                x = numbered_float(number) if places == 8 else f32(number / 10.0**places)
                table.thresholds.append(x)
        table.uses, more = [], 0
        for _ in range(count):
            more = stream.number(uses, more.bit_length())
            table.uses.append(more + 1)
        table.left, table.splits = list(table.uses), sum(table.uses) + table.categorical
        table.weights = [0.0]
        for use in table.uses:
            table.weights.append(table.weights[-1] + use * math.sqrt(use))
        found.append(table)
    assert following <= features and sum(table.splits for table in found) == splits
    return found


class Node:
    def __init__(self, parent, right, depth, share):
        self.parent, self.right, self.depth, self.share = parent, right, depth, share
        self.table = self.threshold = self.set = self.left = None
        self.beside, self.cover = (0, 0), None


class Trees:
    def __init__(self, data):
        section = Bytes(data)
        self.objective = section.text()
        count, self.categories = section.varint(), section.varint()
        stream = self.stream = Stream(section.data[section.at :])
        counts, repeats = Number(), Bit()
        self.features, self.groups = 1 + stream.number(counts), 1 + stream.number(counts)
        trees, self.depth = stream.number(counts), stream.number(counts)
        self.base_margins = []
        for group in range(self.groups):
            again = group > 0 and stream.bit(repeats)
            margin = self.base_margins[-1] if again else from_bits32(stream.raw32())
            self.base_margins.append(margin)
        self.tables = tables(stream, self.features, (count - trees) // 2)
        self.leaves = Values(stream, True)
        self.structure, self.directions, self.outside = bit_models(), bit_models(), Bit()
        self.set_sizes, self.set_gaps = Number(), Number()
        self.trees, steps, group = [], Number(), self.groups - 1
        for _ in range(trees):
            if self.groups > 1:
                group = (group + stream.number(steps)) % self.groups
            self.trees.append((group, self.tree()))
        assert sum(len(nodes) for _, nodes in self.trees) == count and self.categories == 0
        stream.end(-(-count // 4) + -(-section_categories(data) // 4))

    def tree(self):
        nodes = [Node(None, False, 0, 1.0)]
        for at, node in enumerate(nodes):
            h = 2046 - (struct.unpack("<Q", struct.pack("<d", node.share))[0] >> 51)
            context = min(node.depth, 31), min(h, 63)
            if node.depth < self.depth and self.stream.bit(self.structure[context]):
                node.left = len(nodes)
                share, default_left = self.split(node), node.default_left
                present, missing = node.share * 0.875, node.share * 0.125
                left = present * share + (missing if default_left else 0.0)
                right = present * (1.0 - share) + (0.0 if default_left else missing)
                nodes.append(Node(node, False, node.depth + 1, left))
                nodes.append(Node(node, True, node.depth + 1, right))
            else:
                beside = nodes[at - 1].beside if node.right else (0, 0)
                node.value, node.beside = self.leaves.value(beside, min(h // 2, 23))
        return nodes

    def split(self, node):
        """Reads a split and returns the share of the rows to its left."""
        stream = self.stream
        rank = stream.draw([table.splits for table in self.tables])
        table = node.table = self.tables[rank]
        table.splits -= 1
        uses = sum(table.left)
        categorical = uses == 0
        if table.categorical and uses:
            categorical = stream.draw([table.categorical, uses]) == 0
        low, high, m = 0, len(table.thresholds), 0
        child = node
        for _ in range(32):
            above = child.parent
            if above is None:
                break
            if above.table is table:
                if above.threshold is not None and child.right:
                    low = max(low, above.threshold + 1)
                elif above.threshold is not None:
                    high = min(high, above.threshold)
                m = m or (1 if child.right != above.default_left else 2)
            child = above
        if categorical:
            table.categorical -= 1
            node.set, share = self.set(), 0.5
        else:
            share = self.threshold(node, table, low, high)
        part = min(int(8 * share), 7)
        node.default_left = stream.bit(self.directions["share", part, m], self.directions["table", rank, m])
        return share

    def threshold(self, node, table, low, high):
        inside = sum(table.left[low:high]) if low < high else 0
        outside = inside == 0
        if 0 < inside < sum(table.left):
            outside = self.stream.bit(self.outside)
        if outside:
            low, high = 0, len(table.thresholds)
        i = node.threshold = low + self.stream.draw(table.left[low:high])
        table.left[i] -= 1
        weights = table.weights
        return (weights[i] + weights[i + 1] - 2 * weights[low]) / (2 * (weights[high] - weights[low]))

    def set(self):
        categories, following = [], 0
        for _ in range(self.stream.number(self.set_sizes)):
            categories.append(following + self.stream.number(self.set_gaps))
            following = categories[-1] + 1
        self.categories -= len(categories)
        return categories

    def covers(self, data):
        stream = Stream(data)
        values, differences = Values(stream, False), Number()
        after = (0, 0)
        for _, nodes in reversed(self.trees):
            for node in reversed(nodes):
                if node.left is None:
                    node.cover, after = values.value(after, min(node.depth, 23))
                    continue
                after = (0, 0)
                total = nodes[node.left].cover + nodes[node.left + 1].cover
                total = from_bits32(0x7FC00000) if math.isnan(total) else f32(total)
                number = float_number(total) + stream.signed(differences)
                node.cover = numbered_float(number % 2**32)
        stream.end()

    def margins(self, row):
        margins = list(self.base_margins)
        for group, nodes in self.trees:
            node = nodes[0]
            while node.left is not None:
                x = row[node.table.feature]
                if math.isnan(x):
                    left = node.default_left
                elif node.set is None:
                    left = x < node.table.thresholds[node.threshold]
                else:
                    left = not 0 <= x < 2**24 or int(x) not in node.set
                node = nodes[node.left + (not left)]
            margins[group] = f32(margins[group] + node.value)
        return margins


class Encoder:
    def __init__(self, data):
        section = Bytes(data)
        (kind,) = section.take(1)
        assert kind in (1, 2, 3), "another encoder"
        self.names = None
        if kind == 3:
            numbers, columns = section.varint(), section.varint()
            names = [section.text() for _ in range(numbers + columns)]
            self.names = names[:numbers], names[numbers:]
        else:
            columns = 26
            assert section.take(2) == bytes([13, 26]), "other columns"
        (self.weight,) = struct.unpack("<d", section.take(8))
        self.least_rows = section.varint()
        section.take(1 + 8)
        self.rows, self.clicks = section.varint(), section.varint()
        self.crosses = [section.take(2) for _ in range(section.take(1)[0])] if kind == 2 else []
        assert kind != 2 or self.crosses
        stream = self.stream = Stream(section.data[section.at :])
        features, missing, bits = Number(), (Number(), Number()), bit_models()
        self.rows_model, self.clicks_models, exception = Number(), Models(Number), Bit()
        counts, steps = (Number(), Number()), (bit_models(), bit_models())
        self.columns = []
        for _ in range(columns + len(self.crosses)):
            assert [stream.number(features) for _ in range(3)] == [2, 1, 2], "other features"
            absent = stream.number(missing[0]), stream.number(missing[1])
            width = 1 + stream.symbol(32, bits)
            keys, exceptions = {}, {}
            for key in self.numbers(width, counts[0], steps[0]):
                keys[key] = self.statistics()
            if width < 32:
                for key in self.numbers(32, counts[1], steps[1]):
                    exceptions[key] = None if stream.bit(exception) else self.statistics()
            self.columns.append((absent, width, keys, exceptions))
        stream.end()

    def numbers(self, bits, count_model, steps):
        count = self.stream.number(count_model)
        width, number = bits - count.bit_length(), -1
        for _ in range(count):
            high = 0
            while self.stream.bit(steps[min(high, 15)]):
                high += 1
            number += 1 + (high << width) + self.stream.raw(width)
            yield number

    def statistics(self):
        rows = self.least_rows + self.stream.number(self.rows_model)
        context = rows if rows < 16 else 11 + rows.bit_length()
        return rows, self.stream.number(self.clicks_models[context])

    def pair(self, column, key):
        absent, width, keys, exceptions = self.columns[column]
        if key is None:
            own = absent if absent[0] else None
        elif key in exceptions:
            own = exceptions[key]
        else:
            own = keys.get(key if width == 32 else hashed(key) >> (32 - width))
        rate = self.clicks / self.rows
        if own is None:
            return f32(rate), 0.0
        rows, clicks = own
        return f32((clicks + self.weight * rate) / (rows + self.weight)), f32(math.log1p(rows))

    def features(self, integers, keys):
        """Of a row of a table, the integers may be any numbers."""
        features = [math.nan if x is None else f32(x) for x in integers]
        values = integers + keys
        crosses = [crossed(values[first], values[second]) for first, second in self.crosses]
        for column, key in enumerate(keys + crosses):
            features.extend(self.pair(column, key))
        return features


def mixed(h):
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & MASK
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return h ^ h >> 33


def category_key(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return mixed(value) >> 32 if text else None


def crossed(first, second):
    h = mixed(1 + (first is not None) + 2 * (second is not None))
    h = mixed(h ^ (first or 0) & MASK)
    return mixed(h ^ (second or 0)) >> 32


def hashed(key):
    key = (key ^ key >> 16) * 0x85EBCA6B % 2**32
    key = (key ^ key >> 13) * 0xC2B2AE35 % 2**32
    return key ^ key >> 16


def samples(data):
    section = Bytes(data)
    for _ in range(section.varint()):
        section.take(1)
        present = int.from_bytes(section.take(5), "little")
        integers, keys = [None] * 13, [None] * 26
        for column in range(13):
            if present >> column & 1:
                number = section.varint()
                integers[column] = number >> 1 ^ -(number & 1)
        for column in range(26):
            if present >> (13 + column) & 1:
                (keys[column],) = struct.unpack("<I", section.take(4))
        (margin,) = struct.unpack("<I", section.take(4))
        yield integers, keys, margin


def section_categories(data):
    section = Bytes(data)
    section.text(), section.varint()
    return section.varint()


def print_model(found):
    trees = Trees(found[3])
    if 128 in found:
        trees.covers(found[128])
    base = " ".join(f"{bits32(margin):08x}" for margin in trees.base_margins)
    print(f"{trees.objective} {trees.features} {base}")
    for group, nodes in trees.trees:
        print(f"tree {group}")
        for node in nodes:
            cover = "" if node.cover is None else f" {bits32(node.cover):08x}"
            if node.left is None:
                print(f"leaf {bits32(node.value):08x}{cover}")
                continue
            x = node.table.thresholds[node.threshold] if node.set is None else None
            what = node.set if node.set is not None else f"{bits32(x):08x}"
            print(f"split {node.table.feature} {what} {int(node.default_left)} {node.left}{cover}")
    if 2 in found:
        encoder = Encoder(found[2])
        if encoder.names is not None:
            for number in range(20):
                numbers = [number * 1.5 if (number + i) % 4 else None for i in range(len(encoder.names[0]))]
                texts = [f"value {number}" if (number + i) % 5 else "" for i in range(len(encoder.names[1]))]
                features = encoder.features(numbers, [category_key(text) for text in texts])
                print("features", " ".join(f"{bits32(x):08x}" for x in features))
        for integers, keys, margin in samples(found[4]) if 4 in found else []:
            features = encoder.features(integers, keys)
            assert bits32(trees.margins(features)[0]) == margin, "a sample has another margin"
            print("features", " ".join(f"{bits32(x):08x}" for x in features))
    # Rows whose numbers all are k make every feature's thresholds meet something.
    for k in range(-6, 31):
        row = [math.nan if (k + feature) % 5 == 0 else k * 1.0 for feature in range(trees.features)]
        print("margins", " ".join(f"{bits32(margin):08x}" for margin in trees.margins(row)))


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print_model(sections(file.read()))
