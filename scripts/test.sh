#!/usr/bin/env bash
# Runs parts of the tests in order, times each and stops at the first one that
# fails. Without arguments: all parts. What is missing is installed first, as a
# test that cannot run is not a test that passed.
#
#   scripts/test.sh              everything (make test)
#   scripts/test.sh unit         one part
#
# LONG=1 goes deeper (make test-long), FUZZTIME sets the time per fuzz target.
set -euo pipefail
cd "$(dirname "$0")/.."

# go.mod and go.sum are what they are: a test must not mend them. Everything but
# the race detector is built as what is shipped is, so that nothing is built twice.
GOFLAGS="$(go env GOFLAGS) -mod=readonly -trimpath"
export GOFLAGS
export GOTOOLCHAIN=local
export CGO_ENABLED=0

long=${LONG:-}
fuzztime=${FUZZTIME:-$([ -n "$long" ] && echo 2m || echo 1s)}
all=(tools format lint build unit race explore seeded fuzz acceptance)

# need PACKAGE CHECK...: the Debian package is missing unless CHECK succeeds.
missing=()
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

part_tools() {
  need gcc sh -c 'command -v gcc && echo "#include <stdlib.h>" | gcc -E -' # for the race detector
  need libc6-dev sh -c 'echo "#include <stdlib.h>" | gcc -E -'
  need git command -v git # applies the seeded bugs
  need chromium command -v chromium
  need oathtool command -v oathtool
  need zbar-tools command -v zbarimg
  need python3-pyotp /usr/bin/python3 -c 'import pyotp'
  need keepassxc command -v keepassxc-cli
  need fonts-noto-cjk dpkg -s fonts-noto-cjk
  need fonts-dejavu-core dpkg -s fonts-dejavu-core
  need nodejs command -v node # the peers of the recipes
  need nginx sh -c 'PATH=$PATH:/usr/sbin command -v nginx'
  need caddy command -v caddy
  need npm command -v npm # fetches the rules of accessibility
  install_missing
  fetch_axe
}

install_missing() {
  if [ ${#missing[@]} -eq 0 ]; then
    echo "all there"
    return
  fi
  echo "missing: ${missing[*]}"
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  command -v apt-get >/dev/null || { echo "install them: this is not a Debian"; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  # What is installed here is for the tests to start, each for itself.
  export RUNLEVEL=1
  thrice "${root[@]}" apt-get -qq update
  thrice "${root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# What asks the network may fail for a moment.
thrice() { "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }; }

# The rules that acceptance/accessible holds the pages against, and the sum of
# their package. Not kept in the repository: they are larger than the pages.
axe=axe-core-4.14.1
axe_sum=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

fetch_axe() {
  [ ! -s "bin/$axe.js" ] || return 0
  local dir
  dir=$(mktemp -d)
  thrice npm pack --silent --pack-destination "$dir" "${axe%-*}@${axe##*-}" >/dev/null
  echo "$axe_sum  $dir/$axe.tgz" | sha512sum --check --quiet
  mkdir -p bin
  tar -xzOf "$dir/$axe.tgz" package/axe.min.js >"$dir/axe.js"
  mv "$dir/axe.js" "bin/$axe.js"
  rm -r "$dir"
}

part_format() {
  local ugly
  ugly=$(gofmt -l .)
  [ -z "$ugly" ] || { echo "not gofmt'ed: $ugly"; return 1; }
  go vet ./...
  go mod verify
  # -e, because a test of SQLite names a module that cannot be had; what it says
  # of that is of no use to anybody.
  local drift
  drift=$(thrice go mod tidy -e -diff 2>&1) || { echo "go.mod or go.sum is not tidy: $drift"; return 1; }
}

part_lint() {
  GOBIN=$PWD/bin go -C tools install honnef.co/go/tools/cmd/staticcheck
  bin/staticcheck ./...
}

part_build() {
  go build -ldflags='-s -w' -o bin/nidan ./cmd/nidan
  bin/nidan version
  ls -l bin/nidan
}

# The packages that have neither a part of their own nor a browser.
units() { go list ./... | grep -vE '/(acceptance|seeded)(/|$)' && echo ./acceptance/source; }

part_unit() {
  # shellcheck disable=SC2046
  go test -timeout 10m $(units)
}

part_race() {
  local packages=(. ./store/... ./web/... ./protocol/... ./server/... ./password/apart)
  # shellcheck disable=SC2207
  [ -z "$long" ] || packages=($(units))
  # Pages that are rendered and moves that are made one after the other, thousands of
  # them, race with nobody.
  local alone='^(TestEveryPageSpeaksEveryLanguage|TestEveryAddressBeginsWithTheBase|TestSamples|TestDoors|TestRandom|TestRecalled|TestCaps|TestWithoutMail)$'
  [ -z "$long" ] || alone='^$'
  CGO_ENABLED=1 go test -race -timeout 20m -skip "$alone" "${packages[@]}"
}

part_explore() {
  NIDAN_EXPLORE=$([ -n "$long" ] && echo long || echo full) go test -count=1 -timeout 60m -v -run '^(TestExplore|TestDoors)$' .
}

part_seeded() {
  [ -z "$long" ] || export NIDAN_LONG=1
  go test -count=1 -timeout 120m ./seeded
}

part_fuzz() {
  local file name
  # Each target by itself: go test fuzzes one at a time.
  grep -rn --include='*_test.go' -E '^func Fuzz[A-Za-z0-9_]*\(' . | sed -E 's/^([^:]+):[0-9]+:func (Fuzz[A-Za-z0-9_]*).*/\1 \2/' | sort |
    while read -r file name; do
      echo "$(dirname "$file") $name"
      fuzz_one "$(dirname "$file")" "$name"
    done
}

# At the end of its time the fuzzer may fail over its own deadline, without an
# input that fails: then it is run once more.
fuzz_one() {
  local log
  log=$(mktemp)
  for _ in 1 2 3; do
    ! go test -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" | tee "$log" || return 0
    if grep -q 'Failing input' "$log" || ! grep -q 'context deadline exceeded' "$log"; then
      return 1
    fi
  done
  return 1
}

part_acceptance() {
  [ -x bin/nidan ] || part_build
  [ -z "$long" ] || export NIDAN_LONG=1
  NIDAN_BINARY=$PWD/bin/nidan go test -count=1 -timeout 60m ./acceptance/...
}

summary=()
passed=0
now() { date +%s%N; }

show_summary() {
  printf '\n%-12s %10s\n' part seconds
  [ ${#summary[@]} -eq 0 ] || printf '%s\n' "${summary[@]}"
}

run_part() {
  local name=$1 start status=0
  printf '\n== %s\n' "$name"
  start=$(now)
  # In a shell of its own, so that -e holds inside the function too.
  set +e
  (set -e; "part_$name")
  status=$?
  set -e
  local ms=$((($(now) - start) / 1000000))
  summary+=("$(printf '%-12s %8d.%d %s' "$name" $((ms / 1000)) $((ms % 1000 / 100)) "$([ $status -eq 0 ] || echo FAILED)")")
  if [ $status -ne 0 ]; then
    show_summary
    printf '\nmake test: the part "%s" failed\n%d passed, 1 failed\n' "$name" "$passed"
    exit 1
  fi
  passed=$((passed + 1))
}

[ $# -gt 0 ] || set -- "${all[@]}"
for name in "$@"; do
  declare -F "part_$name" >/dev/null || { echo "no part \"$name\"; there are: ${all[*]}"; exit 2; }
done
for name in "$@"; do run_part "$name"; done
show_summary
printf '%d passed, 0 failed\n' "$passed"
