"""The pages of the documentation, and the blocks of code on them.

    tests/docs/pages.py block NAME

prints the commands of the block that tests/e2e runs under that name. What a block is
for stands above it, in HTML comments that a reader does not see:

    <!-- e2e: NAME -->       needs Docker: tests/e2e runs it, and no other test
    <!-- same as: NAME -->   word for word the block of that name
    <!-- not run: WHY -->    no test runs it
    <!-- exit: N -->         it ends with N
    <!-- until: COMMAND -->  and then this is true, within 20 s
    <!-- output -->          lines that the block before it prints, figures aside
    <!-- from: FILE -->      lines of that file

Every other block in ```sh is run as it stands, by page_test.py.
"""

import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is written by a program, or is a record of how things once were.
NOT_PAGES = re.compile(r"CHANGELOG|/decisions/|tests/bench/|^build/")
MARK = re.compile(r"<!-- ([a-z0-9 ]+?)(?:: (.*?))? -->$")
KNOWN_MARKS = {"e2e", "same as", "not run", "exit", "until", "output", "from"}


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of its ```
    language: str
    text: str
    marks: dict

    @property
    def where(self):
        return f"{self.page}:{self.line}"

    @property
    def last_line(self):
        """Of its closing ```."""
        return self.line + self.text.count("\n") + 1

    def is_run(self):
        return self.language == "sh" and not self.marks.keys() & {
            "e2e", "same as", "not run"}


def all_pages():
    names = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md"))
    return sorted(name for name in names if not NOT_PAGES.search(name))


def blocks_of(page):
    blocks, marks, block = [], {}, None
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if block is not None:
            if line == "```":
                blocks.append(block)
                block, marks = None, {}
            else:
                block.text += line + "\n"
        elif line.startswith("```"):
            block = Block(page, number, line[3:], "", marks)
        elif mark := MARK.match(line):
            marks[mark[1]] = mark[2] or ""
        else:
            marks = {}
    if block is not None:
        raise ValueError(f"{block.where}: the block has no end")
    return blocks


def all_blocks():
    return [block for page in all_pages() for block in blocks_of(page)]


def named(name):
    """The one block that tests/e2e runs under that name."""
    found = [block for block in all_blocks() if block.marks.get("e2e") == name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} blocks are marked \"e2e: {name}\"")
    return found[0]


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "block":
        sys.exit("usage: tests/docs/pages.py block NAME")
    try:
        print(named(sys.argv[2]).text, end="")
    except ValueError as error:
        sys.exit(f"pages: {error}")
