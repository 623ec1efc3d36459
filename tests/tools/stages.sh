# The stages of `./dev test`, sourced by ./dev. A stage writes one line a test into $results/all.tsv (kind, status, name, detail, how to
# rerun just that one); tests/tools/results.py reads what ctest and pytest left and adds it all up.

results=$PWD/build/results
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export TSAN_OPTIONS=exitcode=99:second_deadlock_stack=1
stage_names=(format layers build clang tidy unit thread golden scenario live providers placement fuzz)

# record KIND passed|failed|skipped NAME DETAIL RERUN
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$results/all.tsv"; }

# check NAME RERUN COMMAND...: one command whose exit status is one test.
check() {
    local name=$1 rerun=$2
    shift 2
    if "$@"; then
        record check passed "$name" "" "$rerun"
    else
        record check failed "$name" "see build/results/$stage.log" "$rerun"
        return 1
    fi
}

# configure FOLDER COMPILER OPTION...; DROVER_CMAKE holds further options, as in DROVER_CMAKE="-DDROVER_LAYERS=base;net".
configure() {
    local folder=$1 compiler=$2
    shift 2
    cmake -S . -B "$folder" -G Ninja -U DROVER_LAYERS -DCMAKE_C_COMPILER="$compiler" "$@" ${DROVER_CMAKE:-}
}

configure_and_build() {
    configure "$@" && ninja -C "$1" -j "$jobs"
}

list_sources() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' |
            while IFS= read -r -d '' file; do
                if [ -f "$file" ]; then printf '%s\0' "$file"; fi
            done
    else
        find . -path ./build -prune -o -type f \( -name '*.c' -o -name '*.h' \) -print0
    fi
}

