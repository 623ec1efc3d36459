#!/usr/bin/env python3
"""Checks the arrows of the house: what a file includes, and for the pure layers what it calls, may only lie below it.

  layers.py [ROOT]       prints file:line and the rule broken, exit 1 if there is any
  layers.py --self-test  builds small good and bad trees and expects exactly the right complaints

The rules are docs/architecture.md's: base < {net, model, sim/engine} < {store, providers, sim/serve} < {placement, federation} < core
< api < agent < cli.
"""
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RANK = {
    "base": 0,
    "net": 1,
    "model": 1,
    "sim/engine": 1,
    "store": 2,
    "providers": 2,
    "sim/serve": 2,
    "controller/placement": 3,
    "controller/federation": 3,
    "controller/core": 4,
    "controller/api": 5,
    "controller/agent": 6,
    "controller/cli": 7,
}
# Layers that may use less than everything below them.
ONLY = {
    "controller/placement": {"base"},
    "controller/core": {"base", "model", "controller/placement"},
    "sim/engine": {"base"},
    "model": {"base"},
    "net": {"base"},
}
# Folders whose files belong to no layer: they may include whatever they test or show.
OUTSIDE = ("tests/", "examples/", "build/", "docs/", "tools/", ".git/")

LANGUAGE_HEADERS = {
    "assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "strings.h", "sys/types.h", "endian.h",
}
# For pure layers: every system header they may use. Whoever is not named here may use any.
SYSTEM_HEADERS = {
    # time.h for turning a given time into text and back; reading the clock is among the forbidden calls below.
    "base": LANGUAGE_HEADERS | {"jansson.h", "yajl/yajl_parse.h", "yajl/yajl_gen.h", "yajl/yajl_common.h", "float.h", "math.h", "time.h"},
    "model": LANGUAGE_HEADERS,
    "sim/engine": LANGUAGE_HEADERS | {"jansson.h", "time.h", "math.h", "regex.h", "fnmatch.h"},
    "controller/placement": LANGUAGE_HEADERS | {"float.h", "math.h"},
    "controller/core": LANGUAGE_HEADERS,
}
CLOCK_CALLS = {"time", "clock", "clock_gettime", "clock_nanosleep", "gettimeofday", "localtime", "localtime_r", "timespec_get", "sleep",
               "usleep", "nanosleep"}
RANDOM_CALLS = {"rand", "rand_r", "srand", "random", "srandom", "drand48", "lrand48", "getrandom", "getentropy", "arc4random"}
FILE_CALLS = {"fopen", "fdopen", "freopen", "fclose", "tmpfile", "popen", "open", "openat", "creat", "read", "write", "fread", "fwrite",
              "remove", "rename", "unlink", "mkdir", "getenv", "setenv", "system", "fork", "execve", "socket", "connect", "signal"}
OUTPUT_CALLS = {"printf", "puts", "putchar", "scanf", "gets", "fgets", "getline"}
STREAM_CALLS = {"fprintf", "vfprintf", "fputs", "fputc", "perror", "fflush"}
# The C library's own functions may choose their code by processor; placement brings its own (docs/architecture.md, placement).
INEXACT_CALLS = {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "sin", "cos", "tan", "cbrt", "hypot", "fma"}
PURE_CALLS = CLOCK_CALLS | RANDOM_CALLS | FILE_CALLS | OUTPUT_CALLS
CALLS = {
    # base may say its last words on stderr before it aborts.
    "base": PURE_CALLS,
    "model": PURE_CALLS | STREAM_CALLS,
    "sim/engine": PURE_CALLS | STREAM_CALLS,
    "controller/placement": PURE_CALLS | STREAM_CALLS | INEXACT_CALLS,
    "controller/core": PURE_CALLS | STREAM_CALLS | INEXACT_CALLS,
}
CALL_PREFIXES = ("pthread_", "thrd_", "mtx_", "uv_", "curl_", "lws_", "mdb_", "SSL_")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(")
COMMENT_OR_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


@dataclass(frozen=True, order=True)
class Offence:
    path: str
    line: int
    rule: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}"


def layer_of(path):
    """The layer a path from the root belongs to, or None."""
    for layer in RANK:
        if path.startswith(layer + "/"):
            return layer
    return None


def is_module(path):
    """Provider modules (providers/aws/...) and their kit: everything there but the host, which belongs to the agent's side."""
    return path.startswith("providers/") and not path.startswith("providers/host/")


