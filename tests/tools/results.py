#!/usr/bin/env python3
"""Adds up what the test stages left behind.

  results.py ctest KIND BUILD_FOLDER JUNIT_XML    one TSV line a test: kind, status, name, detail, how to rerun just that one
  results.py pytest KIND PYTHON JUNIT_XML         the same
  results.py golden KIND RUNNER OUTPUT            the same, from what the golden runner printed about tests/golden
  results.py summary ALL_TSV                      a table by kind, the skips, the failures, and last the closing line; exit 1 if anything
                                                  failed or nothing ran
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

CMOCKA_TEST = re.compile(r"^\[ *(OK|FAILED|SKIPPED|ERROR) *\] (\S+)$", re.MULTILINE)
CMOCKA_RUN = re.compile(r"^\[ *RUN *\] (\S+)$", re.MULTILINE)
STATUS_OF_WORD = {"OK": "passed", "FAILED": "failed", "ERROR": "failed", "SKIPPED": "skipped"}
DETAIL_LIMIT = 300


def line(kind, status, name, detail, rerun):
    detail = " ".join(detail.split())[:DETAIL_LIMIT]
    print("\t".join([kind, status, name.replace("\t", " "), detail, rerun]))


def read_cases(path):
    """The <testcase> elements, or None where the runner died before it wrote its report."""
    try:
        return list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None


def report_ctest(kind, folder, path):
    cases = read_cases(path)
    if cases is None:
        line(kind, "failed", "ctest", f"left no readable {path}", f"ctest --test-dir {folder} --output-on-failure")
        return
    for case in cases:
        name = case.get("name")
        rerun = f"ctest --test-dir {folder} -R '^{name}$' --output-on-failure"
        output = case.findtext("system-out") or ""
        status_of = {}
        for word, test in CMOCKA_TEST.findall(output):
            # cmocka names failed and skipped tests twice: where they ran and in its closing list.
            status_of[test] = STATUS_OF_WORD[word]
        for test, status in status_of.items():
            line(kind, status, f"{name}: {test}", "" if status == "passed" else said_by(output, test), rerun)
        if case.get("status") == "disabled":
            line(kind, "skipped", name, "disabled", rerun)
            continue
        failed = case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail"
        if failed and "failed" not in status_of.values():
            unfinished = [test for test in CMOCKA_RUN.findall(output) if test not in status_of]
            place = f" in {unfinished[-1]}" if unfinished else ""
            line(kind, "failed", name, f"died{place}: {first_sanitizer_line(output)}", rerun)
        elif not status_of:
            line(kind, "passed", name, "", rerun)


def said_by(output, test):
    """What a test of cmocka printed from its start to its verdict, without cmocka's own lines but for its reasons."""
    start = output.find(f"[ RUN      ] {test}\n")
    said = []
    for text in output[max(start, 0) :].splitlines()[1:]:
        if re.match(rf"\[ +(FAILED|SKIPPED|ERROR) +\] {re.escape(test)}$", text):
            break
        said.append(re.sub(r"^\[ +\w+ +\] (--- )?", "", text))
    return " ".join(said)


def first_sanitizer_line(output):
    for text in output.splitlines():
        if "ERROR: " in text or "WARNING: ThreadSanitizer" in text or "runtime error" in text or "Assertion" in text:
            return text
    return "no message; run it to see"


def pytest_place(classname, name):
    """pytest's own name of a test, from the root of the tree: live.test_a.TestB -> tests/live/test_a.py::TestB::name."""
    parts = ["tests", *classname.split(".")]
    for count in range(len(parts), 0, -1):
        file = "/".join(parts[:count]) + ".py"
        if Path(file).is_file():
            return "::".join([file, *parts[count:], name])
    return "/".join(parts)


def report_pytest(kind, python, path):
    cases = read_cases(path)
    if cases is None:
        line(kind, "failed", "pytest", f"left no readable {path}", f"{python} -m pytest tests/{kind}")
        return
    for case in cases:
        name = case.get("name")
        rerun = f"{python} -m pytest '{pytest_place(case.get('classname') or '', name)}'"
        if case.find("skipped") is not None:
            line(kind, "skipped", name, case.find("skipped").get("message") or "", rerun)
        elif case.find("failure") is not None or case.find("error") is not None:
            problem = case.find("failure") if case.find("failure") is not None else case.find("error")
            line(kind, "failed", name, problem.get("message") or "", rerun)
        else:
            line(kind, "passed", name, "", rerun)


def report_golden(kind, runner, path):
    output = Path(path).read_text(errors="replace")
    cases = sorted(case.parent.name for case in Path("tests/golden").glob("*/case.txt"))
    failed = dict(re.findall(r"^FAIL ([^ :\n]+)(?:.*\n)((?: .*\n){0,3})", output, re.MULTILINE))
    closing = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    if closing is None or int(closing[1]) + int(closing[2]) != len(cases):
        last = output.strip().splitlines()[-1:] or ["no output"]
        line(kind, "failed", "runner", f"{closing[0] if closing else last[0]}, but there are {len(cases)} cases", f"{runner} tests/golden")
        return
    for case in cases:
        line(kind, "failed" if case in failed else "passed", case, failed.get(case, ""), f"{runner} tests/golden {case}")


def summary(path):
    rows = [text.split("\t") for text in Path(path).read_text().splitlines()]
    kinds = list(dict.fromkeys(row[0] for row in rows))
    counts = Counter((row[0], row[1]) for row in rows)
    print(f"\n{'kind':<10} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for kind in kinds:
        print(f"{kind:<10} {counts[kind, 'passed']:>7} {counts[kind, 'failed']:>7} {counts[kind, 'skipped']:>8}")
    print_skips([row for row in rows if row[1] == "skipped"])
    print_failures([row for row in rows if row[1] == "failed"])
    passed, failed, skipped = (sum(counts[kind, status] for kind in kinds) for status in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


def print_skips(rows):
    if rows:
        print("\nskipped:")
    for kind, _, name, detail, _ in rows:
        print(f"  {kind}: {name}: {detail or 'no reason given'}")


def print_failures(rows):
    if rows:
        print("\nfailed:")
    for kind, _, name, detail, rerun in rows:
        print(f"  {kind}: {name}: {detail}\n      again: {rerun}")


def main(arguments):
    match arguments:
        case ["ctest", kind, folder, path]:
            report_ctest(kind, folder, path)
        case ["pytest", kind, python, path]:
            report_pytest(kind, python, path)
        case ["golden", kind, runner, path]:
            report_golden(kind, runner, path)
        case ["summary", path]:
            return summary(path)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