# Address space randomisation beyond 28 bits (newer kernels) is more than gcc 12's and clang 14's sanitizers can place their shadow in.
without_aslr() {
    if setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

python_for_tests() {
    if [ ! -x build/venv/bin/python ]; then
        python3 -m venv --system-site-packages build/venv >/dev/null
    fi
    build/venv/bin/python -c 'import pytest' 2>/dev/null || build/venv/bin/python -m pip -q install pytest >&2
    echo "$PWD/build/venv/bin/python"
}

check_format() { list_sources | xargs -0 -r clang-format --dry-run -Werror; }

# The layers' own sources as clang compiles them; tests are left to the compilers.
check_tidy() {
    configure build/clang clang >/dev/null
    python3 - <<'EOF' | xargs -0 -r -n 1 -P "$jobs" clang-tidy -p build/clang --quiet 2> >(grep -vE "^[0-9]+ warnings? generated" >&2)
import json, os
root = os.getcwd() + "/"
files = {entry["file"] for entry in json.load(open("build/clang/compile_commands.json"))}
print("\0".join(sorted(f for f in files if not f.startswith(root + "tests/"))), end="")
EOF
}

stage_format() { check "clang-format" "./dev test format" check_format; }

stage_layers() {
    check "layer check's self-test" "python3 tests/layers.py --self-test" python3 tests/layers.py --self-test
    check "layers" "python3 tests/layers.py" python3 tests/layers.py
}

stage_build() { check "gcc build" "./dev test build" configure_and_build build "${CC:-gcc}"; }
stage_clang() { check "clang build" "./dev test clang" configure_and_build build/clang clang; }
stage_tidy() { check "clang-tidy" "./dev test tidy" check_tidy; }

# run_ctest KIND FOLDER CTEST_OPTION...
run_ctest() {
    local kind=$1 folder=$2
    shift 2
    rm -f "$results/$kind.xml"
    without_aslr ctest --test-dir "$folder" -j "$jobs" --output-junit "$results/$kind.xml" --output-on-failure \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 "$@" || true
    python3 tests/tools/results.py ctest "$kind" "$folder" "$results/$kind.xml" >>"$results/all.tsv"
}

build_with_address_sanitizer() {
    configure_and_build build/asan gcc -DDROVER_SANITIZE=address,undefined
}

stage_unit() {
    check "build with address and undefined sanitizers" "./dev test unit" build_with_address_sanitizer
    run_ctest unit build/asan
}

stage_golden() {
    check "build of the golden runner" "./dev test golden" build_with_address_sanitizer
    without_aslr build/asan/golden tests/golden >"$results/golden.txt" 2>&1 || true
    cat "$results/golden.txt"
    python3 tests/tools/results.py golden golden build/asan/golden "$results/golden.txt" >>"$results/all.tsv"
}

stage_thread() {
    configure build/tsan gcc -DDROVER_SANITIZE=thread
    local targets
    mapfile -t targets < <(ctest --test-dir build/tsan -N -L thread | sed -n 's/^ *Test *#[0-9]*: //p')
    if [ ${#targets[@]} -gt 0 ]; then
        check "build with the thread sanitizer" "./dev test thread" ninja -C build/tsan -j "$jobs" "${targets[@]}"
        run_ctest thread build/tsan -L thread
    fi
}

# run_pytest KIND [OPTION...]: everything below tests/KIND, the program under the sanitizers.
run_pytest() {
    local kind=$1 python
    shift
    compgen -G "tests/$kind/test_*.py" >/dev/null || return 0
    build_with_address_sanitizer
    python=$(python_for_tests)
    export DROVER_BIN=${DROVER_BIN:-$PWD/build/asan/drover} DROVER_SIM_BIN=${DROVER_SIM_BIN:-$PWD/build/asan/drover-sim}
    rm -f "$results/$kind.xml"
    without_aslr "$python" -m pytest "tests/$kind" "$@" -q -rs --tb=short -p no:cacheprovider --junitxml "$results/$kind.xml" || true
    python3 tests/tools/results.py pytest "$kind" "$python" "$results/$kind.xml" >>"$results/all.tsv"
}

# moto, which plays AWS, comes from PyPI; without it the tests that need it are skipped and say so.
install_moto() {
    "$1" -c 'import moto.server, boto3, requests' 2>/dev/null ||
        "$1" -m pip -q install 'moto[server,ec2,autoscaling,iam,sts]' boto3 requests >&2 || true
}

stage_scenario() { run_pytest scenario; }

stage_live() {
    install_moto "$(python_for_tests)"
    run_pytest live
}

# Modules against doubles of their providers. Microsoft's own clients, which the ARM double must pass, moto and sushy-tools come from PyPI;
# without them those tests are skipped and say so.
stage_providers() {
    local python
    python=$(python_for_tests)
    "$python" -c 'import azure.mgmt.compute, azure.mgmt.network, azure.identity, msal' 2>/dev/null ||
        "$python" -m pip -q install azure-mgmt-compute azure-mgmt-network azure-identity msal >&2 || true
    install_moto "$python"
    "$python" -c 'import sushy_tools, bcrypt' 2>/dev/null || "$python" -m pip -q install sushy-tools >&2 || true
    # They wait for timeouts more than they compute: several files at once, where the plug-in for that can be had.
    local several=()
    "$python" -c 'import xdist' 2>/dev/null || "$python" -m pip -q install pytest-xdist >&2 || true
    if "$python" -c 'import xdist' 2>/dev/null; then several=(-n $((jobs * 2)) --dist loadfile); fi
    build_with_address_sanitizer
    DROVER_PROVIDER_TOOL=$PWD/build/asan/provider-tool run_pytest providers "${several[@]}"
}

# HiGHS, the reference the engine is held against, comes from PyPI; without it the comparison is skipped and says so.
stage_placement() {
    local python
    python=$(python_for_tests)
    "$python" -c 'import highspy, numpy' 2>/dev/null || "$python" -m pip -q install highspy numpy >&2 || true
    configure_and_build build/asan gcc -DDROVER_SANITIZE=address,undefined
    ninja -C build/asan -j "$jobs" placement-tool
    DROVER_PLACEMENT_TOOL=$PWD/build/asan/placement-tool run_pytest placement
}

# run_fuzzer EXECUTABLE SECONDS: new inputs stay in build/, the kept corpus in the tree is only read.
run_fuzzer() {
    local name=${1##*/} seconds=$2 piece corpus rerun
    piece=${name#fuzz_}
    corpus=build/fuzz/corpus/$piece
    rerun="build/fuzz/tests/$name build/fuzz/found/$piece/<input>"
    mkdir -p "$corpus" "build/fuzz/found/$piece"
    local folders=("$corpus")
    [ -d "tests/fuzz/corpus/$piece" ] && folders+=("tests/fuzz/corpus/$piece")
    if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$piece/" "${folders[@]}" >"$results/$name.log" 2>&1; then
        record fuzz passed "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$results/$name.log") inputs" "$rerun"
    else
        record fuzz failed "$name" "see build/results/$name.log" "$rerun"
    fi
}

stage_fuzz() {
    check "build of the fuzzers" "./dev test fuzz" \
        configure_and_build build/fuzz clang -DDROVER_FUZZ=ON -DDROVER_SANITIZE=address,undefined
    local executable seconds=${DROVER_FUZZ_SECONDS:-25}
    for executable in build/fuzz/tests/fuzz_*; do
        [ -x "$executable" ] && [ -f "$executable" ] || continue
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
        run_fuzzer "$executable" "$seconds" &
    done
    wait
}

# run_stage NAME: its output goes to a log, one line with its seconds to the screen; a stage that dies without a word is one failure.
run_stage() {
    stage=$1
    local log="$results/$1.log" started=$SECONDS status=0 failures_before failures
    failures_before=$(grep -c $'\tfailed\t' "$results/all.tsv" || true)
    printf '%-10s ' "$stage"
    set +e
    (
        set -e
        "stage_$stage"
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    failures=$(grep -c $'\tfailed\t' "$results/all.tsv" || true)
    if [ "$status" -ne 0 ] && [ "$failures" -eq "$failures_before" ]; then
        record check failed "stage $stage" "ended with status $status, see build/results/$stage.log" "./dev test $stage"
        failures=$((failures + 1))
    fi
    printf '%s\t%s\n' "$stage" "$((SECONDS - started))" >>"$results/seconds.tsv"
    if [ "$failures" -gt "$failures_before" ]; then
        printf 'FAILED  %4d s\n' "$((SECONDS - started))"
        tail -n 40 "$log" | sed 's/^/    | /'
    else
        printf 'ok      %4d s\n' "$((SECONDS - started))"
    fi
}

run_stages() {
    local name
    for name in "$@"; do
        if ! declare -F "stage_$name" >/dev/null; then
            echo "dev: no stage \"$name\"; there are: ${stage_names[*]}" >&2
            exit 2
        fi
    done
    mkdir -p "$results"
    : >"$results/all.tsv"
    : >"$results/seconds.tsv"
    for name in "$@"; do
        run_stage "$name"
    done
    python3 tests/tools/results.py summary "$results/all.tsv"
}