def blank_out(match):
    return re.sub(r"[^\n]", " ", match.group())


def strip_comments_and_literals(text):
    return COMMENT_OR_LITERAL.sub(blank_out, text)


def strip_comments(text):
    return COMMENT_OR_LITERAL.sub(lambda match: blank_out(match) if match.group().startswith("/") else match.group(), text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def rule_for_include(path, included):
    """The rule broken by `path` including the project's file `included`, or None."""
    layer, target = layer_of(path), layer_of(included)
    if target is None:
        return f"includes {included}, which belongs to no layer"
    if is_module(path):
        own = "/".join(path.split("/")[:2]) + "/"
        if target == "base" or included == "providers/provider.h" or included.startswith(("providers/sdk/", own)):
            return None
        return f"includes {included}: a provider module may use provider.h, sdk/ and base/ only"
    if target == layer:
        return None
    if layer in ONLY:
        allowed = ONLY[layer]
        return None if target in allowed else f"includes {included}: {layer} may use {', '.join(sorted(allowed))} only"
    if RANK[target] < RANK[layer]:
        return None
    return f"includes {included}: {target} does not lie below {layer}"


def offences_of_includes(root, path, text):
    layer = layer_of(path)
    for match in INCLUDE.finditer(strip_comments(text)):
        kind, included = match.groups()
        line = line_at(text, match.start())
        if kind == "<":
            allowed = SYSTEM_HEADERS.get(layer)
            if allowed is not None and included not in allowed:
                yield Offence(path, line, f"includes <{included}>: {layer} is pure")
        elif not (root / included).is_file():
            yield Offence(path, line, f"includes {included}, which is not there seen from the root of the tree")
        else:
            rule = rule_for_include(path, included)
            if rule:
                yield Offence(path, line, rule)


def is_own_name(code, name):
    """Whether the file has a parameter or a function of its own by the name of the C library's."""
    return re.search(rf"\*\s*{name}\s*[,)]|\bstatic\b[^;=(]*\b{name}\s*\(", code) is not None


def offences_of_calls(path, text):
    forbidden = CALLS.get(layer_of(path))
    if forbidden is None:
        return
    code = strip_comments_and_literals(text)
    for match in CALL.finditer(code):
        name = match.group(1)
        if name.startswith(CALL_PREFIXES) or (name in forbidden and not is_own_name(code, name)):
            yield Offence(path, line_at(text, match.start()), f"calls {name}(): {layer_of(path)} is pure")


def sources(root):
    for path in sorted([*root.rglob("*.c"), *root.rglob("*.h")]):
        relative = path.relative_to(root).as_posix()
        if not relative.startswith(OUTSIDE):
            yield relative


def check(root):
    """Every offence in the tree, and how many files were looked at."""
    offences, files = [], 0
    for path in sources(root):
        files += 1
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        if layer_of(path) is None:
            offences.append(Offence(path, 1, "belongs to no layer"))
            continue
        offences.extend(offences_of_includes(root, path, text))
        offences.extend(offences_of_calls(path, text))
    return sorted(offences), files


GOOD_TREE = {
    "base/error.h": "#include <stdio.h>\n",
    "base/memory.c": '#include "base/error.h"\nvoid f(void) { fprintf(stderr, "time(0)"); }\n',
    "net/http.h": '#include <uv.h>\n#include <curl/curl.h>\n#include "base/error.h"\n',
    "model/record.h": '#include "base/error.h"\n',
    "store/store.h": '#include <lmdb.h>\n#include "model/record.h"\n#include "net/http.h"\n',
    "sim/engine/engine.h": '#include <jansson.h>\n#include "base/error.h"\n',
    "sim/serve/serve.c": '#include "sim/engine/engine.h"\n#include "net/http.h"\n#include <time.h>\n',
    "providers/provider.h": "#include <stdint.h>\n",
    "providers/sdk/sdk.h": '#include "providers/provider.h"\n#include "base/error.h"\n',
    "providers/aws/aws.h": "\n",
    "providers/aws/aws.c": '#include "providers/aws/aws.h"\n#include "providers/sdk/sdk.h"\n',
    "providers/host/host.c": '#include "providers/provider.h"\n#include "net/http.h"\n',
    "controller/placement/placement.h": '#include "base/error.h"\n#include <math.h>\n',
    "controller/federation/federation.h": '#include "store/store.h"\n#include "model/record.h"\n',
    "controller/core/core.h": '#include "controller/placement/placement.h"\n#include "model/record.h"\n',
    "controller/core/step.c": '#include "controller/core/core.h"\n'
                              "/* no fopen() here, no\n time() */\nint g(struct s *s) { return s->time(1) + s->ops.open(2) + uptime(3); }\n"
                              "static int h(key_read *read) { return read(1); }\nstatic int *remove(int a);\nint i(void) { return *remove(1); }\n",
    "controller/api/api.h": '#include "controller/core/core.h"\n',
    "controller/agent/agent.c": '#include "controller/api/api.h"\n#include "sim/serve/serve.h"\n',
    "sim/serve/serve.h": "\n",
    "controller/cli/main.c": '#include "controller/api/api.h"\n',
    "tests/unit/test_any.c": '#include "controller/core/core.h"\n#include <pthread.h>\n',
}
# Path, text, and the words every complaint about it must hold, in order of lines.
BAD_FILES = [
    ("base/up.c", '#include "model/record.h"\n', ["1: includes model/record.h: model does not lie below base"]),
    ("base/clock.c", '#include <unistd.h>\nlong f(void) { return time(0); }\n', ["1: includes <unistd.h>", "2: calls time()"]),
    ("controller/core/clock.h", "#include <time.h>\n", ["1: includes <time.h>"]),
    ("net/side.c", '\n#include "model/record.h"\n', ["2: includes model/record.h: net may use base only"]),
    ("model/side.c", '#include "sim/engine/engine.h"\n', ["model may use base only"]),
    ("model/text.c", 'void f(void) { printf("x"); }\n', ["1: calls printf()"]),
    ("store/up.c", '#include "controller/core/core.h"\n', ["controller/core does not lie below store"]),
    ("sim/engine/socket.c", '#include "net/http.h"\n#include <sys/socket.h>\n', ["sim/engine may use base only", "<sys/socket.h>"]),
    ("sim/serve/peer.c", '#include "store/store.h"\n', ["store does not lie below sim/serve"]),
    ("providers/aws/reach.c", '#include "model/record.h"\n#include "providers/host/host.h"\n', ["a provider module", "a provider module"]),
    ("providers/azure/other.c", '#include "providers/aws/aws.h"\n', ["a provider module"]),
    ("controller/placement/knows.c", '#include "model/record.h"\ndouble f(void) { return log(2); }\n',
     ["controller/placement may use base only", "calls log()"]),
    ("controller/core/act.c",
     '#include "net/http.h"\n#include "controller/federation/federation.h"\n#include <pthread.h>\nvoid f(void)\n{\n'
     '    fopen("x", "r");\n    uv_run(0, 0);\n    rand();\n    pthread_self ();\n}\n',
     ["1: includes net/http.h", "2: includes controller/federation/federation.h", "3: includes <pthread.h>", "6: calls fopen()",
      "7: calls uv_run()", "8: calls rand()", "9: calls pthread_self()"]),
    ("controller/federation/peer.c", '#include "controller/placement/placement.h"\n', ["does not lie below controller/federation"]),
    ("controller/api/up.c", '#include "controller/agent/agent.h"\n', ["controller/agent does not lie below controller/api"]),
    ("controller/agent/lost.c", '#include "agent.h"\n', ["which is not there seen from the root"]),
    ("helpers/any.c", "\n", ["belongs to no layer"]),
]


def write_tree(root, files):
    for path, text in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_tree(root, GOOD_TREE.items())
        offences, files = check(root)
        failures += [f"good tree: unexpected: {offence}" for offence in offences]
        if files != len(GOOD_TREE) - 1:
            failures.append(f"good tree: looked at {files} files, expected {len(GOOD_TREE) - 1}")
        write_tree(root, [("providers/host/host.h", "\n"), ("controller/agent/agent.h", "\n")])
        write_tree(root, [(path, text) for path, text, _ in BAD_FILES])
        offences, _ = check(root)
        for path, _, expected in BAD_FILES:
            found = [str(offence) for offence in offences if offence.path == path]
            if len(found) != len(expected) or not all(words in text for words, text in zip(expected, found)):
                failures.append(f"{path}: expected {expected}, found {found}")
    for failure in failures:
        print(failure)
    print(f"layer check's self-test: {len(BAD_FILES)} bad files, {len(GOOD_TREE)} good ones, {len(failures)} failures")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    offences, files = check(root)
    for offence in offences:
        print(offence)
    print(f"layers: {files} files, {len(offences)} offences")
    return 1 if offences or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
