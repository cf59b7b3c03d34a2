#!/usr/bin/env python3
"""Finds co_await where GCC 12 compiles it wrong.

Usage: co_await_check.py DIRECTORY...

Exits with 1, and a line for each, where a co_await shares its expression with
a list in braces, a lambda that captures by value, or a conditional operator, or
stands in the condition of an if, while, for or switch. What goes wrong there is
in server/decisions/0016-gcc-12-coroutines.md.
"""

import pathlib
import re
import sys

# Comments and literals, which are blanked.
NO_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
OPENS, CLOSES = "([{", ")]}"
# A brace after one of these opens a block, and no list of values.
BLOCK = re.compile(r"(?:[]);{}:]|\b(?:else|do|try|const|noexcept|mutable|"
                   r"override|final)|->[^;{}()]*)\s*$")
CONDITION = re.compile(r"\b(if|while|for|switch)\s*$")
LAMBDA = re.compile(r"(?:^|[(,=])\s*\[([^\]]*)\]\s*[({]")


def code_of(text):
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return NO_CODE.sub(blank, text)


def begin_of(code, at):
    """Where the full expression begins, and whether it is a condition."""
    depth, i, condition = 0, at, False
    while i > 0:
        i -= 1
        c = code[i]
        if c == "}" and depth == 0:
            return i + 1, condition
        if c in CLOSES:
            depth += 1
        elif c in OPENS and depth > 0:
            depth -= 1
        elif c == "{" and BLOCK.search(code[:i]):
            return i + 1, condition
        elif c == "(":
            # What a for begins with is no condition.
            if CONDITION.search(code[:i]):
                return i + 1, True
        elif c == ";" and depth == 0:
            before = code[:i]
            loop = before.rfind("for (")
            inside = loop >= 0 and before[loop:].count("(") > before[
                loop:].count(")")
            return i + 1, condition or inside
    return 0, condition


def end_of(code, at):
    depth = 0
    for i in range(at, len(code)):
        c = code[i]
        if c in OPENS:
            if c == "{" and depth <= 0 and BLOCK.search(code[:i]):
                return i
            depth += 1
        elif c in CLOSES:
            depth -= 1
            if c == "}" and depth < 0:
                return i
        elif c == ";" and depth <= 0:
            return i
    return len(code)


def has_list(expression):
    return any(not BLOCK.search(expression[:brace.start()])
               for brace in re.finditer("{", expression))


def has_capture(expression):
    return any(not capture.strip().startswith("&")
               and capture.strip() not in ("", "this")
               for found in LAMBDA.finditer(expression)
               for capture in found.group(1).split(","))


def trouble(code, at):
    begin, condition = begin_of(code, at)
    expression = code[begin:end_of(code, at)]
    if condition:
        return "stands in a condition"
    for what, found in (("a list in braces", has_list(expression)),
                        ("a lambda that captures by value",
                         has_capture(expression)),
                        ("a conditional operator", "?" in expression)):
        if found:
            return f"shares its expression with {what}"
    return None


# What this finds, and what it lets pass.
WRONG = """
co_await Agg{1};
co_await F({.a = 1});
x = y ? co_await f() : g();
if (co_await f()) z();
while (!co_await f()) {}
for (int i = 0; co_await f(); ++i) {}
switch (co_await f()) { case 1: break; }
co_await Run([x] { return 1; });
int v = co_await Run(pool, {1, 2});
v = std::vector<int>{co_await f()};
"""
RIGHT = """
int x = 0; if (x) { y = 1; } co_await f(); g({1});
for (int i = 0; i < 3; ++i) { co_await f(i); }
for (;;) co_await f();
auto l = [&]() -> Task<int> { co_return co_await f(); };
(void)co_await Gather(a(), b([] { return 1; }), c([&] { return x; }));
try { co_await f(a[1]); } catch (...) { }
if (x) co_await f(); else co_await g();
EXPECT_TRUE((co_await queue.Push(i)).ok());
"""


def check_self():
    for lines, wrong in ((WRONG, True), (RIGHT, False)):
        for line in lines.strip().splitlines():
            code = f"Task<> F() {{ {line} }}"
            found = any(trouble(code, each.start())
                        for each in re.finditer("co_await", code))
            assert found == wrong, line


def main(directories):
    check_self()
    failures = 0
    for directory in directories:
        for path in sorted(pathlib.Path(directory).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            code = code_of(path.read_text())
            for found in re.finditer(r"\bco_await\b(?!\()", code):
                if code[:found.start()].rstrip().endswith("operator"):
                    continue
                why = trouble(code, found.start())
                if why:
                    line = code.count("\n", 0, found.start()) + 1
                    print(f"{path}:{line}: co_await {why}")
                    failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
