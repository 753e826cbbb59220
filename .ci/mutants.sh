# Mutants: the program with one guard taken out. A test that looks for what the guard
# prevents must fail on each, or it proves nothing. Sourced by run.

# mutant NAME FILE EXPRESSION PACKAGE TEST: changes the file by the Perl expression, in a copy
# that only the compiler sees, and runs the tests whose names match. At least one must fail, or
# the program must panic. With the name "control" they must pass: the change only makes the
# guard matter.
mutant() {
  local name=$1 file=$2 expression=$3 package=$4 test=$5 dir output
  dir=$(mktemp -d "$temporary/mutant.XXXXXX") && output=$dir/output || return 1
  perl -0pe "$expression" "$file" >"$dir/mutated.go" || return 1
  if cmp -s "$file" "$dir/mutated.go"; then
    echo "mutant $name: the expression changes nothing in $file"
    return 1
  fi
  printf '{"Replace": {"%s": "%s"}}\n' "$PWD/$file" "$dir/mutated.go" >"$dir/overlay.json"
  if go test -vet=off -overlay "$dir/overlay.json" -count 1 -timeout 2m -run "^($test)\$" "$package" >"$output" 2>&1; then
    [ "$name" = control ] && { echo "control: $test passes"; return 0; }
    echo "mutant $name: $test does not notice it"
    return 1
  fi
  if [ "$name" = control ] || grep -q '^panic: test timed out' "$output" || ! grep -qE '^( *--- FAIL: |panic: )' "$output"; then
    echo "mutant $name: this is not a failing test:"
    tail -20 "$output"
    return 1
  fi
  echo "mutant $name: caught by $(grep -m1 -oE '^( *--- FAIL: [^ ]+|panic: .*)' "$output")"
}

# begin ARGUMENTS...: begins a mutant beside at most two others, because much of the time one waits
# for its test. What it prints is kept until all have ended.
begin() {
  local number=${#begun[@]}
  begun+=("$1")
  while [ "$(jobs -rp | wc -l)" -gt 2 ]; do wait -n; done
  { mutant "$@"; echo $? >"$results/$number.status"; } >"$results/$number" 2>&1 &
}

mutants() {
  local result=0 begun=() results number
  results=$(mktemp -d "$temporary/mutants.XXXXXX") || return 1
  begin "expectation dropped" events/store/append.go \
    's/\tmsg\.Header\[jetstream\.ExpectedLastSeqHeader\] = .*?\n/\t_ = strconv.Itoa\n/' \
    ./events/store TestAppendIsConditional
  begin "checkpoint committed early" projections/apply.go \
    's/(\tif !p\.begun \{\n)/$1\t\t_ = p.writeCheckpoint(m.Checkpoint())\n/' \
    ./projections TestApplyRefuses
  begin "cache evicted too soon" events/held.go \
    's/oldest\.Changed > loadable/false && oldest.Changed > loadable/' \
    ./events TestEvictKeepsWhatIsAhead
  begin control events/held.go 's/(max(Shared|Single)) = 1 << 1\d/$1 = 2/g' \
    ./cmd/muster TestLinearizable
  begin "cache of four parts evicted too soon" events/held.go \
    's/(max(Shared|Single)) = 1 << 1\d/$1 = 2/g; s/oldest\.Changed > loadable/false && oldest.Changed > loadable/' \
    ./cmd/muster TestLinearizable
  begin "conflict after an unanswered append" events/append.go \
    's/(\tswitch \{\n)(\tcase err == nil && bytes\.Equal)/$1\tcase errors.Is(err, store.ErrNoMessage):\n\t\treturn true, errConflict\n$2/' \
    ./cmd/muster TestPausedFollowers
  wait
  for number in "${!begun[@]}"; do
    cat "$results/$number"
    [ "$(cat "$results/$number.status")" = 0 ] || { echo "mutant ${begun[number]}: FAILED"; result=1; }
  done
  return $result
}
